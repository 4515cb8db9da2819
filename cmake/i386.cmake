# 32 bits, little-endian.
set(CMAKE_SYSTEM_PROCESSOR i686)
set(HEARTH_TRIPLET i686-linux-gnu)
set(HEARTH_LIBRARIES i386-linux-gnu)
set(HEARTH_QEMU qemu-i386)
include(${CMAKE_CURRENT_LIST_DIR}/Arch.cmake)
