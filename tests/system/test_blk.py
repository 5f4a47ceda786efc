# SPDX-License-Identifier: MIT
"""Guests' disks: our frontend and Linux's on every kind of disk, honest and not, and what is left of them on the host.

Guests are build/blkguest.elf (tests/blk), which does what its command line says, Debian's Linux, and PV-GRUB.
"""
import os
import re
import struct
import subprocess
import time

import pytest

import machine as driver
from conftest import BUILD, QUIET, domains, initrd_with, lend, nothing_left, reboot

MB = 1 << 20
BOOTS = 180
GUEST = "guest# "
OPTIONS = QUIET
if not os.path.basename(driver.hypervisor()).startswith("parvus"):
    OPTIONS += " xsave=0"       # Debian's Xen loses vector registers with it under this emulator
CONFIG = 'name = "{name}"\nkernel = "/blk/blkguest.elf"\nmemory = {memory}\n'
LINUX = 'name = "linux"\nkernel = "/linux/vmlinuz"\nramdisk = "/linux/linux.cpio.gz"\nmemory = 160\nextra = "console=hvc0"\n'
# A disk of each kind, and each way to a guest's pages.
DISKS = {
    "ram": "ram0,,xvda,rw", "ram-map": "ram0,,xvda,rw,grants=map", "ram-persistent": "ram0,,xvda,rw,grants=persistent",
    "virtio": "phy:vda,xvda,w", "virtio-persistent": "vda,,xvda,rw,grants=persistent",
    "partition": "/dev/vdb2,,xvda,rw", "file": "file:/tmp/disk,xvda,w",
}
LIES = "requests readonly-grant index index-back scribble grant-goes handshake states".split()


@pytest.fixture(scope="module")
def blk_initrd(initrd, tmp_path_factory):
    """The control domain's initrd with the guests of these tests."""
    return initrd_with(tmp_path_factory.mktemp("blk") / "blk.cpio", initrd, {
        "blk/blkguest.elf": BUILD / "blkguest.elf", "linux/vmlinuz": BUILD / "vmlinuz",
        "linux/linux.cpio.gz": BUILD / "linux.cpio.gz", "linux/linux.cfg": LINUX,
        "blk/a.cfg": CONFIG.format(name="a", memory=40), "blk/b.cfg": CONFIG.format(name="b", memory=24),
        "blk/disk.img": bytes(range(256)) * 8192})


def partitioned(path, size):
    """A disk with an MBR: the first partition from 1 MB on, of a quarter; the second behind it, a half."""
    first, quarter = MB // 512, size // 4 // 512
    entries = b"".join(struct.pack("<B3xB3xII", 0, 0x83, start, count)
                       for start, count in ((first, quarter), (first + quarter, 2 * quarter)))
    with open(path, "wb") as disk:
        disk.write(bytes(446) + entries.ljust(64, b"\0") + b"\x55\xaa" + b"\x5a" * (size - 512))


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("disks")
    with open(folder / "vda", "wb") as disk:
        disk.truncate(6 * MB)
    partitioned(folder / "vdb", 12 * MB)
    return [str(folder / "vda"), str(folder / "vdb")]


def idle_and_nothing_left(machine, free):
    idle(machine)
    nothing_left(machine, free)


@pytest.fixture
def machine(machines, shared, blk_initrd, images, request):
    """As conftest's machine, with disks, and a file in memory as another."""
    yield from lend(machines, shared, request, "-i", blk_initrd, "-a", OPTIONS, "-c", "ramdisk=8M",
                    *[option for image in images for option in ("-D", image)], check=idle_and_nothing_left,
                    prepare=lambda machine: machine.sh("cp /blk/disk.img /tmp/disk"))


def idle(machine):
    """Nobody has any disk, and xenstore has no trace of a device."""
    end = time.monotonic() + 30
    while re.search(r" r[ow] +[1-9]", machine.sh("disk")):
        assert time.monotonic() < end, machine.sh("disk")
    assert not re.search(r"vbd|frontend", machine.sh("pvctl xenstore ls /local/domain/0/backend/vbd"))


