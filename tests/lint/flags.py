#!/usr/bin/env python3
"""Whatever is built, assertions stay in it and it is hardened.

Usage: flags.py SOURCE COMPILER. Configures ledger/ once for each of CMake's configurations and reads how each file
would be compiled. Exit 1 with one line a fault.
"""
import json
import os
import subprocess
import sys
import tempfile

CONFIGURATIONS = ("Release", "RelWithDebInfo", "MinSizeRel", "Debug")
NEEDED = ("-D_FORTIFY_SOURCE=2", "-fstack-protector-strong")


def commands(source, compiler, configuration, folder):
    subprocess.run(["cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DHEARTH_LEDGER_ONLY=ON",
                    f"-DCMAKE_BUILD_TYPE={configuration}", f"-DCMAKE_C_COMPILER={compiler}"],
                   check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
        return json.load(file)


def main():
    source, compiler = sys.argv[1:3]
    faults = set()
    for configuration in CONFIGURATIONS:
        with tempfile.TemporaryDirectory(prefix="hearth-flags.") as folder:
            rows = commands(source, compiler, configuration, folder)
        if not rows:
            faults.add(f"{configuration}: nothing is compiled")
        for row in rows:
            words = row["command"].split()
            if "-DNDEBUG" in words:
                faults.add(f"{configuration}: assertions are left out")
            for flag in NEEDED:
                if flag not in words:
                    faults.add(f"{configuration}: {flag} is missing")
    print("\n".join(sorted(faults)))
    sys.exit(1 if faults else 0)


main()
