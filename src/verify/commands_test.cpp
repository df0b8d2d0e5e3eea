#include "verify/commands.h"

#include <gtest/gtest.h>

namespace nightjar::verify {
namespace {

TEST(Commands, RunWhatTheyName) {
  EXPECT_TRUE(runs_file("sh check.sh", "check.sh"));
  EXPECT_TRUE(runs_file("./check.sh --all", "check.sh"));
  EXPECT_TRUE(runs_file("make && cd tools && python3 run.py", "tools/run.py"));
  EXPECT_TRUE(runs_file("bash -c 'sh check.sh'", "check.sh"));
  EXPECT_TRUE(runs_file("python3 -m tools.run", "tools/run.py"));
  EXPECT_TRUE(runs_file("node --require ./setup --test", "setup.js"));
  EXPECT_TRUE(runs_file("pytest --config-file=ci.py", "ci.py"));
  EXPECT_TRUE(runs_file("BASH_ENV=env.sh bash -c true", "env.sh"));
}

TEST(Commands, DoNotRunWhatTheyReadOrCompile) {
  EXPECT_FALSE(runs_file("grep -q 'a + b' calc.py", "calc.py"));
  EXPECT_FALSE(runs_file("python3 -m doctest calc.py", "calc.py"));
  EXPECT_FALSE(runs_file("mypy calc.py", "calc.py"));
  EXPECT_FALSE(runs_file("gcc -o t calc.c t.c && ./t", "calc.c"));
  EXPECT_FALSE(runs_file("pytest --cov=calc", "calc.py"));
  EXPECT_FALSE(runs_file("sh check.sh", "src/check.sh"));
}

TEST(Commands, GoThroughMakeAndNpm) {
  const auto read = [](const std::string& path) -> std::optional<std::string> {
    if (path == "Makefile") return "all:\n\tsh all.sh\ntest:\n\t@sh run.sh\n";
    if (path == "package.json") return R"({"scripts": {"test": "node run.js"}})";
    return std::nullopt;
  };
  EXPECT_EQ(with_recipes({"make test"}, read),
            (std::vector<std::string>{"make test", "sh run.sh"}));
  EXPECT_EQ(with_recipes({"npm test"}, read),
            (std::vector<std::string>{"npm test", "node run.js"}));
  EXPECT_EQ(with_recipes({"pytest"}, read), (std::vector<std::string>{"pytest"}));
}

}  // namespace
}  // namespace nightjar::verify
