#!/usr/bin/env python3
"""The house keeps its floors: no include goes up, runs in a circle, or reaches for a foreign library
outside that library's home.

Usage: includes.py ROOT        exit 0 and silent, or one line a fault and exit 1
       includes.py --selftest  builds small houses with one fault each and sees every one found

The map is docs/architecture.md's: a folder has a floor, an include goes down or stays in its folder.
"""
import os
import re
import sys
import tempfile

# Folder (longest match decides) -> floor, and the folders of the same floor that it may also include.
FLOORS = {
    "ledger/base": (0, ()),
    "ledger": (1, ()),
    "dane": (1, ()),
    "nss-module": (1, ()),
    "resolver": (2, ()),
    "resolver/daemon": (2, ("resolver",)),
    "resolver/cli": (3, ("dane/proxy",)),
    "dane/proxy": (3, ()),
}
# What a folder may include below itself, where that is less than all lower floors.
ONLY = {"nss-module": {"ledger/base"}, "dane": {"ledger/base"}, "ledger": {"ledger/base"}}

# Foreign header (prefix) -> the files or folders ("…/") that are its home.
HOMES = {
    "sodium": ["ledger/crypt.c"],
    "lmdb.h": ["ledger/store_lmdb.c"],
    "openssl/": ["dane/"],
    "ldns/": ["resolver/record_text.c", "resolver/import_text.c"],
    "unbound": ["resolver/upstream_unbound.c"],
    "event2/": ["resolver/daemon/", "resolver/upstream_unbound.c", "dane/proxy/"],
    "event.h": [],
    "jansson.h": ["resolver/daemon/", "resolver/cli/", "dane/proxy/"],
    "seccomp.h": ["resolver/daemon/sandbox.c"],
    "ini.h": ["resolver/daemon/config.c"],
    "qrencode.h": ["resolver/cli/qr.c"],
    "idn2.h": ["resolver/cli/idn.c"],
}
# Any other <…> header must be libc's or the kernel's.
LIBC = re.compile(
    r"^(assert|complex|ctype|dirent|endian|err|errno|fcntl|float|getopt|grp|inttypes|langinfo|limits|"
    r"locale|math|netdb|nss|poll|pthread|pwd|resolv|sched|setjmp|signal|stdalign|stdarg|stdatomic|"
    r"stdbool|stddef|stdint|stdio|stdlib|string|strings|syslog|termios|threads|time|unistd|wchar|wctype)"
    r"\.h$|^(arpa|net|netinet|sys|linux|bits|asm)/")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCES = ("ledger", "dane", "resolver", "nss-module")
# An installed header stands alone and is included by users as they find it.
INSTALLED = {"dane/hearth-dane.h"}


def sources(root):
    for top in SOURCES:
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def includes(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            found = INCLUDE.match(line)
            if found:
                yield number, found.group(1) == "<", found.group(2)


def folder_of(path):
    folder = os.path.dirname(path)
    while folder and folder not in FLOORS:
        folder = os.path.dirname(folder)
    return folder


def at_home(path, homes):
    return any(path == home or (home.endswith("/") and path.startswith(home)) for home in homes)


def foreign_fault(path, header):
    for prefix, homes in HOMES.items():
        if header.startswith(prefix):
            return None if at_home(path, homes) else f"<{header}> outside its home {homes}"
    return None if LIBC.match(header) else f"<{header}> is no library of this house"


def floor_fault(path, target):
    here, there = folder_of(path), folder_of(target)
    if not there:
        return f'"{target}" is on no floor'
    if here == there:
        return None
    floor, beside = FLOORS[here]
    if here in ONLY and there not in ONLY[here]:
        return f'"{target}": {here}/ includes {sorted(ONLY[here])} only'
    if FLOORS[there][0] < floor or there in beside:
        return None
    return f'"{target}" goes up or across, from {here}/ (floor {floor}) to {there}/ (floor {FLOORS[there][0]})'


def own_header_fault(path, first):
    own = path[:-2] + ".h"
    return own if path.endswith(".c") and first is not None and first != own else None


def circles(graph):
    state, stack, found = {}, [], []

    def visit(node):
        state[node] = 1
        stack.append(node)
        for target in graph.get(node, ()):
            if state.get(target) == 1:
                found.append(stack[stack.index(target):] + [target])
            elif target not in state:
                visit(target)
        stack.pop()
        state[node] = 2

    for node in sorted(graph):
        if node not in state:
            visit(node)
    return found


def check(root):
    faults, graph = [], {}
    for path in sources(root):
        graph[path] = []
        first_own = None
        seen_any = False
        for number, foreign, header in includes(root, path):
            if foreign:
                fault = foreign_fault(path, header)
            elif not os.path.exists(os.path.join(root, header)):
                fault = f'"{header}" is not a path from the root'
            else:
                graph[path].append(header)
                fault = None if header in INSTALLED else floor_fault(path, header)
            if not seen_any:
                seen_any, first_own = True, header
            if fault:
                faults.append(f"{path}:{number}: {fault}")
        own = own_header_fault(path, first_own)
        if own and os.path.exists(os.path.join(root, own)) and own not in INSTALLED:
            faults.append(f"{path}: its own header {own} is not included first")
    faults += ["circle: " + " -> ".join(circle) for circle in circles(graph)]
    return faults


def selftest():
    houses = {
        "good": ({"ledger/a.c": '#include "ledger/base/b.h"\n#include <string.h>\n', "ledger/base/b.h": ""}, None),
        "up": ({"ledger/base/b.c": '#include "ledger/a.h"\n', "ledger/a.h": ""}, "base"),
        "across": ({"dane/a.c": '#include "ledger/a.h"\n', "ledger/a.h": ""}, "dane"),
        "daemon from resolver": ({"resolver/a.c": '#include "resolver/daemon/a.h"\n', "resolver/daemon/a.h": ""}, "across"),
        "proxy from the CLI": ({"resolver/cli/a.c": '#include "dane/proxy/a.h"\n', "dane/proxy/a.h": ""}, None),
        "CLI from the proxy": ({"dane/proxy/a.c": '#include "resolver/cli/a.h"\n', "resolver/cli/a.h": ""}, "across"),
        "circle": ({"ledger/a.h": '#include "ledger/b.h"\n', "ledger/b.h": '#include "ledger/a.h"\n'}, "circle"),
        "foreign": ({"ledger/a.c": "#include <lmdb.h>\n"}, "outside its home"),
        "unknown": ({"ledger/a.c": "#include <curl/curl.h>\n"}, "no library"),
        "relative": ({"ledger/a.c": '#include "b.h"\n', "ledger/b.h": ""}, "not a path"),
        "own header late": ({"ledger/a.c": '#include <string.h>\n#include "ledger/a.h"\n', "ledger/a.h": ""}, "first"),
        "nss reaches the ledger": ({"nss-module/a.c": '#include "ledger/a.h"\n', "ledger/a.h": ""}, "only"),
    }
    for name, (files, expected) in houses.items():
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            faults = check(root)
        if bool(faults) != bool(expected) or (expected and not any(expected in f for f in faults)):
            sys.exit(f"selftest '{name}': expected {expected!r}, found {faults}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--selftest"]:
        selftest()
    else:
        FAULTS = check(sys.argv[1])
        print("\n".join(FAULTS))
        sys.exit(1 if FAULTS else 0)
