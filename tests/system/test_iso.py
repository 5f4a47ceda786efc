# SPDX-License-Identifier: MIT
"""The image for GRUB boots the same system from a CD, by multiboot 2."""
import os

import pytest

import machine as driver

pytestmark = pytest.mark.parvus


def test_boots_from_cd(boot):
    machine = boot("-C", os.path.join(driver.BUILD, "parvus.iso"))
    machine.prompt(timeout=120)
    assert "Domain-0" in machine.sh("pvctl list")
    machine.type("poweroff\r")
    machine.ended()
