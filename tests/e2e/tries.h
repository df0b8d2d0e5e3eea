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

class Runs : public NativeTest, public testing::WithParamInterface<Try> {
 protected:
  json::object outcome(const Try& what, const std::string& kind = "bugfix") {
    repo_.write("test_calc.py", "# no tests here\n");
    for (const auto& [path, text] : what.base) repo_.write(path, text);
    repo_.commit("what the try begins with");
    std::string calls;
    const auto call = [&calls](const std::string& tool, const json::object& arguments) {
      calls += (calls.empty() ? "" : ",") +
               to_line(json::object{{"tool", tool}, {"arguments", arguments}});
    };
    for (const auto& [path, text] : what.change) call("write", {{"path", path}, {"content", text}});
    if (!what.shell.empty()) call("shell", {{"command", what.shell}});
    play(R"({"replies": [{"calls": [)" + calls + R"(]}, {"say": "All tests pass.", "calls": [)" +
         kFinish + "]}]}");
    return finish({"--kind", kind});
  }
  std::string everything(const json::object& task) {
    return get_string(task, "reason") + to_line(get_object(task, "proof")) + log(task);
  }
};

}  // namespace nightjar::test
