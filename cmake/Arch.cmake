# What the toolchain files of other architectures share. Each sets HEARTH_TRIPLET, HEARTH_LIBRARIES (the folder
# below usr/lib), HEARTH_QEMU and perhaps HEARTH_LOADER, then includes this.
#
# HEARTH_SYSROOT is the folder into which Debian's libraries for that architecture were unpacked
# (tests/arch/sysroot.sh). Programs run under qemu-user, or by that architecture's own loader where this machine's
# processor and kernel know it too (HEARTH_EMULATE=ON: under qemu all the same). Undefined behaviour traps.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${HEARTH_TRIPLET}-gcc)
set(CMAKE_C_FLAGS_INIT "-fsanitize=undefined -fsanitize-undefined-trap-on-error")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HEARTH_SYSROOT HEARTH_EMULATE)

set(CMAKE_CROSSCOMPILING_EMULATOR ${HEARTH_QEMU} -L /usr/${HEARTH_TRIPLET})
if(HEARTH_LOADER AND NOT HEARTH_EMULATE)
  execute_process(COMMAND ${HEARTH_LOADER} --version RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if("${failed}" STREQUAL "0")
    set(CMAKE_CROSSCOMPILING_EMULATOR ${HEARTH_LOADER} --library-path /usr/${HEARTH_TRIPLET}/lib)
  endif()
endif()
string(REPLACE ";" " " runner "${CMAKE_CROSSCOMPILING_EMULATOR}")
file(WRITE ${CMAKE_BINARY_DIR}/runner.txt "${runner}\n")

set(CMAKE_FIND_ROOT_PATH ${HEARTH_SYSROOT}/usr)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${HEARTH_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${HEARTH_SYSROOT}/usr/lib/${HEARTH_LIBRARIES}/pkgconfig)
