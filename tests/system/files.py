# SPDX-License-Identifier: MIT
"""Files the tests add to dom0's initrd as /test/NAME: kernels no domain can be built from, and configurations."""
import gzip
import os
import struct

# Offsets in an ELF64 header and in its program headers.
CLASS, MACHINE, PHOFF, PHENTSIZE, PHNUM = 4, 18, 32, 54, 56
ELFCLASS32, EM_ARM, PT_NULL, PT_NOTE = 1, 40, 0, 4


def patched(data, offset, value):
    return data[:offset] + value + data[offset + len(value):]


def without_notes(data):
    """The ELF file with its note segments made invisible."""
    start, = struct.unpack_from("<Q", data, PHOFF)
    size, count = struct.unpack_from("<HH", data, PHENTSIZE)
    for header in range(start, start + size * count, size):
        if struct.unpack_from("<I", data, header)[0] == PT_NOTE:
            data = patched(data, header, struct.pack("<I", PT_NULL))
    return data


def bad_kernels(build):
    with open(os.path.join(build, "hello.elf"), "rb") as elf:
        hello = elf.read()
    return {
        "empty.elf": b"",
        "text.elf": b"This is no kernel.\n" * 100,
        "header.elf": hello[:40],
        "half.elf": hello[:len(hello) // 2],
        "arm.elf": patched(hello, MACHINE, struct.pack("<H", EM_ARM)),
        "class32.elf": patched(hello, CLASS, bytes([ELFCLASS32])),
        "nonotes.elf": without_notes(hello),
        "badheaders.elf": patched(hello, PHOFF, struct.pack("<Q", 1 << 63)),
        "half.gz": gzip.compress(hello)[:5000],
        "hello.gz": gzip.compress(hello),
    }


def configs():
    return {
        "unclosed.cfg": 'name = "bad"\nkernel = "/boot/hello.elf\nmemory = 16\n',
        "noequals.cfg": 'name = "bad"\n\n# a comment\nmemory 16\n',
        "notanumber.cfg": 'name = "bad"\nkernel = "/boot/hello.elf"\nmemory = "much"\n',
        "noname.cfg": 'kernel = "/boot/hello.elf"\nmemory = 16\n',
        "nokernel.cfg": 'name = "bad"\nmemory = 16\n',
        "action.cfg": 'name = "bad"\nkernel = "/boot/hello.elf"\nmemory = 16\non_crash = "explode"\n',
    }
