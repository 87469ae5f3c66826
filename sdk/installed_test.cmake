# Installs the tree into a directory of the build, compiles the examples against what lies there, and
# starts them: without a service they say so and end with 1.
set(root ${BUILD}/sdk/installed)
file(REMOVE_RECURSE ${root})

function(run)
  cmake_parse_arguments(PARSE_ARGV 0 run "" "STATUS" "COMMAND")
  execute_process(COMMAND ${run_COMMAND} RESULT_VARIABLE result OUTPUT_VARIABLE output
                  ERROR_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT result EQUAL run_STATUS)
    message(FATAL_ERROR "${run_COMMAND}: ${result}, not ${run_STATUS}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(STATUS 0 COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${root})
set(ENV{PKG_CONFIG_PATH} ${root}/${LIBDIR}/pkgconfig)
run(STATUS 0 COMMAND pkg-config --cflags --libs libvss)
separate_arguments(flags UNIX_COMMAND "${output} -Wl,-rpath,${root}/${LIBDIR}")
if(SANITIZE)
  list(APPEND flags -fsanitize=${SANITIZE})
endif()
run(STATUS 0 COMMAND ${CC} -std=c11 ${SOURCE}/examples/writer.c -o ${root}/writer_c ${flags})
run(STATUS 0 COMMAND ${CXX} -std=c++20 ${SOURCE}/examples/writer.cpp -o ${root}/writer_cpp ${flags})
run(STATUS 0 COMMAND ${root}/bin/vssctl --version)
run(STATUS 0 COMMAND ${root}/sbin/vssd --version)
run(STATUS 1 COMMAND ${root}/writer_c ${root}/nowhere)
