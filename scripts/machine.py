# SPDX-License-Identifier: MIT
"""A booted machine, driven over its serial line as a person at the terminal would.

The demo, the system tests and the measurements use it. Nothing here sleeps or tries twice: every wait is
for text that must come, with a limit that only a hang can reach.
"""
import os
import re
import subprocess
from pathlib import Path

import pexpect

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
PROMPT = "\ndom0# "
LIFETIME = 1500     # seconds after which a machine ends that nobody ended; more than anything takes that is waited for
# What a terminal would not show: colours and cursor movement.
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
BETWEEN = rf"(?:[\s\x08]|{ESCAPES.pattern})*"      # what an editor may send between two keys that it shows
AHEAD = 64          # keys; the peer holds 128 that the control domain has not read, and drops what comes behind


class Failure(Exception):
    """The machine did not do what it should; the message says what was awaited and what came."""


def hypervisor():
    """The hypervisor image under test."""
    return os.environ.get("HV") or os.path.join(BUILD, "parvus")


class Machine:
    """QEMU with the system in it. `log` is a file open for writing that gets all the line says."""

    def __init__(self, log, *options, hv=None):
        self.hv = hv or hypervisor()
        self.ours = os.path.basename(self.hv).startswith("parvus")
        self.line = pexpect.spawn(
            os.path.join(ROOT, "scripts/qemu"),
            ["-H", self.hv, "-t", str(LIFETIME), *options],
            timeout=60, encoding="utf-8", codec_errors="replace", echo=False, dimensions=(50, 200))
        self.line.delaybeforesend = None
        self.line.logfile_read = log
        self.said = ""

    def expect(self, *patterns, timeout=60):
        """Waits for the first of the patterns (regular expressions); returns (which, match)."""
        try:
            which = self.line.expect([re.compile(p, re.M) for p in patterns], timeout=timeout)
        except (pexpect.TIMEOUT, pexpect.EOF) as cause:
            how = "the machine ended" if isinstance(cause, pexpect.EOF) else f"{timeout} s passed"
            came = ESCAPES.sub("", self.line.before or "")[-2000:]
            if self.ours and isinstance(cause, pexpect.TIMEOUT):
                self.look()
            raise Failure(f"awaited {' or '.join(map(repr, patterns))}, but {how}; last came:\n{came}") from None
        self.said = ESCAPES.sub("", self.line.before).replace("\r", "")
        return which, self.line.match

    def look(self):
        """For the log of a machine that hangs: who runs and who waits, if its shell still answers."""
        try:
            self.line.send("\x1d\rpvctl debug-keys q\r")
            self.line.expect(r"vcpu [\s\S]*\ndom0# ", timeout=10)
        except (pexpect.ExceptionPexpect, OSError):
            pass        # then that is what is to be known

    def type(self, text):
        """Sends the text as typed; the caller adds the newline ("\\r") if there is to be one. To the peer a long one
        goes piece by piece, each when the end of the one before is shown."""
        pieces = [text] if self.ours else [text[at:at + AHEAD] for at in range(0, len(text), AHEAD)]
        for at, piece in enumerate(pieces):
            if at:
                self.expect(BETWEEN.join(map(re.escape, "".join(pieces[at - 1].split())[-16:])))
            self.line.send(piece)

    def prompt(self, timeout=60):
        """Waits until the shell asks for a command; returns what came before."""
        self.expect(re.escape(PROMPT), timeout=timeout)
        return self.said

    def leave(self):
        """Leaves a guest's console; the guest may have been in the middle of a line."""
        self.type("\x1d")
        self.expect(re.escape(PROMPT.strip("\n")))

    def command(self, text, timeout=60):
        """Runs a command; returns (exit status, its output without the echoed line)."""
        self.type(text + "\r")
        output = self.prompt(timeout).partition("\n")[2]
        self.type("echo $?\r")
        status = self.prompt(timeout)
        found = re.search(r"^(\d+)$", status, re.M)
        if not found:
            raise Failure(f"no exit status after {text!r}: {status!r}")
        return int(found.group(1)), output

    def sh(self, text, timeout=60):
        """Runs a command that must succeed; returns its output."""
        status, output = self.command(text, timeout)
        if status:
            raise Failure(f"{text!r} failed with status {status}:\n{output}")
        return output

    def ended(self, timeout=60):
        """Waits until the machine is off; returns what it said on the way."""
        try:
            self.line.expect(pexpect.EOF, timeout=timeout)
        except pexpect.TIMEOUT:
            raise Failure(f"the machine did not go off in {timeout} s") from None
        return ESCAPES.sub("", self.line.before).replace("\r", "")

    def close(self):
        """Ends the machine if it still runs."""
        self.line.close(force=True)


def initrd_with(image, base, files):
    """An initrd at image: that of base, and files by their paths: what is in them, or the Path of one to link. Leaves a
    folder beside it."""
    image = Path(image)
    tree = image.parent / (image.name + ".tree")
    tree.mkdir()
    with open(base, "rb") as cpio:
        subprocess.run(["cpio", "-id", "--quiet"], stdin=cpio, cwd=tree, check=True)
    for path, data in files.items():
        (tree / path).parent.mkdir(exist_ok=True)
        if isinstance(data, Path):
            os.link(data, tree / path)
        else:
            (tree / path).write_bytes(data if isinstance(data, bytes) else data.encode())
    names = subprocess.run(["find", "."], cwd=tree, capture_output=True, check=True).stdout
    with open(image, "wb") as cpio:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], input=names, stdout=cpio, cwd=tree, check=True)
    return str(image)
