#!/bin/sh
# clang-tidy with the repository's settings over every source of the product.
# Usage: tidy.sh ROOT BUILD [FILE…]; BUILD has compile_commands.json.
set -eu
root=$1
build=$2
shift 2
cd "$root"
if [ $# -eq 0 ]; then
    set -- $(find ledger dane resolver nss-module -name '*.c')
fi
# The NSS module compiles ledger/base a second time: one pass over each file is enough. One file a run: over
# several, clang-tidy 14 invents va_list faults.
printf '%s\n' "$@" | sort -u | xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet 2>/dev/null