def await_end(machine, name):
    end = time.monotonic() + 60
    while name in domains(machine):
        assert time.monotonic() < end, f"{name} does not end"


def run(machine, words, disk="", name="a", timeout=180):
    """A guest that does the words; what it said. Another hypervisor may lose what is typed beyond 128 bytes."""
    machine.type(f"pvctl create -c /blk/{name}.cfg 'extra=\"{words}\"' 'disk=[{disk}]'\r")
    said = machine.prompt(timeout)
    await_end(machine, name)
    return said


def works(machine, words, disk, **how):
    said = run(machine, words, f'"{disk}"', **how)
    assert "all done" in said and "wrong" not in said, said
    return said


# --- Our frontend -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DISKS)
def test_all_requests(machine, kind):
    """What is written is read again, by depth 64 and by threads; barriers hold; at depth 32 one event for 8 requests at most."""
    options = ",persistent" if "persistent" in kind else ""
    said = works(machine, f"open:xvda{options} all close", DISKS[kind])
    assert ("persistent" in said.partition("open: ok")[0].rpartition("sectors")[2]) == ("-persistent" in kind), said


@pytest.mark.parametrize("options", ["order=0", "order=1,eager", "segments=1", "segments=11", "segments=12,persistent"])
def test_ring_sizes_and_segments(machine, options):
    works(machine, f"open:xvda,{options} fill:3 close open:xvda check:3 close", DISKS["ram-map"])


def test_reconnect(machine):
    works(machine, "open:xvda fill:4 " + "close open:xvda check:4 " * 6, DISKS["virtio"])


def test_persists_between_guests(machine):
    works(machine, "open:xvda fill:5", DISKS["virtio"])
    works(machine, "open:xvda check:5", DISKS["virtio"])


def test_readonly(machine):
    works(machine, "open:xvda readonly", "file:/blk/disk.img,xvda,r")
    works(machine, "open:xvda readonly", "phy:ram0,xvda,r")
    said = run(machine, "open:xvda", '"file:/blk/disk.img,xvda,w"')
    assert "Read-only" in said and "/blk/disk.img" in said, said


def test_partition_is_all_a_guest_gets(machine, images):
    before = open(images[1], "rb").read()
    assert re.search(r"^vdb1 +6144 .*partition", machine.sh("disk"), re.M)
    works(machine, "open:xvda fill:6 flush check:6", DISKS["partition"])
    after = open(images[1], "rb").read()
    assert before[:4 * MB] == after[:4 * MB] and before[10 * MB:] == after[10 * MB:]
    assert before[4 * MB:10 * MB] != after[4 * MB:10 * MB]


@pytest.mark.parametrize("spec, words", [
    ("phy:nosuch,xvda,w", "no disk|nosuch"), ("file:/blk/missing,xvda,w", "/blk/missing|no disk"),
    ("phy:ram0,xvda,q", "access|q"), ("vda,qcow2,xvda,w", "raw|qcow2"), ("vda,,xvda,w,grants=copy", "grants=copy|memory"),
])
def test_says_what_is_wrong(machine, spec, words):
    said = run(machine, "open:xvda", f'"{spec}"').partition("\n")[2]
    assert all(word in said for word in words.split("|")), said


def test_a_writer_is_alone(machine):
    machine.sh("pvctl create /blk/a.cfg 'extra=\"open:xvda wait\"' 'disk=[\"phy:ram0,xvda,w\"]'")
    said = run(machine, "open:xvda", '"phy:ram0,xvda,r"', name="b")
    assert "in use" in said, said
    machine.sh("pvctl destroy a")
    machine.sh("pvctl create /blk/a.cfg 'extra=\"open:xvda wait\"' 'disk=[\"phy:vdb,xvda,w\"]'")
    said = run(machine, "open:xvda", '"phy:vdb1,xvda,w"', name="b")
    assert "in use" in said, said
    machine.sh("pvctl destroy a")


