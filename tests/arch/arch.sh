#!/usr/bin/env bash
# Builds ledger/ and its unit tests for another architecture, runs them all, and compares what it makes of fixed
# households with what this machine makes of them.
#
#   tests/arch/arch.sh ARCH SOURCE BUILD SYSROOT
#
# Exit 0 pass, 1 fail, 77 when the compiler, the emulator or the libraries are not there. HEARTH_HISTORIES and
# HEARTH_DAMAGES: how many histories and damages the longest tests try (an emulator is slow).
set -euo pipefail

arch=$1 source=$(realpath "$2") build=$(realpath "$3") sysroot=$(realpath -m "$4")
export HEARTH_HISTORIES=${HEARTH_HISTORIES:-20} HEARTH_DAMAGES=${HEARTH_DAMAGES:-20}

missing() {
    echo "$1 is missing: ./bootstrap test installs it"
    exit 77
}
compiler=$(sed -n 's/^set(HEARTH_TRIPLET \(.*\))$/\1-gcc/p' "$source/cmake/$arch.cmake")
emulator=$(sed -n 's/^set(HEARTH_QEMU \(.*\))$/\1/p' "$source/cmake/$arch.cmake")
command -v "$compiler" >/dev/null || missing "$compiler"
command -v "$emulator" >/dev/null || missing "$emulator"
[ -e "$sysroot/.complete" ] || missing "$sysroot"

cross=$build/arch/$arch
launcher=$(command -v ccache || true)
cmake -S "$source" -B "$cross" -G Ninja --toolchain "$source/cmake/$arch.cmake" -DHEARTH_SYSROOT="$sysroot" \
    -DHEARTH_LEDGER_ONLY=ON -DHEARTH_TESTS=ON -DHEARTH_WERROR=ON -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER_LAUNCHER="$launcher"
cmake --build "$cross"
ctest --test-dir "$cross" -j2 --timeout 600 --no-tests=error --output-on-failure

cd "$cross"
"$build/bin/arch_digest" >here.txt
read -ra runner <runner.txt
"${runner[@]}" bin/arch_digest >there.txt
lines=$(grep -c '^history\|^vector' here.txt)
[ "$lines" -ge $((HEARTH_HISTORIES * 5)) ] || { echo "too few digests: $lines"; exit 1; }
diff here.txt there.txt || { echo "$arch makes something else of the same households"; exit 1; }
echo "$lines digests are the same on $arch"
