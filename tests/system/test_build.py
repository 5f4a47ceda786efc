# SPDX-License-Identifier: MIT
"""The build and what the repository says of itself: nothing is made twice, README shows today's demo, and
docs/operating.md names what can be set."""
import os
import re
import runpy
import subprocess
import time

import pexpect
import pytest

import machine as driver

pytestmark = pytest.mark.parvus


def test_second_make_does_nothing():
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MAKE") and key != "MFLAGS"}
    made = subprocess.run(["make"], cwd=driver.ROOT, env=clean, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr
    assert made.stdout.strip() == "make: Nothing to be done for 'all'."


def test_help_names_the_targets():
    said = subprocess.run(["make", "-s", "help"], cwd=driver.ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("run", "demo", "test", "iso", "debug", "clean"):
        assert f"make {target}" in said


def test_install_deps_names_what_is_missing(tmp_path):
    """Where there is no apt it says what to install and fails; an empty PATH is such a machine."""
    for tool in ("sed", "dirname", "sh", "cat"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    ended = subprocess.run(["/bin/sh", os.path.join(driver.ROOT, "scripts/install-deps")],
                           env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "nasm" in ended.stderr and "qemu-system-x86" in ended.stderr


SLOW_SED = """#!/bin/sh
sleep $SED_TAKES
exec /usr/bin/sed "$@"
"""
APT_GET = """#!/bin/sh
for word; do
	case $word in
	Dir::Etc::sourceparts=*) parts=${word#*=} ;;
	Dir::State::Lists=*) lists=${word#*=} ;;
	esac
done
sleep 0.5
cat "$parts"/* >"$lists/read"
"""
APT_CACHE = """#!/bin/sh
echo '  Depends: something'
"""


def test_sources_are_whole_for_every_fetch(tmp_path):
    """Two fetches begun together on a new tree: apt never reads sources that the slower one is writing."""
    fetch = tmp_path / "scripts/fetch-source"
    fetch.parent.mkdir()
    fetch.write_text(read("scripts/fetch-source"))
    for name, text in (("sed", SLOW_SED), ("apt-get", APT_GET), ("apt-cache", APT_CACHE)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    both = []
    for seconds in "01":
        both.append(subprocess.Popen(["/bin/sh", fetch, "-d", "something"], stdout=subprocess.PIPE, text=True,
                                     env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SED_TAKES": seconds}))
        time.sleep(0.25)
    assert [process.communicate(timeout=60)[0] for process in both] == ["something\n"] * 2
    assert "deb-src" in (tmp_path / "build/apt/lists/read").read_text()


def test_readme_shows_the_demo():
    """Every command of the demo is in README's transcript, in order."""
    with open(os.path.join(driver.ROOT, "demo/session.txt"), encoding="utf-8") as session:
        commands = [line[2:].rstrip() for line in session if line.startswith("$ ")]
    with open(os.path.join(driver.ROOT, "README.md"), encoding="utf-8") as readme:
        shown = re.findall(r"^dom0# (.+)$", readme.read(), re.M)
    assert shown == commands


def read(path):
    with open(os.path.join(driver.ROOT, path), encoding="utf-8") as file:
        return file.read()


def documented(headline, until="\n## "):
    """The names in the first column of the tables below a headline of docs/operating.md."""
    chapter = read("docs/operating.md").partition(headline)[2].partition(until)[0]
    cells = re.findall(r"^\| (`[^|]*)\|", chapter, re.M)
    return sorted(name for cell in cells for name in re.findall(r"`([a-z0-9_-]+)", cell))


def parsed(path, *patterns):
    """The names that a source takes, by how it spells them."""
    return sorted({name for pattern in patterns for name in re.findall(pattern, read(path), re.M)})


def test_operating_names_the_options():
    assert documented("## The hypervisor's") == parsed("hypervisor/boot/cmdline.c", r'^\t\{ "([a-z0-9_-]+)", &?opt\.')
    assert sorted(set(documented("## Domain 0's"))) == sorted(
        parsed("dom0-tools/main.c", r'strncmp\(word, "(\w+)="') +
        parsed("dom0-tools/net/net.c", r'strncmp\(word, "(\w+)="'))


def test_operating_names_the_settings():
    assert documented("## A domain's", until="\nA disk is") == parsed(
        "dom0-tools/pvctl/domain_cfg.c", r'cfg, "(\w+)"', r'^\t\t\{ "(on_\w+)", END_')
    assert documented("| key of a disk", until="\n\n") == sorted(
        ["discard", "no-discard", *parsed("dom0-tools/pvctl/disk_cfg.c", r'\{ "(\w+)", set_')])
    assert documented("| key of a vif", until="\n\n") == parsed("dom0-tools/pvctl/vif_cfg.c", r'\{ "(\w+)", read_')


def test_benchmarks_are_what_the_guard_keeps():
    """Parvus's column of the table of operations, and whether the target is met, by tests/bench/costs.tsv."""
    costs = {name: float(mean) for name, mean in re.findall(r"^(\S+)\t([\d.]+)$", read("tests/bench/costs.tsv"), re.M)}
    rows = re.findall(r"^\|[^|]*\| `(\S+)`(?: / (\d+))? \| ([\d,]+) \| ([\d,]+) \|.*\| (\w+) \|$", read("docs/benchmarks.md"), re.M)
    assert len(rows) > 20
    for name, share, target, shown, met in rows:
        cost = costs[name] / int(share or 1)
        assert abs(float(shown.replace(",", "")) - cost) <= 0.03 * cost, f"{name}: {shown} shown, {cost:.1f} measured"
        assert met == ("yes" if cost <= float(target.replace(",", "")) else "no"), name


def test_run_for_a_person():
    """`make run` with words for either command line; those that nobody knows are named."""
    words = {"HV_OPTIONS": "nosuch=1", "DOM0_OPTIONS": "neither=2 ramdisk=64k"}
    line = pexpect.spawn(os.path.join(driver.ROOT, "scripts/run"), env={**os.environ, **words}, encoding="utf-8", timeout=60)
    try:
        line.expect("unknown option 'nosuch' ignored")
        line.expect("unknown option 'neither=2' ignored")
        line.expect("ram0: 64k")
        line.expect("dom0# ")
        line.send("\x01x")
        line.expect(pexpect.EOF)
    finally:
        line.close(force=True)


def test_defects_are_of_these_sources():
    """What `make mutate` would change stands where it is said to, once."""
    path = os.path.join(driver.ROOT, "tests/mutate/defects.py")
    defects = runpy.run_path(path)["DEFECTS"]
    for file, right, *_ in defects:
        assert len(re.findall(r"\s+".join(map(re.escape, right.split())), read(file))) == 1, f"{file}: {right}"


def test_hypervisor_from_the_environment():
    """HV=FILE counts, be it written before or after `make`."""
    for environment, words in (({"HV": "other/image"}, []), ({}, ["HV=other/image"])):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "HV", "MFLAGS"))}
        said = subprocess.run(["make", "-n", "demo", *words], cwd=driver.ROOT, env={**clean, **environment},
                              capture_output=True, text=True, check=True).stdout
        assert "HV='other/image'" in said
