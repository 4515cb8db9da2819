# What the toolchain files of other architectures share. Each sets HEARTH_TRIPLET,
# HEARTH_LIBRARIES (the folder below usr/lib) and HEARTH_QEMU, then includes this.
#
# HEARTH_SYSROOT is the folder into which Debian's libraries for that architecture were unpacked
# (tests/arch/sysroot.sh). Programs of it run under qemu-user, and undefined behaviour traps.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${HEARTH_TRIPLET}-gcc)
set(CMAKE_C_FLAGS_INIT "-fsanitize=undefined -fsanitize-undefined-trap-on-error")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HEARTH_SYSROOT)

set(CMAKE_CROSSCOMPILING_EMULATOR ${HEARTH_QEMU} -L /usr/${HEARTH_TRIPLET})
set(CMAKE_FIND_ROOT_PATH ${HEARTH_SYSROOT}/usr)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${HEARTH_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${HEARTH_SYSROOT}/usr/lib/${HEARTH_LIBRARIES}/pkgconfig)
