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
# The NSS module compiles ledger/base a second time: one pass over each file is enough.
printf '%s\n' "$@" | sort -u | xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet 2>/dev/null
