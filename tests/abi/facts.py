# SPDX-License-Identifier: MIT
"""What a set of public headers says, as a dictionary from name to fact.

Nothing is listed by hand: macros come from the preprocessor (-dD), types from the debug information of a
program that includes every header. Facts are texts made to be compared between two sets of headers:

    macro NAME          value, size and signedness if it is an integer expression, else its expansion
    macro NAME(n)       value at sample arguments if it is an integer expression of its n parameters
    constant NAME       value of an enumerator
    type T              size of a structure, union or enum; what a typedef stands for
    field T.a.b         offset, size and type of a member, unnamed structures passed through
"""
import os
import re
import subprocess

# Included before the headers in both sets; what these define is not a fact of either.
BEFORE = "#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n#include <errno.h>\n"
SAMPLES = ("1", "6", "0x1234", "0x7fff8000")
# Written in our own words: only the number of messages is part of the interface.
OWN_TEXT = {"GNTTABOP_error_msgs"}

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|\S')


class Failure(Exception):
    """The headers do not compile."""


def run(command, source=None):
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class Headers:
    """One set of headers: directory `root` (holding xen/), seen with the macros `defines`."""

    def __init__(self, root, names, defines, scratch, extra=()):
        self.root, self.names, self.scratch = os.path.abspath(root), names, scratch
        flags = [f"-I{path}" for path in (*extra, root)]
        self.gcc = ["gcc", "-std=gnu11", "-Werror=implicit", *flags, *defines]
        self.text = BEFORE + "".join(f"#include <xen/{name}>\n" for name in names)
        os.makedirs(scratch, exist_ok=True)

    def facts(self):
        found = self.macros()
        found.update(self.types())
        return found

    # ---- macros ----

    def defined(self):
        """(name, number of parameters or None) of each macro that a header under root defines."""
        status, text, errors = run([*self.gcc, "-E", "-dD", "-xc", "-"], self.text)
        if status:
            raise Failure(errors)
        here, macros = False, {}
        for line in text.splitlines():
            if marker := re.match(r'# \d+ "([^"]*)"', line):
                path = os.path.abspath(marker[1])
                here = path.startswith(os.path.join(self.root, "xen") + os.sep)
                if not here and "/xen/" in path and os.path.basename(path) != "lib.h":
                    raise Failure(f"a header of another set was included: {path}")
            elif here and (define := re.match(r"#define (\w+)(\(([^)]*)\))?", line)):
                macros[define[1]] = None if define[2] is None else len(define[3].split(","))
            elif here and (undef := re.match(r"#undef (\w+)", line)):
                macros.pop(undef[1], None)
        return macros

    def macros(self):
        defined = self.defined()
        expansions = self.expand([name for name, parameters in defined.items() if parameters is None])
        asked = {}
        for name, parameters in defined.items():
            if parameters is not None:
                asked[f"macro {name}({parameters})"] = [
                    f"{name}({', '.join([sample] * parameters)})" for sample in SAMPLES]
            elif not expansions[name].startswith(('"', "{")):
                asked[f"macro {name}"] = [name]
        facts = self.evaluate(asked)
        for name, parameters in defined.items():
            if parameters is not None:
                facts.setdefault(f"macro {name}({parameters})", "not an integer expression")
            elif name in OWN_TEXT:
                facts[f"macro {name}"] = f"{expansions[name].count(chr(34)) // 2} texts"
            else:
                facts.setdefault(f"macro {name}", f"stands for '{expansions[name]}'")
        return facts

    def expand(self, names):
        mark = "@@"
        source = self.text + "".join(f'\n"{mark}{name}" {name}\n' for name in names) + f'"{mark}"\n'
        status, text, errors = run([*self.gcc, "-E", "-P", "-xc", "-"], source)
        if status:
            raise Failure(errors)
        parts = re.split(rf'"{mark}(\w*)"', text)
        return {name: " ".join(TOKEN.findall(body)) for name, body in zip(parts[1::2], parts[2::2]) if name}

    def evaluate(self, asked):
        """Prints each expression from a program; lines the compiler refuses are no integer expressions."""
        keys = list(asked)
        while True:
            body = []
            for number, key in enumerate(keys):
                prints = "".join(
                    f'printf(" %lld", (long long)({expression}));' for expression in asked[key])
                kind = ""
                if len(asked[key]) == 1:
                    kind = (f'printf(" %zu bytes %ssigned", sizeof({asked[key][0]}), '
                            f'(__typeof__(({asked[key][0]}) + 0))-1 < 0 ? "" : "un");')
                body.append(f'static void f{number}(void) {{ printf("{number}"); {prints} {kind} puts(""); }}\n')
            head = self.text + "#include <stdio.h>\n"
            calls = "int main(void) {" + "".join(f" f{n}();" for n in range(len(keys))) + " return 0; }\n"
            program = os.path.join(self.scratch, "values")
            status, _, errors = run([*self.gcc, "-ftrack-macro-expansion=0", "-O0", "-xc", "-", "-o", program],
                                    head + "".join(body) + calls)
            if not status:
                break
            first = head.count("\n") + 1
            refused = {int(line) - first for line in re.findall(r"<stdin>:(\d+):\d+: (?:fatal )?error", errors)}
            refused &= set(range(len(keys)))
            if not refused:
                raise Failure(errors)
            keys = [key for number, key in enumerate(keys) if number not in refused]
        status, text, errors = run([program])
        if status:
            raise Failure(f"the program that prints the values ended with status {status}: {errors}")
        answers = dict(line.split(" ", 1) for line in text.splitlines())
        return {key: answers[str(number)] for number, key in enumerate(keys)}

    # ---- types ----

    def types(self):
        ours, before = self.debug_types(self.text), self.debug_types(BEFORE)
        return {key: fact for key, fact in ours.items() if key not in before}

    def debug_types(self, source):
        target = os.path.join(self.scratch, "types.o")
        status, _, errors = run([*self.gcc, "-g", "-gdwarf-4", "-fno-eliminate-unused-debug-types", "-c", "-xc",
                                 "-", "-o", target], source)
        if status:
            raise Failure(errors)
        return Types(run(["readelf", "--debug-dump=info", target])[1]).facts()


