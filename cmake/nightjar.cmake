# How a module, and the tests that stand beside its sources, become targets.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(tomlplusplus REQUIRED)
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
if(NIGHTJAR_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

# What the program is linked with. Each shared library costs every start of it a tenth of a millisecond or more, and every
# run a tenth of a megabyte; TLS and the C library stay shared, because they must be replaced without a build.

# nightjar_library(VARIABLE NAME): libNAME.a where there is one, else the shared library.
function(nightjar_library variable name)
  find_library(${variable} NAMES lib${name}.a ${name} REQUIRED)
endfunction()

# nightjar_object_library(NAME TARGET VERSION DEFINITIONS): nightjar_NAME, static, made from the headers of TARGET, where that
# has this major version; else TARGET itself.
function(nightjar_object_library name target version definitions)
  if(NOT ${${name}_VERSION} VERSION_GREATER_EQUAL ${version} OR ${${name}_VERSION} VERSION_GREATER ${version}.999)
    add_library(nightjar_${name} INTERFACE)
    target_link_libraries(nightjar_${name} INTERFACE ${target})
    return()
  endif()
  add_library(nightjar_${name} STATIC ${CMAKE_SOURCE_DIR}/cmake/libraries/${name}.cpp)
  target_include_directories(nightjar_${name} SYSTEM PUBLIC $<TARGET_PROPERTY:${target},INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(nightjar_${name} PUBLIC ${definitions})
endfunction()
nightjar_object_library(fmt fmt::fmt 9 "")
nightjar_object_library(tomlplusplus tomlplusplus::tomlplusplus 3 "TOML_HEADER_ONLY=0")

add_library(nightjar_options INTERFACE)
target_include_directories(nightjar_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(nightjar_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers>)
# g++ 12 warns of std::string's own copies once they are inlined (GCC bug 105329).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options($<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release>>:-Wno-restrict>)
endif()
# Every run holds the program's pages: what nothing calls is left out, and nothing is unrolled.
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
add_compile_options($<$<CONFIG:Release>:-ffunction-sections> $<$<CONFIG:Release>:-fdata-sections>)
add_link_options($<$<CONFIG:Release>:-Wl,--gc-sections>)
target_compile_definitions(nightjar_options INTERFACE NIGHTJAR_VERSION="${PROJECT_VERSION}")
if(NIGHTJAR_SANITIZE)
  target_compile_options(nightjar_options INTERFACE -fsanitize=${NIGHTJAR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(nightjar_options INTERFACE -fsanitize=${NIGHTJAR_SANITIZE})
endif()

# The headers that nearly every source reads, compiled once for all of a sort: without it they are three quarters of a build.
# g++ takes one for position independent code (libraries) or for executables, not for both.
function(nightjar_precompiled name)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp.new "int main() {}\n")
  file(COPY_FILE ${CMAKE_BINARY_DIR}/precompiled.cpp.new ${CMAKE_BINARY_DIR}/precompiled.cpp ONLY_IF_DIFFERENT)
  if(name STREQUAL precompiled_module)
    add_library(${name} STATIC ${CMAKE_BINARY_DIR}/precompiled.cpp)
  else()
    add_executable(${name} ${CMAKE_BINARY_DIR}/precompiled.cpp)
  endif()
  target_link_libraries(${name} PRIVATE nightjar_options Boost::json nightjar_fmt Threads::Threads)
  target_precompile_headers(${name} PRIVATE <algorithm> <array> <chrono> <expected> <filesystem> <fstream> <functional> <map>
    <memory> <mutex> <optional> <ranges> <set> <span> <stop_token> <string> <string_view> <thread> <unordered_map> <vector>
    <boost/json.hpp> <fmt/core.h> ${ARGN})
endfunction()
if(NIGHTJAR_PRECOMPILED)
  nightjar_precompiled(precompiled_module)
  nightjar_precompiled(precompiled_program)
  if(NIGHTJAR_TESTS)
    nightjar_precompiled(precompiled_test <gtest/gtest.h>)
    target_link_libraries(precompiled_test PRIVATE GTest::gtest)
  endif()
endif()

# nightjar_uses_precompiled(TARGET SORT): of SORT module, program or test.
function(nightjar_uses_precompiled target sort)
  if(NIGHTJAR_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM precompiled_${sort})
  endif()
endfunction()

# nightjar_module(NAME [USES module...] [LIBS target...])
# A static library of the folder's sources, and a test binary of its *_test.cpp, one ctest entry
# a case, labelled `unit`, or by TEST_LABEL where the cases need a kernel or real repositories.
function(nightjar_module name)
  cmake_parse_arguments(M "" "TEST_LABEL" "USES;LIBS;TEST_USES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|_bench)\\.cpp$")
  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME nightjar_${name})
  target_link_libraries(${name} PUBLIC nightjar_options ${M_USES} ${M_LIBS})
  nightjar_uses_precompiled(${name} module)
  if(NIGHTJAR_TESTS AND tests)
    nightjar_test(${name}_test "${tests}" "${name};${M_TEST_USES}" "${M_TEST_LABEL}")
  endif()
endfunction()

function(nightjar_test target sources uses label)
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE ${uses} GTest::gtest_main)
  nightjar_uses_precompiled(${target} test)
  target_compile_definitions(${target} PRIVATE
    NIGHTJAR_SOURCE_DIR="${CMAKE_SOURCE_DIR}" NIGHTJAR_BINARY_DIR="${CMAKE_BINARY_DIR}")
  if(NOT label)
    set(label unit)
  endif()
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()
