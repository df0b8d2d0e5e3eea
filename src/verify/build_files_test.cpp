#include "verify/build_files.h"

#include <gtest/gtest.h>

namespace nightjar::verify {
namespace {

AddedFile added(const std::string& path) {
  if (path == "b.c" || path == "lib/c.c") return AddedFile::Source;
  return path == "tests/t.c" ? AddedFile::Test : AddedFile::None;
}

std::string named(const std::string& path, const std::string& before, const std::string& after) {
  const auto out = only_names_added_files(path, before, after, added);
  if (!out) return "more than names";
  return std::string(out->source ? "source " : "") + (out->tests ? "tests" : "");
}

TEST(BuildFiles, CallsOfCmakeGoOverLines) {
  const auto calls = cmake_calls("Add_Test(NAME a # why\n  COMMAND \"b c\")\nset(X 1)\n");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0], (CmakeCall{"add_test", {"NAME", "a", "COMMAND", "b c"}}));
  EXPECT_EQ(calls[1], (CmakeCall{"set", {"X", "1"}}));
}

TEST(BuildFiles, NamingANewFileIsNoMore) {
  const std::string cmake = "add_library(a a.c)\nadd_executable(main main.c)\n";
  EXPECT_EQ(named("CMakeLists.txt", cmake, "add_library(a a.c b.c)\nadd_executable(main main.c)\n"),
            "source ");
  EXPECT_EQ(
      named("lib/CMakeLists.txt", "add_library(a\n  a.c)\n", "add_library(a\n  a.c\n  c.c)\n"),
      "source ");
  EXPECT_EQ(named("CMakeLists.txt", cmake,
                  cmake + "add_executable(t tests/t.c)\ntarget_link_libraries(t a)\n"
                          "add_test(NAME t COMMAND t)\n"),
            "tests");
  EXPECT_EQ(named("Makefile", "OBJS = a.o\n", "OBJS = a.o b.o\n"), "source ");
  EXPECT_EQ(named("Makefile", "OBJS = a.o\n", "OBJS = a.o\nOBJS += b.o\n"), "source ");
  EXPECT_EQ(named("meson.build", "l = library('a', 'a.c')\n", "l = library('a', 'a.c', 'b.c')\n"),
            "source ");
}

TEST(BuildFiles, AnythingElseIsMore) {
  const std::string cmake =
      "add_library(a a.c)\nadd_executable(t_a t_a.c)\nadd_test(NAME t_a COMMAND t_a)\n";
  for (const char* more :
       {"add_definitions(-DNDEBUG)\n", "add_test(NAME b COMMAND true)\n",
        "set_tests_properties(t_a PROPERTIES WILL_FAIL TRUE)\n", "include(b.c)\n",
        "function(add_test)\nendfunction()\n", "add_executable(t_a tests/t.c)\n"})
    EXPECT_EQ(named("CMakeLists.txt", cmake, cmake + more), "more than names") << more;
  EXPECT_EQ(named("CMakeLists.txt", "add_executable(t_a t_a.c)\n", "add_executable(t_a b.c)\n"),
            "more than names")
      << "a name took another's place";
  EXPECT_EQ(named("CMakeLists.txt", "add_library(a a.c)\n", "add_library(a a.c tests/t.c)\n"),
            "more than names")
      << "a test became part of the program";
  EXPECT_EQ(named("Makefile", "RUNNER = sh\n", "RUNNER = sh fake.sh\n"), "more than names");
  EXPECT_EQ(named("Makefile", "t: a.o\n\tcc a.o\n", "t: a.o\n\tcc a.o b.o\n"), "more than names");
  EXPECT_EQ(named("package.json", "{}", "{\"x\": \"b.c\"}"), "more than names");
}

TEST(BuildFiles, RulesOfTestsStandOnTheirVariables) {
  const std::string text = "CC = gcc\nRUNNER = sh\nall:\n\t$(CC) a.c\ntest:\n\t$(RUNNER) t.sh\n";
  EXPECT_EQ(test_rules(text), "RUNNER = sh\ntest:\n\t$(RUNNER) t.sh\n");
  EXPECT_NE(test_rules("SHELL = ./fake.sh\n" + text), test_rules(text));
  EXPECT_NE(test_rules("CFLAGS = -DNDEBUG\n" + text), test_rules(text));
  EXPECT_NE(test_rules(text + "%:\n\tsh fake.sh\n"), test_rules(text));
}

TEST(BuildFiles, CallsThatDecideATestsResultAreKnown) {
  const std::string text = "add_executable(t t.c)\nadd_test(NAME t COMMAND t)\n";
  for (const char* more :
       {"add_definitions(-DNDEBUG)\n", "set_property(TEST t PROPERTY WILL_FAIL TRUE)\n",
        "set_target_properties(t PROPERTIES CROSSCOMPILING_EMULATOR true)\n",
        "set_target_properties(t PROPERTIES SOURCES ok.c)\n", "macro(add_test)\nendmacro()\n"})
    EXPECT_NE(test_calls(text + more), test_calls(text)) << more;
  EXPECT_NE(test_calls("add_executable(t t.c)\nadd_test(NAME t\n  COMMAND true)\n"),
            test_calls(text));
  EXPECT_EQ(test_calls(text + "add_library(x x.c)\n"), test_calls(text));
}

}  // namespace
}  // namespace nightjar::verify
