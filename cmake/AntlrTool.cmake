# ANTLR: the runtime is Debian's library, the tool that generates parsers a jar from Maven, both of one release (what
# 4.9.3 generates does not compile against 4.9). Makes the target Antlr::runtime and antlr_parser().
find_package(Java 11 REQUIRED COMPONENTS Runtime)
set(ANTLR_VERSION "4.9")
if(DEFINED ENV{XDG_CACHE_HOME})
  set(_cache "$ENV{XDG_CACHE_HOME}")
else()
  set(_cache "$ENV{HOME}/.cache")
endif()
# Outside the build tree: a clean build or a second preset does not fetch it again.
set(ANTLR_JAR "${_cache}/millrace/antlr-${ANTLR_VERSION}/antlr4-${ANTLR_VERSION}-complete.jar" CACHE FILEPATH
  "ANTLR's tool, fetched if it is not there")

if(NOT EXISTS "${ANTLR_JAR}")
  find_program(MAVEN mvn REQUIRED)
  get_filename_component(_folder "${ANTLR_JAR}" DIRECTORY)
  message(STATUS "ANTLR: fetching its tool ${ANTLR_VERSION} into ${_folder}")
  execute_process(
    COMMAND "${MAVEN}" --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy
            "-Dartifact=org.antlr:antlr4:${ANTLR_VERSION}:jar:complete" "-DoutputDirectory=${_folder}"
    RESULT_VARIABLE _rc)
  if(_rc)
    message(FATAL_ERROR "Maven could not fetch org.antlr:antlr4:${ANTLR_VERSION}:jar:complete (${_rc})")
  endif()
endif()

find_path(ANTLR_INCLUDE_DIR antlr4-runtime.h PATH_SUFFIXES antlr4-runtime REQUIRED)
find_library(ANTLR_LIBRARY antlr4-runtime REQUIRED)
add_library(Antlr::runtime SHARED IMPORTED GLOBAL)
set_target_properties(Antlr::runtime PROPERTIES
  IMPORTED_LOCATION "${ANTLR_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${ANTLR_INCLUDE_DIR}")   # imported => -isystem

# antlr_parser(<target> GRAMMAR <Name.g4> IMPORTS <files…> NAMESPACE <a::b>): a library with the parser <Name>, whose
# header is a system header to those who link it. What is generated is not held to our warnings.
function(antlr_parser target)
  cmake_parse_arguments(A "" "GRAMMAR;NAMESPACE" "IMPORTS" ${ARGN})
  get_filename_component(name "${A_GRAMMAR}" NAME_WE)
  get_filename_component(folder "${A_GRAMMAR}" DIRECTORY)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}")
  add_custom_command(
    OUTPUT "${out}/${name}.cpp" "${out}/${name}.h"
    COMMAND "${Java_JAVA_EXECUTABLE}" -jar "${ANTLR_JAR}" -Dlanguage=Cpp -no-listener -no-visitor -Werror
            -package "${A_NAMESPACE}" -lib "${folder}" -o "${out}" "${A_GRAMMAR}"
    # Within the folder: the tool writes the path it was called with into what it generates, and ccache would miss.
    WORKING_DIRECTORY "${folder}"
    DEPENDS "${A_GRAMMAR}" ${A_IMPORTS} "${ANTLR_JAR}"
    COMMENT "Generating the parser ${name}"
    VERBATIM)
  add_library(${target} STATIC "${out}/${name}.cpp" "${out}/${name}.h")
  target_include_directories(${target} SYSTEM PUBLIC "${out}")
  target_compile_options(${target} PRIVATE -w)
  target_link_libraries(${target} PUBLIC Antlr::runtime)
endfunction()
