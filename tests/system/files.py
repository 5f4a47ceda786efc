# SPDX-License-Identifier: MIT
"""Files the tests add to dom0's initrd as /test/NAME: kernels no domain can be built from, and configurations."""
import gzip
import os
import struct

# Offsets in an ELF64 header and in its program headers.
CLASS, MACHINE, PHOFF, PHENTSIZE, PHNUM, SHNUM = 4, 18, 32, 54, 56, 60
ELFCLASS32, EM_ARM, PT_NULL, PT_NOTE = 1, 40, 0, 4


def patched(data, offset, value):
    return data[:offset] + value + data[offset + len(value):]


def without_notes(data):
    """The ELF file with its note segments made invisible, and the sections that hold the same notes."""
    data = patched(data, SHNUM, b"\0\0")
    start, = struct.unpack_from("<Q", data, PHOFF)
    size, count = struct.unpack_from("<HH", data, PHENTSIZE)
    for header in range(start, start + size * count, size):
        if struct.unpack_from("<I", data, header)[0] == PT_NOTE:
            data = patched(data, header, struct.pack("<I", PT_NULL))
    return data


BAD_KERNELS = {
    "empty.elf": lambda elf: b"",
    "text.elf": lambda elf: b"This is no kernel.\n" * 100,
    "header.elf": lambda elf: elf[:40],
    "half.elf": lambda elf: elf[:len(elf) // 2],
    "arm.elf": lambda elf: patched(elf, MACHINE, struct.pack("<H", EM_ARM)),
    "class32.elf": lambda elf: patched(elf, CLASS, bytes([ELFCLASS32])),
    "nonotes.elf": without_notes,
    "badheaders.elf": lambda elf: patched(elf, PHOFF, struct.pack("<Q", 1 << 63)),
    "half.gz": lambda elf: gzip.compress(elf)[:5000],
}


def kernels(build):
    with open(os.path.join(build, "probe.elf"), "rb") as elf:
        probe = elf.read()
    return {
        "probe.elf": probe,
        "probe.gz": gzip.compress(probe),
        **{name: make(probe) for name, make in BAD_KERNELS.items()},
    }


def probe(name, words, **settings):
    """A configuration of a guest that does what the words say (tests/system/probe)."""
    lines = {"name": f'"{name}"', "kernel": '"/test/probe.elf"', "memory": "16", "extra": f'"{words}"', **settings}
    return "".join(f"{key} = {value}\n" for key, value in lines.items())


def configs():
    return {
        # Guests that live, end and die in the ways there are.
        "wait.cfg": probe("wait", "say:ready wait"),
        "other.cfg": probe("other", "say:ready wait"),
        "down.cfg": probe("down", "down", vcpus=2, on_poweroff='"destroy"'),
        "brief.cfg": probe("brief", "say:once"),
        "echo.cfg": probe("echo", "say:ready echo"),
        "flood.cfg": probe("flood", "flood:3000 wait"),
        "spin.cfg": probe("spin", "spin"),
        "refused.cfg": probe("refused", "refused wait"),
        "fault.cfg": probe("fault", "say:falling fault:dead000"),
        "ud.cfg": probe("ud", "say:falling ud"),
        "debug.cfg": probe("debug", "say:falling debug"),
        "crash.cfg": probe("crash", "say:giving-up shutdown:3"),
        "reboot-destroy.cfg": probe("rd", "say:again shutdown:1", on_reboot='"destroy"'),
        "reboot-restart.cfg": probe("rr", "say:ready wait", on_reboot='"restart"'),
        "reboot-preserve.cfg": probe("rp", "say:again shutdown:1", on_reboot='"preserve"'),
        "crash-preserve.cfg": probe("cp", "say:falling ud", on_crash='"preserve"'),
        "crash-restart.cfg": probe("cr", "say:ready wait", on_crash='"restart"'),
        "crash-rename.cfg": probe("cn", "say:ready wait", on_crash='"rename-restart"', disk="['ram0,,xvda,w']",
                                  vif="['mac=00:16:3e:00:00:77']"),
        "poweroff-preserve.cfg": probe("pp", "say:once", on_poweroff='"preserve"'),
        # Configurations with something wrong in them.
        "unclosed.cfg": 'name = "bad"\nkernel = "/test/probe.elf\nmemory = 16\n',
        "noequals.cfg": 'name = "bad"\n\n# a comment\nmemory 16\n',
        "notanumber.cfg": 'name = "bad"\nkernel = "/test/probe.elf"\nmemory = "much"\n',
        "noname.cfg": 'kernel = "/test/probe.elf"\nmemory = 16\n',
        "nokernel.cfg": 'name = "bad"\nmemory = 16\n',
        "action.cfg": probe("bad", "wait", on_crash='"explode"'),
        "binary.cfg": bytes(range(256)),
        **{f"kernel-{name}.cfg": f'name = "bad"\nkernel = "/test/{name}"\nmemory = 16\n'
           for name in ("missing.elf", *BAD_KERNELS)},
    }
