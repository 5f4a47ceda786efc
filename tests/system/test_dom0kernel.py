# SPDX-License-Identifier: MIT
"""The control domain's kernel in every packing it may come in: compressed, and as a bzImage; and spoilt ones."""
import os
import struct
import subprocess

import pytest

import machine as driver
from conftest import free_memory

PACKERS = {
    "gzip": ["gzip", "-9nc"],
    "LZ4": ["lz4", "-lc9"],
    "xz": ["xz", "-c", "--check=crc32", "--x86", "--lzma2=dict=8MiB"],
    "zstd": ["zstd", "-qc", "-19"],
}
SECTS, PAYLOAD = 2, 3 * 512 + 64


def bzimage(payload):
    """What Linux's build wraps around a packed kernel, as far as the boot protocol describes it."""
    head = bytearray(PAYLOAD)
    head[0x1f1] = SECTS
    head[0x1fe:0x208] = b"\x55\xaa\xeb\x6aHdrS\x0f\x02"
    struct.pack_into("<II", head, 0x248, PAYLOAD - (SECTS + 1) * 512, len(payload))
    return bytes(head) + payload + bytes(300)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """dom0's kernel without what only a debugger reads."""
    path = tmp_path_factory.mktemp("kernel") / "dom0.elf"
    subprocess.run(["objcopy", "--strip-debug", os.path.join(driver.BUILD, "dom0.elf"), path], check=True)
    return path


def packed(kernel, packer):
    stream = subprocess.run(PACKERS[packer], stdin=open(kernel, "rb"), stdout=subprocess.PIPE, check=True).stdout
    return stream if packer == "gzip" else stream + struct.pack("<I", kernel.stat().st_size)


def start(boot, kernel, image):
    path = kernel.parent / "image"
    path.write_bytes(image)
    return boot("-d", str(path))


@pytest.mark.parametrize("packer", PACKERS)
def test_bzimage(boot, kernel, packer):
    machine = start(boot, kernel, bzimage(packed(kernel, packer)))
    machine.prompt()
    machine.sh("pvctl create -p /test/brief.cfg")
    machine.sh("pvctl destroy brief")


def test_compressed_elf(boot, kernel):
    start(boot, kernel, packed(kernel, "gzip")).prompt()


@pytest.mark.parvus
def test_unpacking_leaves_nothing(boot, kernel):
    """Free memory is what it is with a plain kernel: modules and buffers are given back."""
    free = []
    for image in kernel.read_bytes(), bzimage(packed(kernel, "xz")):
        machine = start(boot, kernel, image)
        machine.prompt()
        free.append(free_memory(machine))
        machine.close()
    assert free[0] == free[1]


def spoil(data, at):
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:]


@pytest.mark.parvus
@pytest.mark.parametrize("packer, spoilt, said", [
    ("gzip", lambda image: spoil(image, PAYLOAD + 5000), "damaged gzip stream"),
    ("xz", lambda image: spoil(image, PAYLOAD + 5000), "damaged xz stream"),
    ("zstd", lambda image: spoil(image, PAYLOAD + 5000), "damaged zstd stream"),
    ("LZ4", lambda image: spoil(image, PAYLOAD + 7), "(damaged|truncated).* LZ4 stream|stream: a block"),
    ("gzip", lambda image: image[:len(image) // 2], "truncated: the bzImage's payload"),
    ("gzip", lambda image: image[:PAYLOAD] + b"BZh9" + image[PAYLOAD + 4:], "begins with bytes 42 5a 68 39"),
    ("xz", lambda image: image[:0x206] + b"\x07\x02" + image[0x208:], "boot protocol 2.07"),
    ("zstd", lambda image: bzimage(image[PAYLOAD:-304] + b"\0\0\1\0"), "but says 65536"),
], ids=["gzip", "xz", "zstd", "LZ4", "short", "unknown", "old", "size"])
def test_spoilt_kernel_is_named(boot, kernel, packer, spoilt, said):
    machine = start(boot, kernel, spoilt(bzimage(packed(kernel, packer))))
    machine.expect(f"dom0 kernel '.*image.*': .*{said}")
