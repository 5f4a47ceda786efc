# SPDX-License-Identifier: MIT
include tests/unit/hvhost/rules.mk
$(eval $(call hv_host_test,grant,$(wildcard hypervisor/event/*.c) $(wildcard hypervisor/grant/*.c) \
	hypervisor/hypercall/subop.c hypervisor/mm/frame_type.c tests/unit/hvhost/pt.c))
