# SPDX-License-Identifier: MIT
"""From the boot loader to dom0's shell and off again, with good and bad options, sizes and modules."""
import os
import re

import pytest

BASE = "console=com1 com1=115200,8n1 loglvl=all "


def memory_of_dom0(machine):
    return int(machine.sh("pvctl list").splitlines()[1].split()[2])


def test_shell_and_power_off(boot):
    machine = boot()
    machine.prompt()
    assert memory_of_dom0(machine) == 128
    machine.type("poweroff\r")
    machine.ended()


def test_power_off_is_no_reset(boot):
    """With resets allowed again, a power-off still ends QEMU; a reset would boot for ever."""
    machine = boot("--", "-action", "reboot=reset")
    machine.prompt()
    machine.type("poweroff\r")
    machine.ended()


def test_reboot_boots_again(boot):
    machine = boot("-A", f"{BASE} dom0_mem=128M", "--", "-action", "reboot=reset")
    machine.prompt()
    machine.type("reboot\r")
    machine.expect("Control domain on Xen")
    machine.prompt()
    machine.type("poweroff\r")
    machine.ended()


@pytest.mark.parvus
def test_log_tells_the_machine(boot):
    """Banner, loader, command line with what is wrong in it, memory and the control domain."""
    machine = boot("-a", "frobnicate=7 loglvl=loud")
    machine.prompt()
    for text in ("unknown option 'frobnicate'", "loglvl='loud' ignored", "Parvus 4.17", "loaded by qemu",
                 "Command line: console=com1", "Memory: ", "dom0: 128 MB, kernel 100000"):
        assert text in machine.said, f"{text!r} not in:\n{machine.said}"
    assert "Parvus" in machine.sh("pvctl dmesg")


@pytest.mark.parvus
def test_command_line_is_reported(boot):
    machine = boot("-a", "frobnicate=7")
    machine.prompt()
    assert "frobnicate=7" in machine.sh("pvctl info")


@pytest.mark.parametrize("size", [64, 200])
def test_dom0_mem(boot, size):
    machine = boot("-A", f"{BASE} dom0_mem={size}M")
    machine.prompt()
    assert memory_of_dom0(machine) == size


@pytest.mark.parvus
@pytest.mark.parametrize("size", ["2G", "1M"])
def test_unfit_dom0_mem_is_named(boot, size):
    machine = boot("-A", f"{BASE} dom0_mem={size}")
    machine.expect("dom0_mem")


@pytest.mark.parvus
def test_no_control_domain(boot):
    machine = boot("-d", "", "-i", "")
    machine.expect("(?i)no .*(module|kernel|dom0)")


@pytest.mark.parvus
@pytest.mark.parametrize("content, said", [(b"no kernel" * 1000, "ELF"), (b"\x7fELF" + b"\0" * 8000, "ELF")],
                         ids=["text", "header"])
def test_control_domain_is_no_kernel(boot, tmp_path, content, said):
    (tmp_path / "kernel").write_bytes(content)
    machine = boot("-d", str(tmp_path / "kernel"))
    machine.expect(said)


@pytest.mark.parvus
@pytest.mark.parametrize("megabytes", [256, 4096])
def test_memory_sizes(boot, megabytes):
    machine = boot("-m", str(megabytes))
    machine.prompt()
    info = dict(re.findall(r"^(\w+)\s*: (\d+)", machine.sh("pvctl info"), re.M))
    kept = megabytes - 128 - int(info["free_memory"])
    # 40 bytes a page for frame table and M2P, and 8 MB for everything else.
    assert 0 < kept <= megabytes * 40 / 4096 + 8


@pytest.mark.parvus
@pytest.mark.parametrize("model", ["max", "qemu64", "Haswell-noTSX"])
def test_processor_models(boot, model):
    os.environ["QEMU_CPU"] = model
    try:
        machine = boot()
    finally:
        del os.environ["QEMU_CPU"]
    machine.prompt()
    machine.sh("pvctl create -p /test/brief.cfg")
    machine.sh("pvctl destroy brief")


def test_several_processors(boot):
    machine = boot("-p", "2")
    machine.prompt()
    machine.sh("pvctl create -p /test/brief.cfg")
    machine.sh("pvctl destroy brief")
