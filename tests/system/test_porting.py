# SPDX-License-Identifier: MIT
"""docs/porting.md, followed to the letter: its first kernel, built and started by its own commands."""
import os
import re
import subprocess

import pytest

import machine as driver


def blocks(language):
    """What stands in the document between ```language and ```."""
    with open(os.path.join(driver.ROOT, "docs/porting.md"), encoding="utf-8") as document:
        return re.findall(rf"^```{language}\n(.*?)^```$", document.read(), re.M | re.S)


def run(commands, folder):
    """What they print; they must succeed, and come to an end."""
    ended = subprocess.run(["/bin/sh", "-e", "-c", commands], cwd=folder, stdin=subprocess.DEVNULL, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


@pytest.fixture
def desk(tmp_path):
    """A folder that looks like the repository's to the commands, with mine.elf built in it."""
    for name in ("build", "guest-pv", "include", "scripts"):
        (tmp_path / name).symlink_to(os.path.join(driver.ROOT, name))
    (tmp_path / "mine.c").write_text(blocks("c")[0])
    run(blocks("sh")[0], tmp_path)
    return tmp_path


@pytest.mark.parvus
def test_as_initial_domain(desk):
    assert re.search(r"^hello\r?$", run(blocks("sh")[1], desk), re.M)


def test_as_a_guest(desk, boot):
    run(blocks("sh")[2], desk)
    machine = boot("-i", str(desk / "mine.cpio"))
    machine.prompt()
    machine.sh("pvctl create -c /etc/pvctl/mine.cfg")
    assert machine.sh("pvctl console -l mine").startswith("hello\n")
