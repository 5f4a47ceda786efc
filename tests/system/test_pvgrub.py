# SPDX-License-Identifier: MIT
"""A guest nobody here wrote: Debian's PV-GRUB, unmodified, up to its prompt and with commands typed at it."""
from test_operator import gone


def test_prompt_and_commands(machine):
    machine.type("pvctl create -c /etc/pvctl/grub.cfg\r")
    machine.expect("grub> ", timeout=120)
    machine.type("ls\r")
    machine.expect(r"\(memdisk\)|\(", timeout=60)
    machine.expect("grub> ")
    # What is awaited differs from what is typed, which GRUB echoes.
    machine.type("set word=seen\r")
    machine.expect("grub> ")
    machine.type("echo it-was-$word\r")
    machine.expect("it-was-seen")
    machine.expect("grub> ")
    machine.type("halt\r")
    machine.prompt()
    gone(machine, "grub")


def test_destroyed_at_its_prompt(machine):
    machine.type("pvctl create -c /etc/pvctl/grub.cfg\r")
    machine.expect("grub> ", timeout=120)
    machine.leave()
    machine.sh("pvctl destroy grub")
    assert "grub>" in machine.sh("pvctl console -l grub")
