# SPDX-License-Identifier: MIT
"""What the system tests share: the control domain's initrd with the tests' own files added, and machines.

A machine serves the tests of a file one after the other, and each test must leave it as it found it: only
the control domain running, its memory free again. A test that fails takes its machine with it. The serial log of
a machine is kept if a test failed on it.
"""
import os
import re
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../scripts"))
import machine as driver
from machine import initrd_with
from files import kernels, configs

BUILD = Path(driver.BUILD)
LOGS = os.environ.get("TEST_LOGS") or os.path.join(driver.BUILD, "test-logs/system")


def pytest_configure(config):
    config.addinivalue_line("markers", "parvus: what only this hypervisor does; not run on another")


def pytest_collection_modifyitems(config, items):
    """On another hypervisor image the tests of our hypervisor's own ways are left out, not skipped."""
    if os.path.basename(driver.hypervisor()).startswith("parvus"):
        return
    ours = [item for item in items if item.get_closest_marker("parvus")]
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True


@pytest.fixture(scope="session")
def initrd(tmp_path_factory):
    """build/initrd.cpio with /test/ added: configurations, and kernels that are not."""
    files = {**kernels(driver.BUILD), **configs()}
    return initrd_with(tmp_path_factory.mktemp("initrd") / "initrd.cpio", BUILD / "initrd.cpio",
                       {f"test/{name}": data for name, data in files.items()})


class Machines:
    """Boots machines and remembers which to keep the log of."""

    def __init__(self, initrd):
        self.initrd = initrd
        self.current = None
        self.count = 0

    def boot(self, name, *options, **how):
        os.makedirs(LOGS, exist_ok=True)
        self.count += 1
        path = os.path.join(LOGS, f"{name}-{self.count}.serial.log")
        log = open(path, "w", encoding="utf-8")
        return driver.Machine(log, "-i", self.initrd, *options, **how), path

    def discard(self, machine, path, keep):
        machine.close()
        if not keep:
            os.remove(path)


@pytest.fixture(scope="session")
def machines(initrd):
    return Machines(initrd)


@pytest.fixture
def boot(machines, request):
    """boot(option ...): a machine of this test's own, at its first instruction."""
    mine = []

    def start(*options, **how):
        mine.append(machines.boot(request.node.name, *options, **how))
        return mine[-1][0]

    yield start
    for machine, path in mine:
        machines.discard(machine, path, keep=hasattr(request.node, "failed"))


@pytest.fixture(scope="module")
def shared(machines, request):
    """The slot for the machine that this file's tests share."""
    slot = {"name": os.path.basename(request.node.name).removesuffix(".py"), "machine": None, "failed": False}
    yield slot
    if slot["machine"]:
        machines.discard(slot["machine"], slot["path"], keep=slot["failed"])


def memory_is_back(machine, free):
    """But for the tables of ports and mappings that the control domain came to need: some pages, which may make a
    difference in the number of whole megabytes."""
    assert free - free_memory(machine) in (0, 1)


def nothing_left(machine, free):
    """No guest, no memory kept, no frame miscounted."""
    assert domains(machine) == ["Domain-0"]
    memory_is_back(machine, free)
    audit(machine)


def nothing_left_but(*names):
    """As nothing_left, but these guests may stay for the next test."""
    def check(machine, free):
        left = domains(machine)
        assert set(left) <= {"Domain-0", *names}, left
        if left == ["Domain-0"]:
            memory_is_back(machine, free)
        audit(machine)
    return check


def lend(machines, shared, request, *options, check=nothing_left, prepare=None, **how):
    """The file's machine at dom0's prompt, booted if there is none. It is thrown away, and its log kept, after a
    test that failed, or behind which check(machine, memory free after boot) did."""
    try:
        if not shared["machine"]:
            shared["machine"], shared["path"] = machines.boot(shared["name"], *options, **how)
            shared["machine"].prompt()
            if prepare:
                prepare(shared["machine"])
            shared["free"] = free_memory(shared["machine"])
        yield shared["machine"]
        failed = hasattr(request.node, "failed")
        if not failed:
            check(shared["machine"], shared["free"])
    except BaseException:
        failed = True
        raise
    finally:
        if failed and shared["machine"]:
            machines.discard(shared["machine"], shared["path"], keep=True)
            shared["machine"] = None


# The hypervisor's own messages would come between a command and what it prints.
QUIET = "loglvl=error guest_loglvl=none"


@pytest.fixture
def machine(machines, shared, request):
    """A machine at dom0's prompt with no guest on it, and after the test again."""
    yield from lend(machines, shared, request, "-a", QUIET)


def reboot(machine, name):
    """Asks the guest to, and waits for the one that follows it to be complete; until then both may bear the name."""
    def states():
        rows = (line.split() for line in machine.sh("pvctl list").splitlines()[1:])
        return {row[1]: row[4] for row in rows if row[0] == name}

    before, = states()
    machine.sh(f"pvctl reboot -w {name}", timeout=180)
    wait_for(lambda: (now := states()) and before not in now and not any("p" in state for state in now.values()))


def wait_for(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "60 s passed"


def free_memory(machine):
    """Free memory in MB, rounded down."""
    return int(re.search(r"^free_memory\s*: (\d+)", machine.sh("pvctl info"), re.M).group(1))


def audit(machine):
    """The hypervisor recounts what every frame and page table holds, and finds no difference. (Ours; no other one can.)"""
    if not machine.ours:
        return
    said = machine.sh("pvctl debug-keys a")
    assert re.search(r"audit: \d+ frames, \d+ tables, 0 errors", said), said


def domains(machine):
    """The names of the domains there are."""
    return [line.split()[0] for line in machine.sh("pvctl list").splitlines()[1:] if line.strip()]
