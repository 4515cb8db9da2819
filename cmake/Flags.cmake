# Warnings, hardening and sanitizers, as interface targets that every target of ours links.
add_library(hearth_warnings INTERFACE)
target_compile_options(hearth_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef -Wvla
  -Wformat=2 -Wpointer-arith -Wcast-qual)
if(HEARTH_WERROR)
  target_compile_options(hearth_warnings INTERFACE -Werror)
endif()

add_library(hearth_flags INTERFACE)
target_include_directories(hearth_flags INTERFACE ${CMAKE_SOURCE_DIR})
# 64-bit offsets and inode numbers where the machine's own are smaller (docs/testing.md, "Other machines").
target_compile_definitions(hearth_flags INTERFACE _GNU_SOURCE HEARTH_VERSION="${PROJECT_VERSION}")
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  target_compile_definitions(hearth_flags INTERFACE _FILE_OFFSET_BITS=64)
endif()
# And times after 2038, for targets whose foreign libraries take no time_t.
add_library(hearth_wide_time INTERFACE)
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
  target_compile_definitions(hearth_wide_time INTERFACE _TIME_BITS=64)
endif()
target_link_libraries(hearth_flags INTERFACE hearth_warnings)

# Hardening: what Debian builds its own daemons with, and full RELRO.
add_library(hearth_hardened INTERFACE)
target_compile_options(hearth_hardened INTERFACE
  -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|i.86")
  target_compile_options(hearth_hardened INTERFACE -fcf-protection)
endif()
# It needs an optimiser, and sanitizers have checks of their own.
if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel|Debug)$" AND NOT HEARTH_SANITIZE)
  target_compile_options(hearth_hardened INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
target_link_options(hearth_hardened INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)

# Sanitizers go everywhere but into the NSS module, which foreign programs load.
add_library(hearth_build INTERFACE)
target_link_libraries(hearth_build INTERFACE hearth_flags hearth_hardened)
if(HEARTH_SANITIZE)
  target_compile_options(hearth_build INTERFACE
    -fsanitize=${HEARTH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hearth_build INTERFACE -fsanitize=${HEARTH_SANITIZE})
endif()
if(HEARTH_FUZZ)
  target_compile_options(hearth_build INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_EXE_LINKER_FLAGS MATCHES "-pie" OR NOT HEARTH_SANITIZE)
  include(CheckPIESupported)
  check_pie_supported()
endif()

# Does the compiler put calls of its own in?
set(HEARTH_INSTRUMENTED OFF)
if(HEARTH_SANITIZE MATCHES "address|thread" OR CMAKE_C_FLAGS MATCHES "--coverage")
  set(HEARTH_INSTRUMENTED ON)
endif()
