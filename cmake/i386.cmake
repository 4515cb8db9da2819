# 32 bits, little-endian.
set(CMAKE_SYSTEM_PROCESSOR i686)
set(HEARTH_TRIPLET i686-linux-gnu)
set(HEARTH_LIBRARIES i386-linux-gnu)
set(HEARTH_QEMU qemu-i386)
set(HEARTH_LOADER /usr/i686-linux-gnu/lib/ld-linux.so.2)
include(${CMAKE_CURRENT_LIST_DIR}/Arch.cmake)
