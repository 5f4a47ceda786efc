# SPDX-License-Identifier: MIT
"""Debian's Linux, as its package ships it, as control domain: it drives the machine's disks and network card through
the hypervisor, by messages and by pins."""
import os
import re

import pytest

import machine as driver
from test_devices import empty, pattern, same
from test_linux import PROMPT, clean, guest


@pytest.mark.parametrize("vectors", [4, 0])
def test_linux_drives_the_devices(boot, tmp_path, vectors):
    source, target = pattern(tmp_path / "a", 32768), empty(tmp_path / "b", 32768)
    machine = boot("-d", os.path.join(driver.BUILD, "vmlinuz-dom0"), "-i", os.path.join(driver.BUILD, "linux-dom0.cpio.gz"),
                   "-c", "console=hvc0 earlyprintk=xen", "-a", "dom0_mem=512M", "-D", source, "-D", target, "-N", "",
                   "--", "-global", f"virtio-blk-pci.vectors={vectors}", "-global", f"virtio-net-pci.vectors={vectors}")
    machine.expect(r"^end of test", timeout=240)
    said = machine.said
    assert not re.search(r"\b(BUG|WARNING|Oops)\b", said), said
    assert "3 packets received" in said, said
    assert same(source, target)
    used = re.findall(r"^ *\d+:(?: +0)* +[1-9]\d*(?: +\d+)* +xen-pirq +-(\S+) +(virtio\S+)", said, re.M)   # a column a CPU
    kinds = {kind for kind, _ in used}
    assert kinds == ({"msi-x"} if vectors else {"ioapic-level"}), used
    assert len(used) >= (4 if vectors else 2), used
    machine.ended()


@pytest.mark.parvus     # elsewhere nothing of ours would run
def test_linux_works_hard(boot):
    machine = boot("-d", os.path.join(driver.BUILD, "vmlinuz-dom0"), "-i", os.path.join(driver.BUILD, "linux.cpio.gz"),
                   "-A", "console=com1 com1=115200,8n1 loglvl=error guest_loglvl=none dom0_mem=512M noreboot",
                   "-c", "console=hvc0")
    machine.expect("^userland ready", timeout=240)
    machine.expect(PROMPT)
    assert "Already setup the GSI :4" in guest(machine, "dmesg")        # the serial line is the hypervisor's
    assert guest(machine, "stress 0.5").count(" ok, ") >= 10
    clean(machine)
    machine.type("poweroff -f\r")
    machine.ended()
