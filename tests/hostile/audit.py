# SPDX-License-Identifier: MIT
"""Is what the frame table says true? Recounts every reference from the page tables themselves.

Works on the memory of a machine that stands still, so it needs nothing of the hypervisor but the layout of
struct frame (frame.h), the virtual map (layout.h), the addresses of two symbols and, of struct domain,
that it begins with the domain's id.

For each frame: what the entries of valid page tables hold of it, what its own marks say (allocated, pinned,
partial), against its counts. What is left over must be a holder that is no page-table entry: base pointers,
descriptor tables, grants, vcpu_info; those are few, unless the guest maps its grants by the thousand, and a frame
typed L1-L3 has none that relies on the type.
"""
import array
import subprocess

PAGE = 4096
IMAGE_VIRT, IMAGE_PHYS = 0xffff82d080000000, 0x200000
FRAMETABLE, DIRECTMAP = 0xffff82e000000000, 0xffff830000000000
OURS = range(256, 272)
P, RW, US, A, PS, G, GRANT = 1, 2, 4, 1 << 5, 1 << 7, 1 << 8, 1 << 62
NONE, L1, L2, L3, L4, SEGDESC, WRITABLE, SHARED, FREE, NOT_RAM = 0, 1, 2, 3, 4, 5, 6, 7, 14, 15
VALID, PINNED, ALLOCATED, HV = 1 << 56, 1 << 57, 1 << 58, 1 << 59
NAMES = ["untyped", "L1", "L2", "L3", "L4", "descriptors", "writable", "shared"]
OTHER_HOLDERS = 64      # of one frame, usually: vcpus' bases and tables, vcpu_info, pins of grants


def frame_of(entry):
    return (entry & 0x000ffffffffff000) >> 12


class Frame:
    """One entry of the frame table, and what is counted of it anew."""

    def __init__(self, words):
        self.state, self.owner = words[0], words[1]
        self.nr_done = words[3] & 0xffff
        self.refs = self.state & 0xffffffff
        self.typed = self.state >> 32 & 0xffffff
        self.type = self.state >> 60
        self.counted = bool(self.state & ALLOCATED) + bool(self.state & PINNED)
        self.counted_typed = int(bool(self.state & PINNED))

    def is_table(self):
        return L1 <= self.type <= L4 and self.typed > 0

    def is_partial(self):
        return self.is_table() and not self.state & VALID


class Audit:
    """memory: all of the machine's RAM, from address 0, as bytes."""

    def __init__(self, memory, elf, other_holders=OTHER_HOLDERS):
        self.other_holders = other_holders
        self.words = array.array("Q")
        self.words.frombytes(memory[:len(memory) // 8 * 8])
        self.wrong = []
        symbols = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout
        self.symbol = {line.split()[-1]: int(line.split()[0], 16) for line in symbols.splitlines()}
        self.root = self.at_image("idle_l4") - DIRECTMAP
        isolated = self.at_image("entry_l4")        # 0: the machine does not isolate page tables
        self.shown_root = isolated - DIRECTMAP if isolated else self.root
        self.max_mfn = self.at_image("max_mfn")
        self.frames = {n: f for n in range(self.max_mfn) if (f := self.read_frame(n))}

    def word(self, physical):
        return self.words[physical // 8]

    def at_image(self, name):
        return self.word(self.symbol[name] - IMAGE_VIRT + IMAGE_PHYS)

    def physical(self, va):
        """By the hypervisor's own page tables; None if nothing is mapped there."""
        table = self.root
        for shift in (39, 30, 21, 12):
            entry = self.word(table + (va >> shift & 511) * 8)
            if not entry & P:
                return None
            table = frame_of(entry) * PAGE
            if shift > 12 and entry & PS:
                return table + va % (1 << shift)
        return table + va % PAGE

    def read_frame(self, n):
        where = self.physical(FRAMETABLE + n * 32)
        frame = where and Frame(self.words[where // 8:where // 8 + 4])
        return frame if frame and frame.type not in (FREE, NOT_RAM) and frame.refs else None

    def entry_of(self, table):
        """Where the entry is that maps this page table itself, as kernels do, read-only; its physical address."""
        for n, frame in self.frames.items():
            for slot in range(512) if frame.is_table() and frame.type == L1 else ():
                entry = self.word(n * PAGE + slot * 8)
                if entry & P and frame_of(entry) == table:
                    return n * PAGE + slot * 8
        return None

    def owner(self, frame):
        return self.word(frame.owner - DIRECTMAP) & 0xffff if frame.owner else None

    def complain(self, text):
        self.wrong.append(text)

    def entry(self, where, table, level, entry):
        target = self.frames.get(frame_of(entry))
        if not entry & US:
            self.complain(f"{where}: the guest's kernel could not use it: {entry:#x}")
        if level == 1 and (entry & GRANT or not target):
            return      # a grant table's reference, device memory, or our M2P
        if not target:
            self.complain(f"{where}: leads to a frame that is nobody's: {entry:#x}")
            return
        target.counted += 1
        if level > 1:
            target.counted_typed += 1
            if target.type != level - 1 or not target.state & VALID or target.owner != table.owner:
                self.complain(f"{where}: leads to no valid L{level - 1} of the same domain: {entry:#x}")
        elif entry & RW:
            target.counted_typed += 1
            if target.type != WRITABLE:
                self.complain(f"{where}: maps writable a frame that is {NAMES[target.type]}: {entry:#x}")
        if level == 1 and entry & G:
            self.complain(f"{where}: global: {entry:#x}")

    def table(self, n, frame):
        level = frame.type
        for slot in range(frame.nr_done if frame.is_partial() else 512):
            entry = self.word(n * PAGE + slot * 8)
            if level == 4 and slot in OURS:
                self.our_slot(n, frame, slot, entry)
            elif entry & P:
                self.entry(f"L{level} {n:#x} slot {slot}", frame, level, entry)

    def our_slot(self, n, frame, slot, entry):
        """260 differs by domain; 256, the M2P, user space may go without (VMASST_TYPE_m2p_strict)."""
        ours = self.word(self.shown_root + slot * 8)
        if frame.state & VALID and slot != 260 and entry & ~A != ours & ~A and (slot != 256 or entry):
            self.complain(f"L4 {n:#x} slot {slot}: is not ours: {entry:#x}")

    def balance(self, n, frame):
        others = frame.refs - frame.counted
        others_typed = frame.typed - frame.counted_typed
        limit_typed = 0 if frame.is_table() and frame.type < L4 else others
        if not 0 <= others <= self.other_holders or not 0 <= others_typed <= limit_typed:
            self.complain(f"frame {n:#x} ({NAMES[frame.type]}, d{self.owner(frame)}): {frame.refs} references, "
                          f"{frame.typed} by type; {frame.counted} and {frame.counted_typed} found")

    def run(self):
        """The list of what is wrong; also sets .tables, the number of tables looked at."""
        tables = [(n, f) for n, f in self.frames.items() if f.is_table()]
        self.tables = len(tables)
        for n, frame in tables:
            if frame.is_partial():
                frame.counted += 1
                frame.counted_typed += 1
            self.table(n, frame)
        for n, frame in self.frames.items():
            if frame.owner and not frame.state & HV:
                self.balance(n, frame)
        return self.wrong
