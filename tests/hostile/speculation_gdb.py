# SPDX-License-Identifier: MIT
"""Run by gdb for tests/hostile/speculation: a machine that stands before its first instruction.

Makes the hypervisor believe in a CPU with IBRS of the old kind, STIBP and MD_CLEAR, then follows single entries from a guest,
instruction by instruction, until the guest runs again; prints "traced: ..." for each and "wrong: ..." for what it misses.
"""
import os
import re

import gdb

EDX_7 = 1 << 10 | 1 << 26 | 1 << 27     # MD_CLEAR, IBRS and IBPB, STIBP
INSIDE, OUTSIDE, SPEC_CTRL = 3, 2, 0x48
PRESERVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")
ALL = PRESERVED + ("rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11")
# Where entries are met, how many of each are followed, and what is zero when C is called.
ENTRIES = (("syscall_entry", 6, PRESERVED[1:]), ("trap_common", 4, ALL))
STEPS = 4000
FILLING = 32            # calls that fill the return stack: they stay in the entry code
INDIRECT = re.compile(r"^(ret|(call|jmp) +\*)")


def register(name):
    return int(gdb.parse_and_eval(f"(unsigned long)${name}"))


def instruction():
    text = gdb.selected_frame().architecture().disassemble(register("rip"))[0]["asm"]
    return text.replace("(bad)", "").strip()


def fills(text):
    target = re.match(r"call +(0x[0-9a-f]+)", text)
    start, end = (int(gdb.parse_and_eval(f"(unsigned long)&entry_text_{name}")) for name in ("start", "end"))
    return bool(target) and start <= int(target[1], 16) < end


def follow():
    """[(instruction, values of the registers that matter there)] up to the guest, whose first state is the last."""
    trace = []
    while register("cs") & 3 == 0 and len(trace) < STEPS:
        text = instruction()
        state = {}
        if text.startswith(("wrmsr", "call")):
            state = {name: register(name) for name in ALL}
        trace.append((text, state))
        gdb.execute("stepi", to_string=True)
    return trace


def spec_ctrl(trace):
    """[(place, value)] of the writes to SPEC_CTRL."""
    return [(at, state["rax"]) for at, (text, state) in enumerate(trace)
            if text.startswith("wrmsr") and state["rcx"] == SPEC_CTRL]


def missing(trace, zeroed):
    writes = spec_ctrl(trace)
    indirect = [at for at, (text, _) in enumerate(trace) if INDIRECT.match(text)]
    calls = [(fills(text), state) for text, state in trace if text.startswith("call")]
    to_c = next((state for filling, state in calls if not filling), None)
    if not to_c:
        yield "no call of C"
    elif any(to_c[name] for name in zeroed):
        yield "registers that reach C: " + " ".join(f"{n}={to_c[n]:x}" for n in zeroed if to_c[n])
    if not writes or writes[0][1] != INSIDE or (indirect and writes[0][0] > indirect[0]):
        yield "SPEC_CTRL is not ours before the first indirect branch"
    if not writes or writes[-1][1] != OUTSIDE or (indirect and writes[-1][0] < indirect[-1]):
        yield "SPEC_CTRL is not the guest's after the last indirect branch"
    if not trace[-3][0].startswith("verw"):
        yield f"no VERW before the way out, but {trace[-3][0]}"
    if [filling for filling, _ in calls[:FILLING]] != [True] * FILLING:
        yield "the return stack is not filled"


def trace_one(place, zeroed):
    before = {name: register(name) for name in PRESERVED}
    trace = follow()
    if len(trace) == STEPS:
        print(f"wrong: {place}: the guest is not reached")
        return
    changed = [name for name in PRESERVED if register(name) != before[name]]
    for what in [*missing(trace, zeroed), *(f"{name} is not the guest's any more" for name in changed)]:
        print(f"wrong: {place}: {what}")
    print(f"traced: {place} {len(trace)} {trace[-1][0].split()[0]}")


def main():
    gdb.execute("set pagination off")
    gdb.execute("set confirm off")
    gdb.execute(f"target remote {os.environ['GDB_SOCKET']}", to_string=True)
    gdb.execute("hbreak *spec_decide", to_string=True)
    gdb.execute("continue", to_string=True)
    gdb.execute(f"set ((struct spec_cpu *)$rdi)->edx_7 = {EDX_7}")
    gdb.execute("set ((struct spec_cpu *)$rdi)->threads = 1")
    for place, count, zeroed in ENTRIES:
        gdb.execute("delete")
        gdb.execute(f"hbreak *{place}", to_string=True)
        while count:
            gdb.execute("continue", to_string=True)
            interrupted = int(gdb.parse_and_eval("*(unsigned long *)($rsp + 16)")) if place == "trap_common" else 3
            if interrupted & 3:
                trace_one(place, zeroed)
                count -= 1
    gdb.execute("delete")
    gdb.execute("detach", to_string=True)


try:
    main()
except gdb.error as cause:
    print(f"wrong: gdb: {cause}")
