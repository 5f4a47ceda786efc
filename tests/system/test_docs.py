# SPDX-License-Identifier: MIT
"""The documents, followed to the letter: docs/porting.md's first kernel, built and started by its own commands, and
Linux as docs/operating.md starts it."""
import os
import re
import signal
import subprocess

import pytest

import machine as driver


def blocks(name, language):
    """What stands in a document between ```language and ```."""
    with open(os.path.join(driver.ROOT, "docs", name), encoding="utf-8") as document:
        return re.findall(rf"^```{language}\n(.*?)^```$", document.read(), re.M | re.S)


def run(commands, folder):
    """What they print; they must succeed, and come to an end."""
    shell = subprocess.Popen(["/bin/sh", "-e", "-c", commands], cwd=folder, stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        said = shell.communicate(timeout=120)[0]
    except BaseException:
        os.killpg(shell.pid, signal.SIGKILL)    # its QEMU too
        raise
    assert shell.returncode == 0, said
    return said


@pytest.fixture
def desk(tmp_path):
    """A folder that looks like the repository's to the commands."""
    for name in ("build", "guest-pv", "include", "scripts"):
        (tmp_path / name).symlink_to(os.path.join(driver.ROOT, name))
    return tmp_path


@pytest.fixture
def mine(desk):
    """That, with mine.elf built in it."""
    (desk / "mine.c").write_text(blocks("porting.md", "c")[0])
    run(blocks("porting.md", "sh")[0], desk)
    return desk


@pytest.mark.parvus
def test_as_initial_domain(mine):
    assert re.search(r"^hello\r?$", run(blocks("porting.md", "sh")[1], mine), re.M)


def test_as_a_guest(mine, boot):
    run(blocks("porting.md", "sh")[2], mine)
    machine = boot("-i", str(mine / "mine.cpio"))
    machine.prompt()
    machine.sh("pvctl create -c /etc/pvctl/mine.cfg")
    assert machine.sh("pvctl console -l mine").startswith("hello\n")


@pytest.mark.parvus
def test_linux(desk, boot):
    run(blocks("operating.md", "sh")[0], desk)
    machine = boot("-i", str(desk / "linux.cpio"))
    machine.prompt()
    machine.type("pvctl create -c /etc/pvctl/linux.cfg\r")
    machine.expect("^userland ready", timeout=180)
