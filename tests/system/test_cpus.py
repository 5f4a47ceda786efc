# SPDX-License-Identifier: MIT
"""The machine's CPUs: all that the firmware lists, those that the command line wants, those that answer."""
import os
import re
import struct

import pytest

import machine as driver

pytestmark = pytest.mark.parvus
DEBUG = os.path.join(driver.BUILD, "parvus-debug")


def in_use(machine):
    """(CPUs in use, CPUs listed, all that was said) at boot; every question asked later agrees."""
    machine.prompt()
    log = machine.said
    found = re.search(r"\(Parvus\) (\d+) of (\d+) CPUs in use", log)
    assert found, log
    said = dict(re.findall(r"^(\w+) +: (.*)$", machine.sh("pvctl info"), re.M))
    assert said["nr_cpus"] == found[1] and int(said["max_cpu_id"]) == int(found[1]) - 1
    return int(found[1]), int(found[2]), log


@pytest.mark.parametrize("option, expected", [("", 4), ("maxcpus=3", 3), ("maxcpus=1", 1), ("nosmp", 1), ("no-smp", 1)])
def test_as_many_as_wanted(boot, option, expected):
    machine = boot("-p", "4", "-a", option)
    assert in_use(machine)[:2] == (expected, 4)


def test_a_cpu_that_does_not_answer(boot, tmp_path):
    """A second MADT lists CPUs that are not there, before and after real ones; another id no interrupt can reach."""
    ghosts = b"".join(struct.pack("<BBBBI", 0, 8, n, n, 1) for n in (7, 9))
    far = struct.pack("<BBHIII", 9, 16, 0, 300, 1, 10)
    table = tmp_path / "madt"
    table.write_bytes(struct.pack("<II", 0xfee00000, 0) + ghosts + far)
    machine = boot("-p", "2", "--", "-acpitable", f"sig=APIC,data={table}")
    used, listed, log = in_use(machine)
    assert (used, listed) == (2, 5)
    for n in (7, 9):
        assert f"CPU with APIC id {n} left out: it does not answer" in log
    assert "CPU with APIC id 300 left out: only x2APIC could address it" in log


def test_a_cpu_listed_twice(boot, tmp_path):
    """A second MADT lists the same CPUs again, the boot CPU too: each is started once."""
    again = b"".join(struct.pack("<BBBBI", 0, 8, n, n, 1) for n in (1, 0, 1))
    table = tmp_path / "madt"
    table.write_bytes(struct.pack("<II", 0xfee00000, 0) + again)
    machine = boot("-p", "2", "--", "-acpitable", f"sig=APIC,data={table}")
    used, listed, log = in_use(machine)
    assert (used, listed) == (2, 5)
    assert "left out" not in log
    machine.sh("pvctl create /etc/pvctl/hello.cfg")


@pytest.mark.parametrize("cpus, options, wrong", [(4, [], "PANIC|lock order"), (1, ["-I"], "PANIC|was held for")],
                         ids=["order", "time"])
def test_debug_build(boot, cpus, options, wrong):
    """Every lock has its place in the order, and is taken in it, while domains come and go on four CPUs; none is held for long
    in virtual time: that this machine leaves a CPU alone for a while is no lock's fault."""
    machine = boot(*options, "-p", str(cpus), "-a", "dom0_mem=128M", hv=DEBUG)
    assert in_use(machine)[:2] == (cpus, cpus)
    for _ in range(3):
        machine.sh("pvctl create /etc/pvctl/hello.cfg")
        machine.sh("pvctl destroy hello")
    machine.sh("pvctl debug-keys a")
    log = machine.sh("pvctl dmesg")
    assert re.search(r"audit: \d+ frames, \d+ tables, 0 errors", log)
    assert not re.search(wrong, log)
