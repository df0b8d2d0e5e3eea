// Scripted tries at a repository: the files it begins with, what a model writes over them, and what
// came of it.
#pragma once

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "e2e/native_fixture.h"

namespace nightjar::test {

using Files = std::vector<std::pair<std::string, std::string>>;

struct Try {
  std::string name;
  Files base, change;
  std::string shell = {};  ///< after the files were written
};

inline void PrintTo(const Try& one, std::ostream* out) { *out << one.name; }

inline std::string check(const std::string& run) {
  return "[[check]]\nname = \"tests\"\nrun = \"" + run + "\"\n";
}

inline Files with(Files base, const Files& more) {
  for (const auto& file : more) {
    std::erase_if(base, [&file](const auto& other) { return other.first == file.first; });
    base.push_back(file);
  }
  return base;
}

class Tries : public NativeTest {
 protected:
  void begin_with(const Files& base) {
    for (const auto& [path, text] : base) repo_.write(path, text);
    repo_.commit("what the try begins with");
  }
  static json::object call(const std::string& tool, json::object arguments) {
    return {{"tool", tool}, {"arguments", std::move(arguments)}};
  }
  static json::array writes(const Files& change) {
    json::array out;
    for (const auto& [path, text] : change)
      out.push_back(call("write", {{"path", path}, {"content", text}}));
    return out;
  }
  /// A model that makes these calls at once, and then says that it is done.
  void play_calls(const json::array& calls) {
    play(R"({"replies": [{"calls": )" + json::serialize(calls) +
         R"(}, {"say": "All tests pass.", "calls": [)" + kFinish + "]}]}");
  }
  std::string everything(const json::object& task) {
    return get_string(task, "reason") + to_line(get_object(task, "proof")) + log(task);
  }
};

class Runs : public Tries, public testing::WithParamInterface<Try> {
 protected:
  json::object outcome(const Try& what, const std::string& kind = "bugfix") {
    repo_.write("test_calc.py", "# no tests here\n");
    begin_with(what.base);
    json::array calls = writes(what.change);
    if (!what.shell.empty()) calls.push_back(call("shell", {{"command", what.shell}}));
    play_calls(calls);
    return finish({"--kind", kind});
  }
};

}  // namespace nightjar::test
