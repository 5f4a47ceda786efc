# SPDX-License-Identifier: MIT
"""A machine with one micro guest that a test can stop and look into."""
import json
import os
import socket
import subprocess
import threading
import time

BUILD = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "build")
MEMORY = 128
LIMIT = 300             # seconds in which any guest ends; and twice that, in which QEMU does, whatever becomes of us


class Machine:
    """QEMU with one guest; it stands still once the guest has switched it off."""

    def __init__(self, hv, name, arguments, folder, cpu="max,-smap", options="", cpus=1, more=()):
        self.folder = folder
        self.ended = threading.Event()
        folders = [f"{BUILD}/{kind}/{name.split('-')[0]}.elf" for kind in ("guest", "hostile")]
        image = next(path for path in folders if os.path.exists(path))
        path = os.path.join(folder, "monitor")
        self.qemu = subprocess.Popen(
            ["timeout", "--foreground", "-k", "5", str(2 * LIMIT), "qemu-system-x86_64", "-accel", "tcg", "-cpu", cpu, "-smp", str(cpus), "-m", str(MEMORY), "-display", "none",
             "-serial", f"file:{folder}/log", "-monitor", "none", "-qmp", f"unix:{path},server=on,wait=on",
             "-no-reboot", "-no-shutdown", "-kernel", hv,
             "-append", f"console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all dom0_mem=64M {options}",
             "-initrd", f"{image} {arguments}", *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.qemu.stdout.readline()     # it says that it waits for us
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r")
        self.command("qmp_capabilities")

    def await_line(self, wanted):
        end = time.monotonic() + LIMIT
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            line = self.lines.readline()
            if not line:
                raise ConnectionError("QEMU ended")
            answer = json.loads(line)
            if wanted(answer):
                return answer
        raise TimeoutError("it answers, but not what is awaited")

    def send(self, name, number, **arguments):
        self.socket.sendall(json.dumps({"execute": name, "arguments": arguments, "id": number}).encode())

    def command(self, name, **arguments):
        self.send(name, name, **arguments)
        answer = self.await_line(lambda a: a.get("id") == name)
        if "error" in answer:
            raise ConnectionError(answer["error"]["desc"])
        return answer["return"]

    def monitor(self, line):
        """What QEMU's own monitor answers."""
        return self.command("human-monitor-command", **{"command-line": line})

    def log(self):
        """The console so far."""
        with open(os.path.join(self.folder, "log"), errors="replace") as log:
            return log.read().replace("\r", "")

    def press_nmi(self):
        while not self.ended.wait(0.1):
            if "dom0: " in self.log():
                self.send("inject-nmi", "button")

    def await_end(self):
        """The console, when the guest has ended. While it runs, the machine's NMI button is pressed ten times a second."""
        button = threading.Thread(target=self.press_nmi)
        button.start()
        try:
            self.await_line(lambda a: a.get("event") == "SHUTDOWN")
        finally:
            self.ended.set()
            button.join()
        return self.log()

    def memory(self):
        path = os.path.join(self.folder, "memory")
        self.command("pmemsave", val=0, size=MEMORY << 20, filename=path)
        with open(path, "rb") as saved:
            return saved.read()

    def close(self):
        self.qemu.terminate()
        self.qemu.wait()
        self.qemu.stdout.close()
        self.socket.close()
