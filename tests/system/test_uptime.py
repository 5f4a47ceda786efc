# SPDX-License-Identifier: MIT
"""Half an hour of a Linux guest's life. One instruction takes 32 ns here, and where nobody has work time passes at
once: so the guest works hard for three seconds, sleeps for half a minute, and so on, and the half hour is its own."""
import re

import pytest

from conftest import audit
from test_linux import BOOTS, CONFIG, PROMPT, attach, clean, guest, linux_initrd  # noqa: F401 (a fixture)

SECONDS = 1800
WORK = (f"n=0; while [ $(cut -d. -f1 /proc/uptime) -lt {SECONDS} ]; do stress 0.3 >/tmp/said || break; "
        "n=$((n+1)); sleep 27; done; cat /tmp/said; echo rounds=$n")
LIMIT = 1200    # seconds of the machine that runs the test, however busy


@pytest.mark.parvus
def test_half_an_hour(boot, linux_initrd):  # noqa: F811
    machine = boot("-i", linux_initrd, "-a", "loglvl=error guest_loglvl=none", "--", "-icount", "shift=5,sleep=off",
                   "-rtc", "clock=vm", limit=LIMIT + 300)
    machine.prompt()
    machine.type("pvctl create -c /linux/linux.cfg\r")
    machine.expect("^userland ready", timeout=BOOTS)
    machine.expect(PROMPT)
    said = guest(machine, WORK, timeout=LIMIT)
    assert int(re.search(r"^rounds=(\d+)", said, re.M)[1]) > 40 and said.count(" ok, ") >= 10, said
    assert float(guest(machine, "cut -d' ' -f1 /proc/uptime")) >= SECONDS
    clean(machine)
    machine.leave()
    audit(machine)
