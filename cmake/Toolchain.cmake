# How our code is compiled: launcher, linker, warnings, sanitizers.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

# mold first, then lld: both link a test binary several times faster than the default.
find_program(MOLD ld.mold)
find_program(LLD ld.lld)
if(MOLD)
  add_link_options(-fuse-ld=mold)
elseif(LLD)
  add_link_options(-fuse-ld=lld)
endif()

set(MILLRACE_WARNINGS -Wall -Wextra -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  list(APPEND MILLRACE_WARNINGS -Wthread-safety)
endif()

# Coverage for libFuzzer in all code; tests/fuzz/ links its driver. Clang only.
option(MILLRACE_FUZZ "build the targets of tests/fuzz as libFuzzer programs" OFF)
if(MILLRACE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# Leaves out what libFuzzer learns from the numbers that these sources compare: what they look up, over and over, are
# places of a grammar, of which it learns nothing.
function(dont_trace_comparisons)
  if(MILLRACE_FUZZ)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -fno-sanitize-coverage=trace-cmp)
  endif()
endfunction()

set(MILLRACE_SANITIZE "" CACHE STRING "address,undefined or thread; empty for none")
if(MILLRACE_SANITIZE)
  # What UBSan finds ends the process, as what ASan finds does: a message alone would fail no test. Presets say how much
  # debug information they want.
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  # GCC no longer follows a std::variant through the sanitizers' checks; the release build warns.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    list(APPEND MILLRACE_WARNINGS -Wno-maybe-uninitialized)
  endif()
endif()
