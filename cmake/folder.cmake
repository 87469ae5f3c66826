# vss_folder(NAME [DEPENDS target...])
#
# The folder is the target: every .cpp in it belongs to library `vss_NAME`, every *_test.cpp to the
# program `NAME_test`, whose tests carry the label `unit`. Headers are included as "folder/x.hpp"
# relative to src/. A new file needs no edit here.
function(vss_folder name)
  cmake_parse_arguments(arg "" "" "DEPENDS;TEST_DEPENDS;EXTRA_SOURCES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(APPEND sources ${arg_EXTRA_SOURCES})
  if(sources)
    add_library(vss_${name} STATIC ${sources})
    target_include_directories(vss_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
    target_link_libraries(vss_${name} PUBLIC ${arg_DEPENDS} PRIVATE openvss_flags)
    set(scope PUBLIC)
  else()
    add_library(vss_${name} INTERFACE)
    target_include_directories(vss_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
    target_link_libraries(vss_${name} INTERFACE ${arg_DEPENDS})
  endif()
  if(tests)
    vss_test(${name}_test SOURCES ${tests} DEPENDS vss_${name} ${arg_TEST_DEPENDS})
  endif()
endfunction()

# vss_test(NAME SOURCES file... [DEPENDS target...] [LABELS label...])
# A GoogleTest program; its tests are found when ctest runs, not when it is built.
function(vss_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE openvss_flags ${arg_DEPENDS} GTest::gmock GTest::gtest
                                        GTest::gtest_main)
  # What is tested is optimised; the tests themselves are compiled in a third of the time without.
  target_compile_options(${name} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O0>
                                         $<$<NOT:$<CONFIG:Debug>>:-g1>)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${arg_LABELS}")
endfunction()
