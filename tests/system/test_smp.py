# SPDX-License-Identifier: MIT
"""Guests with several vcpus, on two CPUs or as many as $SMP says: Linux, and what the operator does to it."""
import os
import re
import time

import pytest

import machine as driver
from conftest import domains, lend, nothing_left_but, wait_for
from test_linux import BOOTS, OPTIONS, PROMPT, attach, clean, guest, linux_initrd
from test_operator import create_attached, gone

# On another hypervisor one CPU, and only what does not take minutes there: the same guests are slower by much.
CPUS = int(os.environ.get("SMP") or 1 + os.path.basename(driver.hypervisor()).startswith("parvus"))
VCPUS = 4


@pytest.fixture
def machine(machines, shared, linux_initrd, request):
    """CPUS processors, Linux in the initrd; the guest "smp" may stay for the next test, with all its vcpus."""
    yield from lend(machines, shared, request, "-p", str(CPUS), "-i", linux_initrd, "-a", OPTIONS,
                    check=nothing_left_but("smp"))


@pytest.fixture
def smp(machine):
    """The machine with a Linux of VCPUS vcpus up and nobody at its console."""
    if "smp" not in domains(machine):
        machine.type(f"pvctl create -c /linux/linux.cfg name=smp vcpus={VCPUS}\r")
        machine.expect("^userland ready", timeout=BOOTS)
        machine.expect(PROMPT)
        guest(machine, "dmesg -n 1")    # the kernel's messages would come between: a vcpu that goes is told of later
        machine.leave()
    return machine


def wakeups(machine, seconds):
    """How often any CPU leaves its halt in seconds in which nobody types."""
    said = machine.sh(f"pvctl debug-keys i; sleep {seconds}; pvctl debug-keys i")
    counts = [int(n) for n in re.findall(r"CPU \d+: woken (\d+) times", said)]
    assert len(counts) == 2 * CPUS, said
    return sum(counts[CPUS:]) - sum(counts[:CPUS])


@pytest.mark.parvus
def test_idle_machine_sleeps(machine):
    """Under 10 wake-ups a second with dom0 and four idle guests."""
    for number in range(4):
        create_attached(machine, f"wait.cfg name=wait{number}", "waiting")
    count = wakeups(machine, 10)
    print(f"{count} wake-ups")
    assert count < 100
    for number in range(4):
        machine.sh(f"pvctl destroy wait{number}", timeout=120)


def test_the_last_two_go_down_at_once(machine):
    """A domain has ended when no vcpu of it is up, whichever of them saw that."""
    for _ in range(20):
        machine.sh("pvctl create /test/down.cfg", timeout=120)
        gone(machine, "down")


def online(machine):
    """The vcpus of "smp" that are up, as vcpu-list tells."""
    rows = machine.sh("pvctl vcpu-list smp").splitlines()[1:]
    return [int(row.split()[2]) for row in rows if row.split()[4] != "--p"]


def affinities(machine):
    return re.findall(r"^smp .* (\S+) / (\S+)$", machine.sh("pvctl vcpu-list smp"), re.M)


def test_all_vcpus_come_up(smp):
    assert online(smp) == list(range(VCPUS))
    attach(smp, "smp")
    assert guest(smp, "nproc").strip() == str(VCPUS)
    clean(smp)
    smp.leave()


@pytest.mark.parvus
@pytest.mark.parametrize("part", "forks threads churn shares clocks vectors".split())
def test_stress(smp, part):
    """One on each vcpu: none finds anything wrong."""
    attach(smp, "smp")
    guest(smp, f"for i in 1 2 3 4; do stress 1 {part} >/tmp/$i & done; wait", timeout=300)
    assert guest(smp, "cat /tmp/1 /tmp/2 /tmp/3 /tmp/4").count(f"{part} ok, ") == VCPUS
    clean(smp)
    smp.leave()


def steal(machine):
    """Ticks of all its CPUs that the guest says it would have run but did not."""
    return int(re.search(r"^cpu +(\d+ +){7}(\d+)", guest(machine, "cat /proc/stat"), re.M)[2])


@pytest.mark.parvus
def test_stolen_time(smp):
    """More busy vcpus than they have CPUs: what one does not get, it sees as stolen."""
    smp.sh("pvctl vcpu-pin smp all 0")
    attach(smp, "smp")
    before = steal(smp)
    guest(smp, "for i in 1 2 3 4; do timeout 3 sh -c 'while :; do :; done' & done; wait; true", timeout=300)
    stolen = steal(smp) - before
    smp.leave()
    smp.sh("pvctl vcpu-pin smp all all")
    # four that want 3 s each, one CPU: 9 s stolen of 12, in ticks of 10 ms; half of it is enough
    assert stolen > 450


