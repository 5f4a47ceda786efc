# SPDX-License-Identifier: MIT
"""`make debug`: gdb attaches, and knows the symbols of the hypervisor and of the control domain."""
import os
import subprocess

import pexpect
import pytest

import machine as driver

pytestmark = pytest.mark.parvus


def test_gdb_has_symbols():
    machine = pexpect.spawn(os.path.join(driver.ROOT, "scripts/run"), ["--debug"], encoding="utf-8", timeout=60)
    try:
        machine.expect("gdb -x scripts/gdbinit")
        machine.expect("Ctrl-A x")
        steps = ["hbreak dom0_build", "continue", "backtrace", "hbreak guest_start", "continue", "backtrace", "kill"]
        said = subprocess.run(
            ["gdb", "-nx", "-batch", "-x", "scripts/gdbinit", *(word for step in steps for word in ("-ex", step))],
            cwd=driver.ROOT, capture_output=True, text=True, timeout=120).stdout
    finally:
        machine.close(force=True)
    assert "hypervisor/boot/main.c" in said, said
    assert "guest-pv/kit/head.asm" in said, said