class Types:
    """The types in a program's debug information, as readelf prints it."""

    AGGREGATES = {"structure_type": "struct", "union_type": "union", "enumeration_type": "enum"}

    def __init__(self, text):
        self.entries, stack = {}, []
        entry = None
        for line in text.splitlines():
            if head := re.match(r" <(\w+)><(\w+)>: Abbrev Number: \d+ \(DW_TAG_(\w+)\)", line):
                depth = int(head[1], 16)
                entry = {"tag": head[3], "children": []}
                self.entries[int(head[2], 16)] = entry
                del stack[depth:]
                if stack:
                    stack[-1]["children"].append(entry)
                stack.append(entry)
            elif entry and (attribute := re.match(r"\s+<\w+>\s+DW_AT_(\w+)\s*: (.*)", line)):
                value = re.sub(r"^\(ind[^)]*\): ", "", attribute[2]).strip()
                entry[attribute[1]] = value

    def target(self, entry):
        return self.entries[int(entry["type"].strip("<>"), 16)] if "type" in entry else None

    def size(self, entry):
        if entry is None:
            return 0
        tag = entry["tag"]
        if tag == "array_type":
            count = 1
            for bound in entry["children"]:
                count *= self.length(bound)
            return count * self.size(self.target(entry))
        if "byte_size" in entry:
            return int(entry["byte_size"], 0)
        return self.size(self.target(entry))

    @staticmethod
    def length(bound):
        if "count" in bound:
            return int(bound["count"], 0)
        # A flexible array has no upper bound, a [0] one has none either or -1 as 64 bits.
        return (int(bound["upper_bound"], 0) + 1) % (1 << 64) if bound.get("upper_bound", "x")[0].isdigit() else 0

    def describe(self, entry):
        """The type as C would say it, typedefs resolved: two headers may use different ones for the same."""
        if entry is None:
            return "void"
        tag, target = entry["tag"], self.target(entry)
        if tag in self.AGGREGATES:
            return f"{self.AGGREGATES[tag]} {entry.get('name', '')}".strip()
        if tag == "array_type":
            return self.describe(target) + "".join(f"[{self.length(bound)}]" for bound in entry["children"])
        if tag == "pointer_type":
            return self.describe(target) + " *"
        if tag == "const_type":
            return "const " + self.describe(target)
        return entry["name"] if tag == "base_type" else self.describe(target)

    def fields(self, aggregate, path, base, facts):
        for member in aggregate["children"]:
            if member["tag"] != "member":
                continue
            offset = base + int(member.get("data_member_location", "0"), 0)
            target = self.target(member)
            name = f"{path}.{member['name']}" if "name" in member else path
            if "name" in member:
                facts[f"field {name}"] = f"at {offset}, {self.size(target)} bytes, {self.describe(target)}"
            element = target
            while element and element["tag"] == "array_type":
                element = self.target(element)
            if element and element["tag"] in ("structure_type", "union_type") and "name" not in element:
                # Elements of an array of unnamed structures: offsets within one element.
                self.fields(element, name, offset if element is target else 0, facts)

    def facts(self):
        facts = {}
        for entry in self.entries.values():
            tag, name = entry["tag"], entry.get("name")
            if tag == "enumerator":
                facts[f"constant {name}"] = entry["const_value"]
            elif tag == "typedef":
                target = self.target(entry)
                facts[f"type {name}"] = f"{self.size(target)} bytes, {self.describe(target)}"
                if target and target["tag"] in self.AGGREGATES and "name" not in target:
                    self.fields(target, name, 0, facts)
            elif tag in self.AGGREGATES and name and "declaration" not in entry:
                facts[f"type {self.AGGREGATES[tag]} {name}"] = f"{self.size(entry)} bytes"
                self.fields(entry, f"{self.AGGREGATES[tag]} {name}", 0, facts)
        return facts
