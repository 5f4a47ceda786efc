# SPDX-License-Identifier: MIT
#
# The one build: a single make, no recursion. Each part of the tree has a build.mk that appends its
# products to ALL (host test programs to UNIT_TESTS, what else only the tests need to TEST_NEEDS) and leaves
# everything it makes under $(B).
#
# What a build.mk may use: B, CC, NASM, LD, OBJCOPY, AR; $(Q) before a command; $(call say,CC,$@) as
# the line before it, for one short line of progress a file (V=1 prints the commands instead).
# Objects go to $(B)/<source path>.o; compile with -MMD -MP and the .d files are read here.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh

B := build
CC := gcc
NASM := nasm
LD := ld
OBJCOPY := objcopy
AR := ar
V ?=
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-8s%s\n' '$1' '$(patsubst $(B)/%,%,$2)')

ALL :=
UNIT_TESTS :=
TEST_NEEDS := $(B)/parvus.iso $(B)/xen-4.17

# Unless told otherwise use every core; the parts of the build are independent enough to fill them.
ifeq ($(filter -j%,$(MAKEFLAGS))$(findstring j,$(firstword -$(MAKEFLAGS))),)
MAKEFLAGS += -j$(shell nproc)
endif

# What the targets below may be given: HV=FILE another hypervisor image (Debian's .gz is fine),
# T=NAME one group of tests, PEER=none measurements of Parvus alone.
HV ?= $(B)/parvus
T ?=
PEER := xen

goals := $(or $(MAKECMDGOALS),all)
ifneq ($(filter clean,$(goals)),)
ifneq ($(filter-out clean,$(goals)),)
$(error clean would run beside the rest: 'make clean', then 'make $(filter-out clean,$(goals))')
endif
endif
ifneq ($(filter-out clean help,$(goals)),)
# make brings an included makefile up to date before it does anything else, and starts over when one
# changed: so whatever the build needs is installed before a build.mk is even read.
include $(B)/deps.mk
ifneq ($(wildcard $(B)/deps.mk),)
include $(wildcard hypervisor/build.mk guest-pv/build.mk unpack/build.mk drivers/build.mk dom0-tools/build.mk \
	tests/build.mk tests/*/build.mk tests/unit/*/build.mk)
-include $(shell find $(B) -name '*.d')
endif
endif

$(B)/deps.mk: scripts/install-deps scripts/packages
	@scripts/install-deps
	@mkdir -p $(@D) && touch $@

.PHONY: all run demo test bench ringbench iso debug clean help
all: $(ALL) $(UNIT_TESTS)

run: all
	@HV='$(HV)' scripts/run

demo: all
	@HV='$(HV)' scripts/demo.py demo/session.txt

test: all $(TEST_NEEDS)
	@printf '%s\n' $(UNIT_TESTS) >$(B)/unit-tests
	@scripts/run-tests $(T)

bench: $(B)/parvus $(B)/pvbench.elf $(B)/native.elf $(if $(filter none,$(PEER)),,$(B)/xen-4.17)
	@scripts/bench --peer $(PEER)

ringbench: all $(B)/shares.so $(if $(filter none,$(PEER)),,$(B)/xen-4.17)
	@scripts/ringbench --peer $(PEER)

iso: $(B)/parvus.iso

debug: all
	@HV='$(HV)' scripts/run --debug

$(B)/parvus.iso: scripts/make-iso $(B)/parvus $(B)/dom0.elf $(B)/initrd.cpio
	$(call say,ISO,$@)
	$(Q)scripts/make-iso $(B) $@

# The peer that the same control domain and guests must run on: Debian's Xen, not installed here (that would
# put it into this machine's boot menu), only unpacked.
$(B)/xen-4.17:
	$(call say,FETCH,$@)
	$(Q)scripts/fetch-source -b xen-hypervisor-4.17-amd64 $(B)/peer
	$(Q)gzip -dc $(B)/peer/boot/xen-4.17-amd64.gz >$@

clean:
	$(Q)rm -rf $(B)

help:
	@sed 's/^	//' scripts/help.txt
