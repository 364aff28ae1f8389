# millrace_planted_bugs(<target> <folders…>): an object library of those sources of the folders that ask
# MILLRACE_PLANTED, compiled with the switches (base/planted_bug.h). A test that links it takes these objects instead of
# the static libraries' members, which define the same symbols and are therefore not looked for. A source that asks for
# the first time is found by the next cmake; until then PlantedBugs.EachIsAskedBySomeSource fails.
function(millrace_planted_bugs name)
  set(planted)
  foreach(folder ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*.cc")
    foreach(source ${sources})
      file(STRINGS "${source}" found REGEX "MILLRACE_PLANTED\\(" LIMIT_COUNT 1)
      if(found)
        list(APPEND planted "${source}")
      endif()
    endforeach()
  endforeach()
  add_library(${name} OBJECT ${planted})
  target_compile_options(${name} PRIVATE ${MILLRACE_WARNINGS})
  target_compile_definitions(${name} PRIVATE MILLRACE_PLANTED_BUGS)
  target_link_libraries(${name} PRIVATE coordinator worker)  # for include paths and order
endfunction()
