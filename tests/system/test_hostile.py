# SPDX-License-Identifier: MIT
"""Guests that attack the control domain: it serves others all the while, and keeps nothing of them."""
import os
import re
import shutil
import subprocess

import pytest

import machine as driver

SECONDS = 5


@pytest.fixture(scope="module")
def hostile_initrd(tmp_path_factory):
    """build/initrd.cpio with the hostile guests added as /hostile/NAME.elf and NAME.cfg."""
    tree = tmp_path_factory.mktemp("hostile")
    with open(os.path.join(driver.BUILD, "initrd.cpio"), "rb") as cpio:
        subprocess.run(["cpio", "-id", "--quiet"], stdin=cpio, cwd=tree, check=True)
    folder = os.path.join(driver.BUILD, "hostile")
    (tree / "hostile").mkdir()
    for image in os.listdir(folder):
        name = image.removesuffix(".elf")
        shutil.copy(os.path.join(folder, image), tree / "hostile")
        (tree / "hostile" / f"{name}.cfg").write_text(
            f'name = "{name}"\nkernel = "/hostile/{image}"\nmemory = 32\ncmdline = "{SECONDS}"\n')
    names = subprocess.run(["find", "."], cwd=tree, capture_output=True, check=True).stdout
    image = tree.parent / "hostile.cpio"
    with open(image, "wb") as cpio:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], input=names, stdout=cpio, cwd=tree, check=True)
    return str(image)


def free_and_tree(machine):
    free = re.search(r"^free_memory +: (\d+)", machine.sh("pvctl info"), re.M).group(1)
    return free, machine.sh("pvctl xenstore ls /")


def test_rings(boot, hostile_initrd):
    machine = boot("-i", hostile_initrd, "-a", "loglvl=error guest_loglvl=none")
    machine.prompt()
    before = free_and_tree(machine)
    machine.sh("pvctl create /hostile/rings.cfg")

    # Another guest meanwhile: it talks to the store, prints, and obeys.
    machine.type("pvctl create -c /etc/pvctl/hello.cfg\r")
    machine.expect("my name is hello")
    machine.leave()
    machine.sh("pvctl shutdown hello")
    for _ in range(10):
        if " hello " not in machine.sh("sleep 0.5; pvctl list"):
            break
    assert "bye: poweroff" in machine.sh("pvctl console -l hello")
    machine.sh("pvctl xenstore write /watched x; pvctl xenstore rm /watched")

    for _ in range(4 * SECONDS):
        if "rings" not in machine.sh("sleep 1; pvctl list"):
            break
    assert re.search(r"attacked \d{3,} times", machine.sh("pvctl console -l rings"))
    assert free_and_tree(machine) == before
