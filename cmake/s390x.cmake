# 64 bits, big-endian.
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(HEARTH_TRIPLET s390x-linux-gnu)
set(HEARTH_LIBRARIES s390x-linux-gnu)
set(HEARTH_QEMU qemu-s390x)
include(${CMAKE_CURRENT_LIST_DIR}/Arch.cmake)
