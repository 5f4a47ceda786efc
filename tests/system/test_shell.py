# SPDX-License-Identifier: MIT
"""The control domain's shell as fingers meet it: keys, history, completion, scripts, and switching off."""
import re

from conftest import BUILD, initrd_with

UP, LEFT, HOME = "\x1b[A", "\x1b[D", "\x01"


def said(machine, keys):
    """What the command that the keys make prints."""
    machine.type(keys + "\r")
    return machine.prompt().rpartition("\r")[2].rpartition("\n")[2]


def test_editing(machine):
    assert said(machine, "echo wold" + LEFT * 2 + "r") == "world"
    assert said(machine, "cho one" + HOME + "e") == "one"
    assert said(machine, "echo one twoo\x7f\x7f\x17three") == "one three"
    assert said(machine, "nonsense\x15echo \x19\x15echo ok") == "ok"


def test_history(machine):
    machine.sh("echo first")
    assert said(machine, "echo second") == "second"
    assert said(machine, UP) == "second"
    assert said(machine, UP * 2 + "\x7f\x7fthird") == "third"      # sh() asked for the status: echo $?
    assert re.search(r"^ +\d+  echo second$", machine.sh("history"), re.M)


def test_completion(machine):
    machine.type("pvc\tcre\t/et\tpv\thello.\t")
    machine.expect(re.escape("pvctl create /etc/pvctl/hello.cfg "))
    machine.type("\x03")
    machine.prompt()
    machine.type("pvctl un\t-\x15echo done\r")
    machine.expect("^done\r*$")
    machine.prompt()


def test_quotes_and_status(machine):
    assert machine.sh("echo 'a  b' \"c;d\" e\\ f # comment").strip() == "a  b c;d e f"
    assert machine.sh("nonsense; echo $?").strip().endswith("\n127")
    assert machine.command("echo 'open")[0] == 2
    status, output = machine.command("cat /nowhere")
    assert status == 1 and "/nowhere: No such file or directory" in output
    assert "hello.cfg" in machine.sh("ls /etc/pvctl")
    assert 'name = "hello"' in machine.sh("cat /etc/pvctl/hello.cfg")


def test_script(boot, tmp_path):
    """script=FILE shows each command, says what failed, and switches the machine off."""
    image = initrd_with(tmp_path / "script.cpio", BUILD / "initrd.cpio",
                        {"script": "echo begin\nnonsense\npvctl list\n"})
    transcript = boot("-i", image, "-c", "script=/script").ended()
    assert "dom0# echo begin\nbegin\n" in transcript
    assert "dom0# nonsense\nnonsense: no such command (try help)\nexit status 127\n" in transcript
    assert re.search(r"dom0# pvctl list\nName .*\nDomain-0 .*\n/script: 3 commands, 1 failed\n", transcript)


def test_poweroff_and_reboot_end_the_machine(boot):
    for command in ("poweroff", "reboot"):
        machine = boot()
        machine.prompt()
        machine.type(command + "\r")
        machine.ended()
