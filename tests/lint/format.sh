#!/bin/sh
# Every C file is as clang-format would write it. Usage: format.sh ROOT
set -eu
cd "$1"
find ledger dane resolver nss-module tests docs \( -name '*.c' -o -name '*.h' \) \
    ! -name crc32c_table.h -print0 | xargs -0 clang-format --dry-run -Werror
