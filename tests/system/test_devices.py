# SPDX-License-Identifier: MIT
"""The machine's virtio devices in the control domain: found, named, and their disks whole, with interrupts by
message and by pin, with every queue feature and with none, and when the disk fails."""
import os
import re
import socket
import struct

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


@pytest.mark.parametrize("how", [MESSAGES, PINS])
def test_network_card_reaches_the_network_behind_it(boot, how):
    """Address by DHCP and answers to ping from QEMU's own network."""
    machine = boot("-N", "", "--", "-global", f"virtio-net-pci.{how}")
    machine.prompt()
    assert ("MSI-X" in machine.sh("lspci")) == (how != PINS)
    machine.sh("ip dhcp")
    while "gateway 10.0.2.2" not in machine.sh("ip"):
        machine.sh("sleep 0.2")
    assert "5 sent, 5 received" in machine.sh("ping -c 5 10.0.2.2")
    assert re.search(r"^eth0 +br0 +52:54:00:12:34:56 ", machine.sh("net"), re.M)


class Peer:
    """The other end of the card's cable: Ethernet frames as datagrams."""

    MAC, ADDRESS = b"\x02\0\0\0\0\x99", bytes((10, 9, 8, 2))
    THEIRS = bytes((10, 9, 8, 1))

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(60)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.card = probe.getsockname()
        self.mac = None

    def options(self):
        return ("-netdev", f"socket,id=net,udp=127.0.0.1:{self.socket.getsockname()[1]},"
                           f"localaddr=127.0.0.1:{self.card[1]}",
                "-device", "virtio-net-pci,netdev=net,romfile=")

    def send(self, kind, payload, to=None):
        self.socket.sendto((to or self.mac) + self.MAC + kind.to_bytes(2, "big") + payload, self.card)

    def receive(self, kind):
        while True:
            frame = self.socket.recv(65536)
            if frame[12:14] == kind.to_bytes(2, "big"):
                return frame[14:]

    def resolve(self):
        """Asks for dom0's address, and tells ours by that."""
        self.send(0x0806, b"\0\1\x08\0\6\4\0\1" + self.MAC + self.ADDRESS + bytes(6) + self.THEIRS, b"\xff" * 6)
        answer = self.receive(0x0806)
        while answer[6:8] != b"\0\2":
            answer = self.receive(0x0806)
        self.mac = answer[8:14]

    @staticmethod
    def checksum(data):
        total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
        total = (total & 0xffff) + (total >> 16)
        return (~(total + (total >> 16))) & 0xffff

    def echo(self, payload):
        """The payload of the answer to an ICMP echo request; the answer may come in fragments."""
        icmp = struct.pack("!BBHHH", 8, 0, 0, 7, 1) + payload
        icmp = icmp[:2] + self.checksum(icmp).to_bytes(2, "big") + icmp[4:]
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0) + self.ADDRESS + self.THEIRS
        self.send(0x0800, head[:10] + self.checksum(head).to_bytes(2, "big") + head[12:] + icmp)
        answer, total = {}, None
        while total is None or sum(map(len, answer.values())) < total:
            packet = self.receive(0x0800)
            length, offset = struct.unpack("!H2xH", packet[2:8])
            piece = packet[20:length]
            answer[(offset & 0x1fff) * 8] = piece
            if not offset & 0x2000:
                total = (offset & 0x1fff) * 8 + len(piece)
        whole = b"".join(answer[at] for at in sorted(answer))
        assert self.checksum(whole) == 0
        return whole[8:]


def test_frames_of_every_size(boot):
    """Up to several buffers of the card, and frames that are none in between."""
    peer = Peer()
    machine = boot("--", *peer.options())
    machine.prompt()
    machine.sh("ip 10.9.8.1/24")
    peer.resolve()
    for size in (0, 1, 17, 46, 100, 1000, 1472, 1473, 3000, 4034, 4042, 4043, 4054, 4055, 8140, 9000, 20000):
        payload = os.urandom(size)
        assert peer.echo(payload) == payload, size
    for junk in (b"\0", os.urandom(13), os.urandom(14), os.urandom(60), os.urandom(60000)):
        peer.socket.sendto(junk, peer.card)
        peer.send(0x0800, junk)
    assert peer.echo(b"still there") == b"still there"
    for _ in range(300):            # more than the card has buffers
        assert len(peer.echo(bytes(1400))) == 1400


def test_disk_behind_a_bridge(boot, tmp_path):
    """A machine with PCI Express, and a disk on a port of it that speaks only the new protocol."""
    source, target = pattern(tmp_path / "a", 8192), empty(tmp_path / "b", 8192)
    machine = boot("-D", source, "--", "-M", "q35", "-device", "pcie-root-port,id=downstream,chassis=1",
                   "-drive", f"if=none,id=b,format=raw,file={target}", "-device", "virtio-blk-pci,bus=downstream,drive=b")
    machine.prompt()
    assert re.search(r"^01:00.0 .* 1af4:1042 ", machine.sh("lspci"), re.M)
    assert re.search(r"^vdb .* virtio-blk 01:00.0$", machine.sh("disk"), re.M)
    machine.sh("disk copy vda vdb")
    assert same(source, target)