def test_attach_and_detach(machine):
    machine.sh("pvctl create /blk/a.cfg 'extra=\"await:xvdc open:xvdc fill:7 detach await:xvdc open:xvdc check:7 detach\"'")
    for _ in range(2):
        machine.type("pvctl console a\r")
        machine.expect("^waiting")
        machine.leave()
        machine.sh("pvctl block-attach a phy:ram0,xvdc,w")
        machine.type("pvctl console a\r")
        machine.expect("^using")
        machine.leave()
        said = machine.sh("pvctl block-list a")
        assert re.search(r"^51744 +0 +\d+ +4 +\d+ +\d+ +/local/domain/0/backend/vbd/\d+/51744", said, re.M), said
        machine.sh("pvctl block-detach a xvdc")
    await_end(machine, "a")
    assert "all done" in machine.sh("pvctl console -l a")


def test_another_of_the_same_name(machine):
    """The guest comes to look when its disk is gone and another is in its place."""
    machine.type("pvctl create -c /blk/a.cfg 'extra=\"await:xvdc open:xvdc fill:7 detach await:xvdc open:xvdc check:7 detach\"'\r")
    machine.expect("^waiting")
    machine.leave()
    machine.sh("pvctl block-attach a phy:ram0,xvdc,w")
    machine.type("pvctl console a\r")
    machine.expect("^using")
    machine.leave()
    machine.sh("pvctl pause a")
    machine.sh("pvctl block-detach -f a xvdc")
    machine.sh("pvctl block-attach a phy:ram0,xvdc,w")
    machine.sh("pvctl unpause a")
    machine.type("pvctl console a\r")
    machine.expect("^using")
    machine.leave()
    machine.sh("pvctl block-detach a xvdc")
    await_end(machine, "a")
    assert "all done" in machine.sh("pvctl console -l a")


def test_detach_of_nothing(machine):
    machine.sh("pvctl create /blk/a.cfg 'extra=\"wait\"'")
    status, said = machine.command("pvctl block-detach a xvdc")
    assert status == 1 and "no vbd 51744" in said
    status, said = machine.command("pvctl block-detach a nodisk")
    assert status == 1 and "nodisk" in said
    machine.sh("pvctl destroy a")


def test_taken_away_by_force(machine):
    """The guest's requests fail, the disk is free for others at once."""
    machine.type("pvctl create -c /blk/a.cfg 'extra=\"open:xvda load\"' 'disk=[\"phy:vda,xvda,w\"]'\r")
    machine.expect("^loading")
    machine.leave()
    time.sleep(0.5)
    machine.sh("pvctl block-detach --force a xvda")
    works(machine, "open:xvda fill:8 check:8", DISKS["virtio"], name="b")
    machine.sh("pvctl destroy a")


@pytest.mark.parametrize("kind", ["ram", "ram-map", "virtio", "virtio-persistent"])
def test_destroyed_in_the_middle(machine, kind):
    """Nothing of a guest stays mapped, whatever its disk was doing; the fixture looks at the memory."""
    for _ in range(3):
        machine.type(f"pvctl create -c /blk/a.cfg 'extra=\"open:xvda,persistent load\"' 'disk=[\"{DISKS[kind]}\"]'\r")
        machine.expect("^loading")
        machine.leave()
        machine.sh("pvctl destroy a")
    works(machine, "open:xvda fill:9 check:9", DISKS[kind])


# --- Frontends that lie -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ram", "virtio"])
def test_hostile_frontend(machine, kind):
    """Beside a guest at honest work; afterwards the next frontend is served."""
    other = "virtio" if kind == "ram" else "ram"
    machine.sh(f"pvctl create /blk/b.cfg 'extra=\"open:xvda {'fill:1 check:1 ' * 3}wait\"' 'disk=[\"{DISKS[other]}\"]'")
    said = works(machine, "hostile:xvda open:xvda fill:1 check:1", DISKS[kind])
    assert all(f"lie {lie}: told" in said for lie in LIES), said
    machine.type("pvctl console b\r")
    for _ in range(3):
        machine.expect("^check: ok", timeout=180)
    machine.leave()
    machine.sh("pvctl destroy b")


