#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""demo.py SESSION: plays an operator's session on a booted machine, prints the transcript as it happens.

Exits 0 only if every step of the session did what the file says. Lines of the file:

    $ COMMAND     typed at the control domain's shell, once it asks for one
    > REGEX       a line of the output, after the one matched before, must match this
    < TEXT        typed, with Enter, at whatever has the terminal (a guest's console)
    ^]            the key that leaves a console
    = N           the exit status of the command before; 0 where no such line is
    # TEXT        printed above the next command

HV names the hypervisor image (build/parvus).
"""
import os
import re
import sys

import pexpect

import machine as driver


class Transcript:
    """What the machine says, without what only a terminal understands, line by line to standard output."""

    def __init__(self):
        self.line = ""

    def write(self, text):
        self.line += text
        *whole, self.line = self.line.split("\n")
        for line in whole:
            print(self.clean(line), flush=True)

    def flush(self):
        pass

    def end(self):
        if self.line:
            print(self.clean(self.line), flush=True)
            self.line = ""

    @staticmethod
    def clean(line):
        """The line as it stands on the screen after its carriage returns."""
        shown = driver.ESCAPES.sub("", line).rstrip("\r").rpartition("\r")[2]
        return shown.rstrip()


class Session:
    def __init__(self, machine, log):
        self.machine = machine
        self.log = log
        self.command = None
        self.status = 0
        self.at_prompt = False

    def finish_command(self):
        """Waits for the prompt, and sees to the last command's exit status."""
        if not self.at_prompt:
            self.machine.prompt()
            self.at_prompt = True
        if self.command is None:
            return
        # Not part of the session, so not shown.
        self.machine.line.logfile_read = None
        self.machine.type("echo $?\r")
        got = self.machine.prompt().partition("\n")[2].strip()
        self.machine.line.logfile_read = self.log
        if got != str(self.status):
            raise driver.Failure(f"{self.command!r} ended with status {got}, not {self.status}")
        self.command = None

    def play(self, kind, text):
        if kind == "$":
            self.finish_command()
            self.command, self.status, self.at_prompt = text, 0, False
            self.machine.type(text + "\r")
            self.machine.expect(re.escape(text))
        elif kind == ">":
            which, _ = self.machine.expect(text, re.escape(driver.PROMPT))
            if which:
                raise driver.Failure(f"{self.command!r} did not print {text!r}")
        elif kind == "<":
            self.machine.type(text + "\r")
        elif kind == "^]":
            self.machine.leave()
            self.at_prompt = True
        elif kind == "=":
            self.status = int(text)


def steps(path):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            kind, _, text = line.rstrip("\n").partition(" ")
            if kind in ("$", ">", "<", "^]", "="):
                yield number, kind, text
            elif kind not in ("", "#"):
                sys.exit(f"{path}:{number}: expected a line that starts with $ > < ^] = or #")


def main(path):
    log = Transcript()
    machine = driver.Machine(log)
    session = Session(machine, log)
    number = 0
    try:
        for number, kind, text in steps(path):
            session.play(kind, text)
        machine.ended()
    except (driver.Failure, OSError) as why:
        log.end()
        print(f"\ndemo: {path}:{number}: {why}\nFAILED", flush=True)
        return 1
    finally:
        machine.close()
    log.end()
    print("\ndemo: every step did what it should\n1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
