# Warnings, hardening and sanitizers, the same for every target of the tree.
option(OPENVSS_FUZZ "Build the libFuzzer harnesses (needs clang-19)" OFF)
set(OPENVSS_SANITIZE "" CACHE STRING "Value for -fsanitize=, for example address,undefined")

add_library(openvss_flags INTERFACE)
target_compile_options(openvss_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Wold-style-cast>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND OPENVSS_SANITIZE)
  # g++ 12 reports uninitialised std::expected members that do not exist when it instruments.
  target_compile_options(openvss_flags INTERFACE -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND OPENVSS_SANITIZE STREQUAL "thread")
  # asio has a fence, which ThreadSanitizer does not know; nothing of ours relies on one.
  target_compile_options(openvss_flags INTERFACE -Wno-tsan)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlapping copies in std::string::operator=(const char*) when it optimises (its bug
  # 105651).
  target_compile_options(openvss_flags INTERFACE -Wno-restrict)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12's own std::stable_sort calls what it has deprecated; g++ does not look there.
  target_compile_options(openvss_flags INTERFACE -Wno-deprecated-declarations)
endif()

# Assertions (base/assert.hpp) never depend on NDEBUG; these are the library's own.
add_compile_definitions($<$<COMPILE_LANGUAGE:CXX>:_GLIBCXX_ASSERTIONS>)

if(OPENVSS_SANITIZE)
  add_compile_options(-fsanitize=${OPENVSS_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OPENVSS_SANITIZE})
  # Sanitizers reserve terabytes of shadow memory: mlockall would fail or eat the machine, and the
  # guardian cannot be static. platform/memory and programs/ read this.
  add_compile_definitions(OPENVSS_SANITIZED=1)
endif()

if(OPENVSS_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "OPENVSS_FUZZ needs clang-19: use the preset `fuzz`.")
  endif()
  # Coverage in every object; only the harnesses bring libFuzzer's main (fuzz/CMakeLists.txt).
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
