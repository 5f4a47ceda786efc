# SPDX-License-Identifier: MIT
"""Guests that attack the hypervisor, the control domain and each other (tests/hostile): after each the machine
serves others, has its memory back, and the audit of all its frames and page tables finds nothing."""
import re
import time

import pytest

from conftest import BUILD, QUIET, audit, free_memory, initrd_with, wait_for

SECONDS = 5
PATIENCE = 240      # seconds, with a guest on a busy machine


@pytest.fixture(scope="module")
def hostile_initrd(tmp_path_factory):
    """build/initrd.cpio with the hostile guests added as /hostile/NAME.elf and NAME.cfg."""
    files = {}
    for image in (BUILD / "hostile").iterdir():
        files[f"hostile/{image.name}"] = image
        files[f"hostile/{image.stem}.cfg"] = (
            f'name = "{image.stem}"\nkernel = "/hostile/{image.name}"\nmemory = 32\nvcpus = 2\n'
            f'cmdline = "{SECONDS}"\n')
    return initrd_with(tmp_path_factory.mktemp("hostile") / "hostile.cpio", BUILD / "initrd.cpio", files)


def free_and_tree(machine):
    return free_memory(machine), machine.sh("pvctl xenstore ls /")


def nothing_left(machine, before):
    """All that a guest had is back. Of one that ended itself the store's entries go last, when it is in no list any more."""
    def back():
        free, tree = free_and_tree(machine)
        return tree == before[1] and before[0] - free in (0, 1)     # memory as conftest's memory_is_back

    audit(machine)
    wait_for(back)


def test_rings(boot, hostile_initrd):
    machine = boot("-i", hostile_initrd, "-a", QUIET)
    machine.prompt()
    before = free_and_tree(machine)
    machine.sh("pvctl create /hostile/rings.cfg")

    # Another guest meanwhile: it talks to the store, prints, and obeys.
    machine.type("pvctl create -c /etc/pvctl/hello.cfg\r")
    machine.expect("my name is hello")
    machine.leave()
    machine.sh("pvctl shutdown -w hello", timeout=PATIENCE)
    assert "bye: poweroff" in machine.sh("pvctl console -l hello")
    machine.sh("pvctl xenstore write /watched x; pvctl xenstore rm /watched")

    await_end(machine, "rings")
    assert re.search(r"attacked \d{3,} times", machine.sh("pvctl console -l rings"))
    nothing_left(machine, before)


# --- guests on the kit alone: each says what it expected and got ---

@pytest.fixture(scope="module")
def attacked(machines, hostile_initrd, request):
    """A machine that all of them attack, one after the other."""
    machine, path = machines.boot("attacks", "-i", hostile_initrd, "-a", QUIET)
    machine.prompt()
    yield machine
    machines.discard(machine, path, keep=any(hasattr(item, "failed") for item in request.session.items))


def lives(machine, name):
    return re.search(rf"^{name} ", machine.sh("pvctl list", timeout=PATIENCE), re.M)


def await_end(machine, *names):
    """Until the store, which is the last to know of them, has none of them any more; with pauses that leave them the CPU."""
    while re.search(rf'name = "({"|".join(names)})"', machine.sh("sleep 0.2; pvctl xenstore ls /", timeout=PATIENCE)):
        pass


def attack(machine, name, arguments="", wild=None, more=""):
    """Runs the guest to its end, with audits meanwhile; returns what it printed. What ends only by chance, once it has
    printed `wild`, is given 4 seconds of that. more: of its configuration."""
    before = free_and_tree(machine)
    machine.sh(f"pvctl create /hostile/{name}.cfg 'cmdline=\"{arguments}\"{more}'")
    end = time.monotonic() + PATIENCE
    while lives(machine, name):
        audit(machine)
        if wild and wild in machine.sh(f"pvctl console -l {name}"):
            end, wild = time.monotonic() + 4, None
        if time.monotonic() > end:
            machine.command(f"pvctl destroy {name}")        # which it may forestall
        machine.sh("sleep 0.1")
    nothing_left(machine, before)
    return machine.sh(f"pvctl console -l {name}")


