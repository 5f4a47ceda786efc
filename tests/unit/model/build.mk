# SPDX-License-Identifier: MIT
#
# Two domains and a few frames, every sequence of operations: the hypervisor's own page-table, grant and
# domain-memory sources under sanitizers, judged by its own audit.
MODEL_TEST := $(B)/tests/unit/model/model-test
MODEL_SRC := $(wildcard tests/unit/model/*.c) $(wildcard hypervisor/grant/*.c) $(addprefix hypervisor/mm/,audit.c \
	audit_grants.c base_ptr.c domain_pages.c frame_type.c grant_map.c l1tf.c mmu_update.c mmuext.c pt_update.c pt_validate.c)
MODEL_OBJ := $(MODEL_SRC:%=$(B)/model/%.o)

$(MODEL_OBJ): $(B)/model/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(HVHOST_CFLAGS) -O2 -include tests/unit/model/walk.h -MMD -MP -c -o $@ $<

$(MODEL_TEST): $(MODEL_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^

ALL += $(MODEL_TEST)
