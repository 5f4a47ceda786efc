# SPDX-License-Identifier: MIT
#
# What the measurements load into QEMU. Only they need it: it is no part of ALL.
$(B)/shares.so: tests/bench/shares.c
	$(call say,HOSTLD,$@)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden -o $@ $<
