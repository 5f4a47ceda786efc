# SPDX-License-Identifier: MIT
"""Bad input: pvctl says what was wrong, fails, and leaves nothing behind."""
import re

import pytest

from conftest import free_memory

# list and info count megabytes: in 300 turns a lost page a turn makes more than one of them.
TURNS = 300

# What the message must say besides the file's name.
REASONS = {
    "missing.elf": r"no such file|not found|does not exist",
    "empty.elf": r"empty|short|truncated|ends",
    "text.elf": r"not an ELF|no ELF|neither",
    "header.elf": r"truncated|short|ends",
    "half.elf": r"truncated|short|ends|beyond",
    "arm.elf": r"architecture|machine",
    "class32.elf": r"32|class",
    "nonotes.elf": r"note",
    "badheaders.elf": r"header|truncated|beyond|ends",
    "half.gz": r"gzip|compressed|truncated|ends",
}
CONFIGS = {
    "unclosed.cfg": (2, r"quote|string|\""),
    "noequals.cfg": (4, r"="),
    "notanumber.cfg": (3, r"memory|number"),
    "action.cfg": (5, r"explode|on_crash"),
    "binary.cfg": (1, r"."),
}


def tree(machine):
    return machine.sh("pvctl xenstore ls /")


@pytest.fixture
def untouched(machine):
    """The machine; after the test the store must hold what it held before (conftest looks at the rest)."""
    before = tree(machine)
    yield machine
    assert tree(machine) == before


@pytest.mark.parametrize("kernel", REASONS)
def test_unsuitable_kernel(untouched, kernel):
    status, said = untouched.command(f"pvctl create /test/kernel-{kernel}.cfg")
    assert status
    assert kernel in said
    assert re.search(REASONS[kernel], said, re.I), said


@pytest.mark.parametrize("config", CONFIGS)
def test_malformed_config(untouched, config):
    line, reason = CONFIGS[config]
    status, said = untouched.command(f"pvctl create /test/{config}")
    assert status
    assert f"{config}:{line}" in said
    assert re.search(reason, said), said


@pytest.mark.parametrize("config, key", [("noname.cfg", "name"), ("nokernel.cfg", "kernel")])
def test_missing_setting(untouched, config, key):
    status, said = untouched.command(f"pvctl create /test/{config}")
    assert status and config in said and key in said


def test_missing_config(untouched):
    status, said = untouched.command("pvctl create /test/nosuch.cfg")
    assert status and "/test/nosuch.cfg" in said


def test_duplicate_name(machine):
    machine.sh("pvctl create -p /test/wait.cfg")
    before = tree(machine), free_memory(machine)
    status, said = machine.command("pvctl create /test/wait.cfg")
    assert status and "wait" in said and re.search(r"exists|taken|already", said)
    assert (tree(machine), free_memory(machine)) == before
    machine.sh("pvctl destroy wait")


@pytest.mark.parametrize("megabytes, reason", [(1, r"memory"), (100000, r"memory")])
def test_unfit_memory(untouched, megabytes, reason):
    status, said = untouched.command(f"pvctl create /test/wait.cfg memory={megabytes}")
    assert status and re.search(reason, said), said


@pytest.mark.parametrize("command", [
    "destroy nosuch", "pause nosuch", "unpause nosuch", "shutdown nosuch", "reboot nosuch", "console nosuch",
    "console -l nosuch", "why nosuch", "domid nosuch", "domname 4242",
])
def test_unknown_domain(untouched, command):
    status, said = untouched.command(f"pvctl {command}")
    assert status and command.split()[-1] in said


@pytest.mark.parametrize("command", ["frobnicate", "create", "destroy", "create -z /test/wait.cfg", "xenstore"])
def test_misuse(untouched, command):
    status, said = untouched.command(f"pvctl {command}")
    assert status and said.strip()


def test_domain_0_is_not_destroyed(untouched):
    status, said = untouched.command("pvctl destroy 0")
    assert status and said.strip()


@pytest.mark.parametrize("command", ["shutdown -w 0", "reboot Domain-0", "sysrq 0 h"])
def test_domain_0_is_not_asked(untouched, command):
    status, said = untouched.command(f"pvctl {command}")
    assert status and "domain 0" in said and "poweroff" in said


def test_domain_0_is_not_paused(untouched):
    for verb in ("pause", "unpause"):
        status, said = untouched.command(f"pvctl {verb} 0")
        assert status == 1 and f"cannot {verb} domain 0" in said and "runs this" in said, said


@pytest.mark.parvus
def test_weights_are_not_known(untouched):
    """Neither is there in round robin; what the keys say by default may be said."""
    for settings in ("cpu_weight=512", "cap=50"):
        status, said = untouched.command(f"pvctl create /test/wait.cfg {settings}")
        assert status == 1 and "neither cpu_weight nor cap" in said, said
    untouched.sh("pvctl create -p /test/wait.cfg cpu_weight=256 cap=0")
    untouched.sh("pvctl destroy wait")


def test_unknown_shell_command(untouched):
    status, said = untouched.command("frobnicate")
    assert status and "frobnicate" in said


def test_failed_creations_leave_nothing(untouched):
    """The fixtures look at free memory and the store; after this many turns a single page lost in each shows."""
    kernels = list(REASONS)
    for turn in range(TURNS):
        status, _ = untouched.command(f"pvctl create /test/kernel-{kernels[turn % len(kernels)]}.cfg")
        assert status


def test_creations_and_destructions_leave_nothing(untouched):
    for _ in range(TURNS):
        untouched.sh("pvctl create -q /test/wait.cfg")
        untouched.sh("pvctl destroy wait")
