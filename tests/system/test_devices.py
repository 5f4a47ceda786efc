# SPDX-License-Identifier: MIT
"""The machine's virtio devices in the control domain: found, named, and their disks whole, with interrupts by
message and by pin, with every queue feature and with none, and when the disk fails."""
import os
import re

import pytest

MESSAGES, PINS = "vectors=4", "vectors=0"
SECTORS = 12345 * 8


def pattern(path, sectors=SECTORS):
    """A disk of which no two sectors are alike."""
    with open(path, "wb") as disk:
        for n in range(0, sectors, 64):
            chunk = b"".join(b"sector %24d\n" % (n + i) * 16 for i in range(min(64, sectors - n)))
            disk.write(chunk)
    assert os.path.getsize(path) == sectors * 512
    return str(path)


def empty(path, sectors=SECTORS):
    with open(path, "wb") as disk:
        disk.truncate(sectors * 512)
    return str(path)


def same(a, b):
    with open(a, "rb") as one, open(b, "rb") as other:
        return one.read() == other.read()


@pytest.mark.parametrize("how", [MESSAGES, PINS, "vectors=4,event_idx=off,indirect_desc=off",
                                 "vectors=4,queue-size=32,seg-max-adjust=on"])
def test_disk_is_read_and_written_whole(boot, tmp_path, how):
    source, target = pattern(tmp_path / "a"), empty(tmp_path / "b")
    options = [f"virtio-blk-pci.{item}" for item in how.split(",")]
    machine = boot("-D", source, "-D", target, "--", *(word for o in options for word in ("-global", o)))
    machine.prompt()
    listed = machine.sh("disk")
    for name, where in ("vda", "00:03.0"), ("vdb", "00:04.0"):
        assert re.search(rf"^{name} +{SECTORS} +512 +rw +0 +virtio-blk {where}$", listed, re.M), listed
    assert ("MSI-X" in machine.sh("lspci")) == (how != PINS)
    assert f"{SECTORS} sectors copied" in machine.sh("disk copy vda vdb")
    assert same(source, target)
    machine.sh("disk add 64M")
    assert "sectors copied" in machine.sh("disk copy vdb ram0")


def test_read_only_disk_refuses_writers(boot, tmp_path):
    source, target = pattern(tmp_path / "a", 4096), empty(tmp_path / "b", 4096)
    machine = boot("-D", source, "--", "-drive", f"if=none,id=ro,format=raw,readonly=on,file={target}",
                   "-device", "virtio-blk-pci,drive=ro")
    machine.prompt()
    assert re.search(r"^vdb +4096 +512 +ro ", machine.sh("disk"), re.M)
    status, said = machine.command("disk copy vda vdb")
    assert status == 1 and "vdb" in said
    assert not any(open(target, "rb").read())


def test_large_sectors(boot, tmp_path):
    source, target = pattern(tmp_path / "a", 8192), empty(tmp_path / "b", 8192)
    four = "logical_block_size=4096,physical_block_size=4096"
    machine = boot("--", *(word for i, path in enumerate((source, target)) for word in (
        "-drive", f"if=none,id=d{i},format=raw,file={path}", "-device", f"virtio-blk-pci,drive=d{i},{four}")))
    machine.prompt()
    assert re.search(r"^vda +8192 +4096 ", machine.sh("disk"), re.M)
    machine.sh("disk copy vda vdb")
    assert same(source, target)


@pytest.mark.parametrize("event,which", [("read_aio", "reading"), ("write_aio", "writing"),
                                         ("flush_to_disk", "flushing")])
def test_errors_of_the_disk_are_told(boot, tmp_path, event, which):
    """The disk goes on after them. The firmware and the partition table are read, too, but not this sector."""
    source, target = pattern(tmp_path / "a", 4096), empty(tmp_path / "b", 4096)
    rules = tmp_path / "rules"
    where = 'sector = "3000"\n' if event == "read_aio" else ""
    rules.write_text(f'[inject-error]\nevent = "{event}"\nerrno = "5"\nonce = "on"\n{where}')
    bad = source if event == "read_aio" else target
    drives = [("a", source), ("b", target)]
    machine = boot("--", *(word for name, path in drives for word in (
        "-drive", f"if=none,id={name},format=raw,rerror=report,werror=report,file=" +
        (f"blkdebug:{rules}:{path}" if path == bad else path),
        "-device", f"virtio-blk-pci,drive={name}")))
    machine.prompt()
    results = [machine.command("disk copy vda vdb") for _ in range(3)]
    failed = [said for status, said in results if status]
    assert all(re.search(rf"{which}: I/O error", said) for said in failed), failed
    assert len(failed) == 1 and results[-1][0] == 0, results
    assert same(source, target)