@pytest.mark.parametrize("kind", ["ram", "ram-map", "virtio", "file"])
def test_vanishes_in_the_middle(machine, kind):
    said = run(machine, "hostile:xvda,vanish", f'"{DISKS[kind]}"')
    assert "vanishing" in said, said
    works(machine, "open:xvda fill:1 check:1", DISKS[kind])


# --- Linux --------------------------------------------------------------------------------------------


def linux(machine, command, timeout=180):
    """Runs a command at the Linux guest's prompt; what it printed. It must succeed."""
    machine.type(f"echo begin; {command}; echo status=$?\r")
    machine.expect(r"^begin\r*\n", timeout=timeout)
    machine.expect(r"^status=(\d+)\r*$", timeout=timeout)
    status, said = machine.line.match[1], machine.said
    machine.expect(GUEST)
    assert status == "0", said
    return said


def start_linux(machine, disk):
    machine.type(f"pvctl create -c /linux/linux.cfg 'disk=[{disk}]'\r")
    machine.expect("^userland ready", timeout=BOOTS)
    machine.expect(GUEST)
    linux(machine, "dmesg -n 1; insmod /lib/modules/xen-blkfront.ko; mkdir /m; while ! [ -e /dev/xvda ]; do sleep 0.1; done")


def ext4(path, size, source=None):
    with open(path, "wb") as disk:
        disk.truncate(size)
    subprocess.run(["/sbin/mkfs.ext4", "-q", *(["-d", source] if source else []), str(path)], check=True)


