# SPDX-License-Identifier: Apache-2.0
# HullCC.cmake - answers to hull-scan's questions, beside the targets they are about.
#
#   cmake -DCMAKE_C_COMPILER=hull-cc -DCMAKE_MODULE_PATH=/usr/share/hull/cmake ...
#
#   include(HullCC)
#   hull_answers(server EXEC none)
#   hull_answers(server PLUGIN /usr/lib/server/*.so EXEC /bin/sh DLSYM none UNKNOWN deny)
#
# With another compiler nothing is done. What the words mean: hull-cc(1).
function(hull_answers target)
  if(NOT CMAKE_C_COMPILER MATCHES "hull-c(c|[+][+])$" AND NOT CMAKE_CXX_COMPILER MATCHES "hull-c(c|[+][+])$")
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 hull "" "DLOPEN;DLSYM;UNKNOWN" "EXEC;PLUGIN")
  if(hull_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "hull_answers(${target}): unknown words: ${hull_UNPARSED_ARGUMENTS}")
  endif()
  foreach(key EXEC PLUGIN DLOPEN DLSYM UNKNOWN)
    string(TOLOWER ${key} option)
    foreach(value IN LISTS hull_${key})
      target_link_options(${target} PRIVATE "--hull-${option}=${value}")
    endforeach()
  endforeach()
endfunction()