def test_pinning(smp):
    last = CPUS - 1
    smp.sh(f"pvctl vcpu-pin smp 1 {last} 0")
    smp.sh("pvctl vcpu-pin smp 2 - 0")
    whole = "all" if CPUS == 1 else "0"
    assert affinities(smp) == [("all", "all"), ("all" if CPUS == 1 else str(last), whole), ("all", whole),
                               ("all", "all")]
    attach(smp, "smp")
    guest(smp, "timeout 1 taskset 2 sh -c 'while :; do :; done'; true")
    smp.leave()
    row = smp.sh("pvctl vcpu-list smp").splitlines()[2].split()
    assert row[3] == str(last)
    status, said = smp.command("pvctl vcpu-pin smp 1 63")
    assert status and "none of these CPUs" in said
    smp.sh("pvctl vcpu-pin smp all all all")
    assert affinities(smp) == [("all", "all")] * VCPUS


def test_the_number_follows_vcpu_set(smp):
    smp.sh("pvctl vcpu-set -i smp 2")
    wait_for(lambda: online(smp) == [0, 1])
    attach(smp, "smp")
    assert guest(smp, "nproc").strip() == "2"
    smp.leave()
    smp.sh(f"pvctl vcpu-set -i smp {VCPUS}")
    attach(smp, "smp")
    # a distribution's udev does this when the kernel says that they are there
    guest(smp, "for n in 2 3; do until echo 1 >/sys/devices/system/cpu/cpu$n/online; do sleep 1; done; done")
    assert guest(smp, "nproc").strip() == str(VCPUS)
    clean(smp)
    smp.leave()
    assert online(smp) == list(range(VCPUS))
    status, said = smp.command("pvctl vcpu-set -i smp 5")
    assert status and "expected 1 to 4" in said
    if CPUS < VCPUS:
        status, said = smp.command(f"pvctl vcpu-set smp {VCPUS}")
        assert status and "more than the machine has" in said


@pytest.mark.parvus
def test_unplugging_under_load(smp):
    """Vcpus go and come while processes and threads use them."""
    attach(smp, "smp")
    guest(smp, "for p in forks churn faults; do stress 8 $p >/tmp/$p & done; "
               "for round in 1 2 3; do for on in 0 1; do for n in 1 2 3; do "
               "echo $on >/sys/devices/system/cpu/cpu$n/online; done; done; done; wait", timeout=400)
    assert guest(smp, "cat /tmp/forks /tmp/churn /tmp/faults").count(" ok, ") == 3
    assert guest(smp, "nproc").strip() == str(VCPUS)
    clean(smp)
    smp.leave()


@pytest.mark.parvus
def test_others_come_and_go(smp):
    """Domains are made, paused and destroyed while every vcpu of this one works."""
    attach(smp, "smp")
    guest(smp, "for p in forks churn shares segments; do stress 12 $p >/tmp/$p & done")
    smp.leave()
    for _ in range(4):
        smp.sh("pvctl create /test/wait.cfg", timeout=120)
        smp.sh("pvctl pause smp")
        smp.sh("pvctl unpause smp")
        smp.sh("pvctl destroy wait", timeout=120)
    attach(smp, "smp")
    guest(smp, "wait", timeout=300)
    assert guest(smp, "cat /tmp/forks /tmp/churn /tmp/shares /tmp/segments").count(" ok, ") == 4
    clean(smp)
    smp.leave()


def test_more_later(machine):
    """maxvcpus above vcpus: the rest is off until asked for."""
    if "smp" in domains(machine):
        machine.sh("pvctl destroy smp", timeout=120)
    machine.type("pvctl create -c /linux/linux.cfg name=smp vcpus=1 maxvcpus=2\r")
    machine.expect("^userland ready", timeout=BOOTS)
    machine.expect(PROMPT)
    machine.leave()
    wait_for(lambda: online(machine) == [0])
    machine.sh("pvctl vcpu-set -i smp 2")
    attach(machine, "smp")
    guest(machine, "until echo 1 >/sys/devices/system/cpu/cpu1/online; do sleep 1; done")
    clean(machine)
    machine.leave()
    assert online(machine) == [0, 1]
    machine.sh("pvctl destroy smp", timeout=120)


@pytest.mark.parvus
def test_destroyed_at_work(machine):
    """Ended in the middle of its boot, with all vcpus busy: nothing is left."""
    if "smp" in domains(machine):
        machine.sh("pvctl destroy smp", timeout=120)
    for pause in (0.5, 2, 3, 4):
        machine.sh(f"pvctl create /linux/linux.cfg name=smp vcpus={VCPUS}", timeout=120)
        time.sleep(pause)
        machine.sh("pvctl destroy smp", timeout=120)
