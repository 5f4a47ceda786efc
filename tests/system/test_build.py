# SPDX-License-Identifier: MIT
"""The build and what the repository says of itself: nothing is made twice, README shows today's demo."""
import os
import re
import subprocess

import pytest

import machine as driver

pytestmark = pytest.mark.parvus


def test_second_make_does_nothing():
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MAKE") and key != "MFLAGS"}
    made = subprocess.run(["make"], cwd=driver.ROOT, env=clean, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr
    assert made.stdout.strip() == "make: Nothing to be done for 'all'."


def test_help_names_the_targets():
    said = subprocess.run(["make", "-s", "help"], cwd=driver.ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("run", "demo", "test", "iso", "debug", "clean"):
        assert f"make {target}" in said


def test_install_deps_names_what_is_missing(tmp_path):
    """Where there is no apt it says what to install and fails; an empty PATH is such a machine."""
    for tool in ("sed", "dirname", "sh", "cat"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    ended = subprocess.run(["/bin/sh", os.path.join(driver.ROOT, "scripts/install-deps")],
                           env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "nasm" in ended.stderr and "qemu-system-x86" in ended.stderr


def test_readme_shows_the_demo():
    """Every command of the demo is in README's transcript, in order."""
    with open(os.path.join(driver.ROOT, "demo/session.txt"), encoding="utf-8") as session:
        commands = [line[2:].rstrip() for line in session if line.startswith("$ ")]
    with open(os.path.join(driver.ROOT, "README.md"), encoding="utf-8") as readme:
        shown = re.findall(r"^dom0# (.+)$", readme.read(), re.M)
    assert shown == commands


def test_hypervisor_from_the_environment():
    """HV=FILE counts, be it written before or after `make`."""
    for environment, words in (({"HV": "other/image"}, []), ({}, ["HV=other/image"])):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "HV", "MFLAGS"))}
        said = subprocess.run(["make", "-n", "demo", *words], cwd=driver.ROOT, env={**clean, **environment},
                              capture_output=True, text=True, check=True).stdout
        assert "HV='other/image'" in said
