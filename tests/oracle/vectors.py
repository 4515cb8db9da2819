#!/usr/bin/env python3
"""The oracle reads every vector, finds every signature right, and refuses each of them with one bit changed.

Usage: vectors.py FOLDER
"""
import pathlib
import re
import sys

import ed25519
import formats


def octets(path):
    text = "".join(line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
    return bytes.fromhex(re.sub(r"\s", "", text))


def is_right(raw):
    try:
        entry = formats.Entry(raw)
    except formats.Refused:
        return False
    return ed25519.verify(entry.author, b"hearth/v1/entry\0" + raw[:-64], entry.signature)


def main():
    entries = [data for data in map(octets, sorted(pathlib.Path(sys.argv[1]).glob("*.hex"))) if data[:4] == b"HLE1"]
    types = {data[4] for data in entries}
    missing = {1, 2, 3, 4, 5, 6, 7, 9, 0x21, 0x22, 0x23, 0x24} - types
    if missing:
        sys.exit(f"no vector of types {sorted(missing)}")
    for data in entries:
        if not is_right(data):
            sys.exit(f"a vector of type {data[4]} is refused")
        for at in range(0, len(data), 37):
            if is_right(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]):
                sys.exit(f"type {data[4]} with octet {at} changed is taken")
    print(f"{len(entries)} vectors")


if __name__ == "__main__":
    main()
