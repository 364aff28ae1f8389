# Arrow C++ (arrow, compute, acero, parquet, s3) as imported targets:
#   Arrow::arrow Arrow::compute Arrow::acero Arrow::parquet Arrow::s3
# The wheel's libraries export symbols of OpenSSL, RE2 and simdjson that would replace Debian's own inside our process;
# hide_elf_symbols.py hides them, and tests/build/symbols_test proves it.
# 1. an installed Arrow (find_package CONFIG), 2. a pyarrow wheel.
set(ARROW_WHEEL_VERSION "26.0.1" CACHE STRING "pyarrow release to take Arrow C++ from")
if(DEFINED ENV{XDG_CACHE_HOME})
  set(_cache "$ENV{XDG_CACHE_HOME}")
else()
  set(_cache "$ENV{HOME}/.cache")
endif()
# Outside the build tree: a clean build or a second preset does not fetch it again.
set(ARROW_WHEEL_DIR "${_cache}/millrace/arrow-${ARROW_WHEEL_VERSION}" CACHE PATH "where the wheel is unpacked")
option(ARROW_USE_SYSTEM "try find_package(Arrow CONFIG) first" ON)
set(ARROW_FROM_WHEEL OFF)

if(ARROW_USE_SYSTEM)
  find_package(Arrow 21 CONFIG QUIET)
  if(Arrow_FOUND)
    find_package(Parquet CONFIG REQUIRED)
    find_package(ArrowCompute CONFIG REQUIRED)
    find_package(ArrowAcero CONFIG REQUIRED)
    add_library(Arrow::arrow ALIAS Arrow::arrow_shared)
    add_library(Arrow::parquet ALIAS Parquet::parquet_shared)
    add_library(Arrow::compute ALIAS ArrowCompute::arrow_compute_shared)
    add_library(Arrow::acero ALIAS ArrowAcero::arrow_acero_shared)
    return()
  endif()
endif()

set(_stamp "${ARROW_WHEEL_DIR}/.ok-${ARROW_WHEEL_VERSION}")
if(NOT EXISTS "${_stamp}")
  find_package(Python3 3.9 COMPONENTS Interpreter REQUIRED)
  set(_raw "${ARROW_WHEEL_DIR}/raw")
  file(REMOVE_RECURSE "${ARROW_WHEEL_DIR}")
  message(STATUS "Arrow: unpacking pyarrow ${ARROW_WHEEL_VERSION} into ${ARROW_WHEEL_DIR}")
  execute_process(
    COMMAND "${Python3_EXECUTABLE}" -m pip install --quiet --no-deps --no-compile
            --disable-pip-version-check --only-binary=:all: --target "${_raw}"
            "pyarrow==${ARROW_WHEEL_VERSION}"
    RESULT_VARIABLE _rc)
  if(_rc)
    message(FATAL_ERROR "pip could not fetch pyarrow==${ARROW_WHEEL_VERSION} (${_rc})")
  endif()
  string(REGEX MATCH "^[0-9]+" _maj "${ARROW_WHEEL_VERSION}")
  set(_in)
  foreach(_l arrow arrow_compute arrow_acero parquet arrow_s3)
    if(EXISTS "${_raw}/pyarrow/lib${_l}.so.${_maj}00")
      list(APPEND _in "${_raw}/pyarrow/lib${_l}.so.${_maj}00")
    endif()
  endforeach()
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=libstdc++.so.6
    OUTPUT_VARIABLE _stdcxx OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(
    COMMAND "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/hide_elf_symbols.py"
            "${ARROW_WHEEL_DIR}/lib" ${_in} --system "${_stdcxx}"
    RESULT_VARIABLE _rc)
  if(_rc)
    message(FATAL_ERROR "hide_elf_symbols.py failed (${_rc})")
  endif()
  file(RENAME "${_raw}/pyarrow/include" "${ARROW_WHEEL_DIR}/include")
  file(GLOB _lic "${_raw}/pyarrow-*.dist-info/licenses/*" "${_raw}/pyarrow-*.dist-info/LICENSE*" "${_raw}/pyarrow-*.dist-info/NOTICE*")
  if(_lic)
    file(COPY ${_lic} DESTINATION "${ARROW_WHEEL_DIR}/licenses")
  endif()
  file(REMOVE_RECURSE "${_raw}")
  file(TOUCH "${_stamp}")
endif()

string(REGEX MATCH "^[0-9]+" _maj "${ARROW_WHEEL_VERSION}")
set(ARROW_WHEEL_LIBS)
function(_arrow_wheel_target tgt lib)
  set(f "${ARROW_WHEEL_DIR}/lib/lib${lib}.so.${_maj}00")
  if(NOT EXISTS "${f}")
    return()
  endif()
  add_library(${tgt} SHARED IMPORTED GLOBAL)
  set_target_properties(${tgt} PROPERTIES
    IMPORTED_LOCATION "${f}"
    IMPORTED_SONAME "lib${lib}.so.${_maj}00"
    INTERFACE_INCLUDE_DIRECTORIES "${ARROW_WHEEL_DIR}/include"   # imported => -isystem
    INTERFACE_COMPILE_FEATURES cxx_std_20)
  if(ARGN)
    set_property(TARGET ${tgt} PROPERTY INTERFACE_LINK_LIBRARIES ${ARGN})
  endif()
  set(ARROW_WHEEL_LIBS ${ARROW_WHEEL_LIBS} "${f}" PARENT_SCOPE)
endfunction()
_arrow_wheel_target(Arrow::arrow   arrow)
_arrow_wheel_target(Arrow::compute arrow_compute Arrow::arrow)
_arrow_wheel_target(Arrow::acero   arrow_acero Arrow::compute Arrow::arrow)
_arrow_wheel_target(Arrow::parquet parquet Arrow::arrow)
_arrow_wheel_target(Arrow::s3      arrow_s3 Arrow::arrow)
set(ARROW_FROM_WHEEL ON)

function(arrow_wheel_install)   # the .so files next to the installed binaries
  if(ARROW_FROM_WHEEL)
    install(FILES ${ARROW_WHEEL_LIBS} DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
endfunction()