def clean(path):
    """The file system on the image is without a fault, and needs no repair."""
    found = subprocess.run(["/sbin/e2fsck", "-fn", str(path)], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


# Many small files and a large one, some removed again, by four writers side by side.
LOAD = """for d in 1 2 3 4; do
    (mkdir -p /m/$d
    for i in $(seq 60); do head -c 100000 /bin/busybox >/m/$d/$i; done
    for i in $(seq 1 3 60); do rm /m/$d/$i; done) &
done
wait
dd if=/bin/busybox of=/m/large bs=100k
sync
echo loaded
"""
# Everything that the load left is as it was written.
CHECK = """head -c 100000 /bin/busybox >/tmp/part
for d in 1 2 3 4; do
    for i in $(seq 2 3 60) $(seq 3 3 60); do cmp /m/$d/$i /tmp/part || exit 1; done
    [ -e /m/$d/1 ] && exit 1
done
cmp /m/large /bin/busybox
"""


@pytest.mark.parametrize("kind", ["virtio", pytest.param("persistent", marks=pytest.mark.parvus), "ram"])
def test_linux_ext4(boot, blk_initrd, tmp_path, kind):
    """Linux's own frontend: a file system that Linux works on and the host finds without a fault; one whose guest was killed
    in the middle is without a fault as soon as the next guest has replayed its journal."""
    image, copy, tree = tmp_path / "a", tmp_path / "b", tmp_path / "tree"
    tree.mkdir()
    (tree / "load").write_text(LOAD)
    (tree / "check").write_text(CHECK)
    ext4(image, 64 * MB, tree)
    ext4(copy, 64 * MB)
    machine = boot("-i", blk_initrd, "-a", OPTIONS + " dom0_mem=256M", "-c", "ramdisk=64M", "-D", str(image), "-D", str(copy))
    machine.prompt()
    disk = {"virtio": '"vda,,xvda,rw"', "persistent": '"vda,,xvda,rw,grants=persistent"', "ram": '"ram0,,xvda,rw"'}[kind]
    if kind == "ram":
        machine.sh("disk copy vda ram0", timeout=120)
    start_linux(machine, disk)
    linux(machine, "mount -t ext4 /dev/xvda /m && cp /m/load /m/check / && sh /load")
    linux(machine, "umount /m && mount -t ext4 /dev/xvda /m && sh /check")
    linux(machine, "rm -r /m/*")
    machine.type("sh /load\r")
    time.sleep(2)
    machine.leave()
    machine.sh("pvctl destroy linux")
    start_linux(machine, disk)
    linux(machine, "mount -t ext4 /dev/xvda /m && umount /m")
    machine.leave()
    machine.sh("pvctl destroy linux")
    if kind == "ram":
        machine.sh("disk copy ram0 vdb", timeout=120)
    machine.type("poweroff\r")
    machine.ended()
    clean(copy if kind == "ram" else image)


def test_linux_attach_and_detach(machine):
    """A disk that comes and goes with Linux's driver at work, and one of ours by its side."""
    start_linux(machine, '"vda,,xvda,rw"')
    machine.leave()
    for _ in range(3):
        machine.sh("pvctl block-attach linux ram0,,xvdb,rw")
        machine.type("pvctl console linux\r\r")
        machine.expect(GUEST)
        linux(machine, "until [ -b /dev/xvdb ] && [ $(cat /sys/block/xvdb/size) -gt 0 ]; do sleep 0.1; done")
        linux(machine, "dd if=/bin/busybox of=/dev/xvdb bs=64k; sync; echo 3 >/proc/sys/vm/drop_caches")
        linux(machine, "head -c $(stat -c %s /bin/busybox) /dev/xvdb | cmp - /bin/busybox")
        machine.leave()
        machine.sh("pvctl block-detach linux xvdb")
        machine.type("pvctl console linux\r\r")
        machine.expect(GUEST)
        linux(machine, "while [ -e /sys/block/xvdb ]; do sleep 0.1; done")
        machine.leave()
    reboot(machine, "linux")
    assert "51712" in machine.sh("pvctl block-list linux")
    machine.sh("pvctl destroy linux")


def test_linux_disk_error(machine):
    """An error of the disk is an error of the guest's read, and of nothing else."""
    machine.sh("cp /blk/disk.img /tmp/short")
    start_linux(machine, '"vda,,xvda,rw", "file:/tmp/short,xvdb,w"')
    machine.leave()
    machine.sh("cp /etc/pvctl/hello.cfg /tmp/short")
    machine.type("pvctl console linux\r\r")
    machine.expect(GUEST)
    said = linux(machine, "dd if=/dev/xvdb of=/dev/null bs=4k skip=64 2>&1 | grep 'error'; dd if=/dev/xvda of=/dev/null bs=64k")
    assert "Input/output error" in said
    machine.leave()
    machine.sh("pvctl destroy linux")


# --- PV-GRUB ------------------------------------------------------------------------------------------


def test_pvgrub_boots_from_disk(boot, blk_initrd, tmp_path):
    """PV-GRUB, unmodified, reads its configuration and a kernel from a disk of ours and starts it; the kernel then uses
    that disk and another."""
    tree = tmp_path / "tree"
    (tree / "boot/grub").mkdir(parents=True)
    os.link(BUILD / "blkguest.elf", tree / "boot/guest.elf")
    (tree / "boot/grub/grub.cfg").write_text(
        "linux /boot/guest.elf open:xvda readonly close open:xvdb fill:1 check:1 close\nboot\n")
    image = tmp_path / "image"
    ext4(image, 16 * MB, tree)
    machine = boot("-i", blk_initrd, "-a", OPTIONS, "-c", "ramdisk=4M", "-D", str(image))
    machine.prompt()
    machine.type("pvctl create -c /etc/pvctl/grub.cfg 'disk=[\"vda,,xvda,ro\", \"ram0,,xvdb,rw\"]'\r")
    machine.expect("^all done", timeout=240)
    machine.prompt()
    assert "check: ok" in machine.sh("pvctl console -l grub")
