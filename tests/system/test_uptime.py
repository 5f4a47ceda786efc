# SPDX-License-Identifier: MIT
"""Half an hour of a Linux guest's life, at work all the time: its clock runs by the instructions it executes, at 128 ns
each, so the half hour is the guest's own and takes this machine a few minutes. (At half that speed its boot alone would
take long enough for its watchdogs to bark.)"""
import re

import pytest

from conftest import QUIET, audit
from test_linux import BOOTS, PROMPT, clean, guest, linux_initrd  # noqa: F401 (a fixture)

SECONDS = 1800
PARTS = 11      # of stress
WORK = (f"n=0; while [ $(cut -d. -f1 /proc/uptime) -lt {SECONDS} ]; do stress 4 >/tmp/said || break; n=$((n+1)); done; "
        "cat /tmp/said; echo rounds=$n")
# Without CMPXCHG16B, behind which QEMU 7.2 may have anything in RFLAGS, reserved bits and TF too. Linux follows it by an
# instruction that sets them, but where instructions are counted an interrupt may come between the two.
CPU = "max,-smap,-cx16"
LIMIT = 1200    # seconds of the machine that runs the test, however busy


@pytest.mark.parvus
def test_half_an_hour(boot, linux_initrd):  # noqa: F811
    machine = boot("-p", "1", "-i", linux_initrd, "-a", QUIET, "--", "-icount", "shift=7,sleep=off", "-rtc", "clock=vm",
                   "-cpu", CPU)
    machine.prompt()
    machine.type("pvctl create -c /linux/linux.cfg\r")
    machine.expect("^userland ready", timeout=BOOTS)
    machine.expect(PROMPT)
    said = guest(machine, WORK, timeout=LIMIT)
    # A dozen, as it is; half as many would be something waiting.
    assert int(re.search(r"^rounds=(\d+)", said, re.M)[1]) > 5, said
    assert said.count(" ok, ") == PARTS, said
    assert float(guest(machine, "cut -d' ' -f1 /proc/uptime")) >= SECONDS
    clean(machine)
    machine.leave()
    audit(machine)