def holds(said):
    """Every expectation of a guest came true, and it got to its end."""
    wrong = re.findall(r"^not ok .*", said, re.M)
    assert not wrong, "\n".join(wrong)
    assert re.search(r"^end of test: [1-9]\d* ok, 0 not ok", said, re.M), said[-500:]


@pytest.mark.parvus
@pytest.mark.parametrize("name", ["alias", "entries", "escape", "exhaust", "modes"])
def test_attack(attacked, name):
    holds(attack(attacked, name))


def test_network_card(attacked):
    """A frontend that lies, while the switch is there for another; afterwards that one is told to go and goes."""
    attacked.sh("pvctl create /etc/pvctl/hello.cfg 'vif=[\"mac=00:16:3e:00:00:02\"]'")
    card = '; vif=["mac=00:16:3e:00:00:01"]'
    # For as many grants as the control domain ever maps at once the hypervisor keeps room: the first time makes it.
    attacked.sh(f"pvctl create /hostile/vif.cfg 'cmdline=\"\"{card}'")
    await_end(attacked, "vif")
    said = attack(attacked, "vif", more=card)
    holds(said)
    assert len(re.findall(r"^lie .*: (?:told|answered)", said, re.M)) > 8, said
    attacked.sh("pvctl shutdown -w hello")


def test_pair(attacked):
    """Two domains that grant each other everything, rightly and wrongly; one dies while the other holds its pages."""
    before = free_and_tree(attacked)
    for role in ("give", "take"):
        attacked.sh(f"pvctl create /hostile/pair.cfg 'cmdline=\"{role}\"; name=\"{role}\"'")
    while lives(attacked, "give"):
        audit(attacked)
    assert lives(attacked, "take")
    attacked.sh("pvctl create /hostile/leftovers.cfg 'cmdline=\"plant\"'")     # fills memory with a pattern
    while lives(attacked, "leftovers"):
        audit(attacked)
    holds(attacked.sh("pvctl console -l leftovers"))
    attacked.sh("pvctl mem-max take 40")        # it waits for that
    while lives(attacked, "take"):
        audit(attacked)
        attacked.sh("sleep 0.1")
    holds(attacked.sh("pvctl console -l give"))
    holds(attacked.sh("pvctl console -l take"))
    nothing_left(attacked, before)


def test_transfer(attacked):
    """One domain gives the other what is not its own to give, or to none; the other changes its mind, is full, and dies."""
    before = free_and_tree(attacked)
    for role in ("give", "take"):
        attacked.sh(f"pvctl create /hostile/transfer.cfg 'cmdline=\"{role}\"; name=\"{role}\"'")
    while lives(attacked, "give") or lives(attacked, "take"):
        audit(attacked)
        attacked.sh("sleep 0.1")
    holds(attacked.sh("pvctl console -l give"))
    holds(attacked.sh("pvctl console -l take"))
    nothing_left(attacked, before)


def test_store(attacked):
    """Of the store a guest gets what is its own, and of that not too much."""
    attacked.sh("pvctl create -p /etc/pvctl/hello.cfg")
    victim = attacked.sh("pvctl domid hello").strip()
    holds(attack(attacked, "store", f"abuse {int(victim) + 2}"))
    attacked.sh("pvctl destroy hello")


def requests(said):
    return int(re.search(r"^# \w+: (\d+) requests", said, re.M)[1])


def test_store_share(attacked):
    """Who floods the store with dear requests does not keep it from another."""
    attacked.sh(f"pvctl create /hostile/store.cfg 'cmdline=\"flood {SECONDS}\"; name=\"flood\"'")
    attacked.sh(f"pvctl create /hostile/store.cfg 'cmdline=\"polite {SECONDS}\"; name=\"polite\"'")
    await_end(attacked, "flood", "polite")
    flood, polite = (attacked.sh(f"pvctl console -l {name}") for name in ("flood", "polite"))
    holds(flood)
    holds(polite)
    print(f"{requests(flood)} dear requests, {requests(polite)} of another guest meanwhile")
    assert requests(polite) > requests(flood)


