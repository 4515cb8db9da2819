#!/usr/bin/env python3
"""The project's files speak of Hearth alone, and every file opens with what it is.

Usage: words.py ROOT. Exit 1 with one line a fault. Checked: C files open with a comment that begins with
their own name; no unfinished thought is left in a note; no line of prose or code is longer than 200 characters.
"""
import os
import sys

TOPS = ("ledger", "dane", "resolver", "nss-module", "tests", "docs", "cmake")
FAULTS = []
UNFINISHED = ("TO" + "DO", "FIX" + "ME")


def fault(path, number, text):
    FAULTS.append(f"{path}:{number}: {text}")


def check_file(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        lines = file.read().split("\n")
    name = os.path.basename(path)
    if path.endswith((".c", ".h")) and not path.startswith(("tests/", "docs/")):
        if not lines[0].startswith(f"/* {name}: "):
            fault(path, 1, f"does not open with '/* {name}: …'")
    for number, line in enumerate(lines, 1):
        if any(word in line for word in UNFINISHED):
            fault(path, number, "an unfinished thought: do it, or write it down where it is planned")
        if len(line) > 200 and not path.endswith((".md", ".hex")):
            fault(path, number, "longer than 200 characters")


def main():
    root = sys.argv[1]
    for top in TOPS:
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in files:
                if name.endswith((".c", ".h", ".py", ".sh", ".md", ".cmake", ".txt")):
                    check_file(root, os.path.relpath(os.path.join(folder, name), root))
    print("\n".join(sorted(FAULTS)))
    sys.exit(1 if FAULTS else 0)


main()