@pytest.mark.parvus
def test_no_stack(boot):
    """A domain that cannot be entered for an event has ended, though nothing wakes its CPU again."""
    machine = boot("-p", "1", "-d", str(BUILD / "hostile/nostack.elf"), "-i", "")
    machine.expect(r"crashed: no room for a frame below its kernel stack 00007ffffffff000")
    machine.expect("Domain 0 ended: reason 3")


@pytest.mark.parvus
def test_leftovers(attacked):
    """What one domain left in memory and registers, the next does not find."""
    holds(attack(attacked, "leftovers", "plant"))
    holds(attack(attacked, "leftovers", "look"))


@pytest.mark.parvus
def test_registers(attacked):
    """Two domains that take turns: neither sees what the other has in its vector registers."""
    for name in ("one", "two"):
        attacked.sh(f"pvctl create /hostile/leftovers.cfg 'cmdline=\"hold 3\"; name=\"{name}\"'")
    await_end(attacked, "one", "two")
    for name in ("one", "two"):
        holds(attacked.sh(f"pvctl console -l {name}"))


@pytest.mark.parvus
def test_hypercalls(attacked):
    """Most seeds get through the careful phase; how a guest ends itself in the wild one is its own affair."""
    far = [re.search(r"careful: (\d+) calls", attack(attacked, "hypercalls", f"{seed} 5000", wild="careful:"))
           for seed in range(1, 17)]
    assert sum(int(found.group(1)) for found in far if found) >= 40000


@pytest.mark.parvus
def test_double_fetch(attacked):
    """Two vcpus make the same kinds of calls with the same arguments, each changing what the other has read."""
    said = [attack(attacked, "hypercalls", f"{seed} 20000 2", wild="careful:") for seed in range(11, 17)]
    calls = [re.search(r"the other vcpu: (\d+) calls\nok both", text) for text in said]
    print(f"calls of the other vcpu in each guest: {[int(found[1]) if found else None for found in calls]}")
    assert sum(found is not None for found in calls) >= 4, "\n---\n".join(text[-300:] for text in said)


VIRTUAL_SECONDS = 2
LONGEST_WAIT = 500      # ms, of a guest that wants little, while the hostile ones want all


@pytest.mark.parvus
@pytest.mark.parametrize("attackers", [["storm"], ["hoard", "hoard", "store flood", "store flood"]], ids=["storm", "hoarders"])
def test_others_are_served(boot, hostile_initrd, attackers):
    """Guests that do all to keep the CPU; fork bombs of what domains can have and of what the store can hold, all at once.
    What another guest waits meanwhile, for the CPU and for the control domain's answers, is counted in virtual time, so that it
    does not depend on how busy this machine is. On one processor: where they wait for each other, an emulator that counts
    instructions may give one of several no turn."""
    machine = boot("-I", "-p", "1", "-i", hostile_initrd, "-a", QUIET)
    machine.prompt()
    before = free_and_tree(machine)
    names = {f"attack{n}": f"{words} {VIRTUAL_SECONDS}" for n, words in enumerate(attackers)}
    names["victim"] = f"victim {VIRTUAL_SECONDS - 1} {LONGEST_WAIT}"
    for name, words in names.items():
        config, _, arguments = words.partition(" ")
        machine.sh(f"pvctl create /hostile/{config}.cfg 'cmdline=\"{arguments}\"; name=\"{name}\"'", timeout=PATIENCE)
    await_end(machine, *names)
    for name in names:
        said = machine.sh(f"pvctl console -l {name}")
        print("\n".join(re.findall(r"^# .*", said, re.M)))
        holds(said)
    nothing_left(machine, before)
