// What setup made of the base's files is not what the change makes of its own.
#include "e2e/native_fixture.h"

namespace nightjar::test {
namespace {

using SetupsProducts = NativeTest;

const std::string kFine = "int add(int a, int b) { return a + b; }\n";
const std::string kTest =
    "#include <assert.h>\nint add(int, int);\nint main(void) {\n  assert(add(2, 3) == 5);\n"
    "  return 0;\n}\n";

std::string calls(const std::string& path, const std::string& text) {
  const json::object arguments{{"path", path}, {"content", text}};
  return R"({"replies": [{"calls": [)" +
         to_line(json::object{{"tool", "write"}, {"arguments", arguments}}) + R"(]}, {"calls": [)" +
         kFinish + "]}]}";
}

void is_built_by_setup(Repo& repo, const std::string& environment = "setup = [\"make\"]\n") {
  repo.git({"rm", "-q", "calc.py", "test_calc.py"});
  repo.write("Makefile", "t: calc.c test_calc.c\n\tgcc -o t calc.c test_calc.c\n");
  repo.write(".gitignore", "t\n");
  repo.write("calc.c", kFine);
  repo.write("test_calc.c", kTest);
  repo.write("nightjar.toml",
             "[environment]\n" + environment + "\n[[check]]\nname = \"tests\"\nrun = \"./t\"\n");
  repo.commit("setup builds what the check runs");
}

TEST_F(SetupsProducts, DoNotStandInForAChangeThatDoesNotCompile) {
  is_built_by_setup(repo_);
  play(calls("calc.c", "int add(int a, int b) { this does not compile }\n"));
  const json::object task =
      nightjar_.finish({"Refactor add() in calc.c", "--agent", "native"}, repo_.path());
  EXPECT_NE(verdict(task), "proved") << to_pretty(task) << log(task);
}

TEST_F(SetupsProducts, AreMadeAgainOfARightChange) {
  is_built_by_setup(repo_);
  play(calls("calc.c", "int add(int a, int b) { return b + a; }\n"));
  const json::object task =
      nightjar_.finish({"Refactor add() in calc.c", "--agent", "native"}, repo_.path());
  EXPECT_EQ(verdict(task), "proved") << to_pretty(task) << log(task);
}

// What it installs needs the network and stays; what it builds is made again without it.
const std::string kInstallsAndBuilds =
    "setup = [\"python3 -m venv --without-pip .venv && make CC=gcc\"]\nnetwork = true\n";

TEST_F(SetupsProducts, AreMadeAgainWhereItsInstallationUsedTheNetwork) {
  is_built_by_setup(repo_, kInstallsAndBuilds);
  repo_.write("Makefile",
              "t: calc.c test_calc.c .venv/bin/python3\n\tgcc -o t calc.c test_calc.c\n");
  repo_.write(".gitignore", "t\n.venv\n");
  repo_.commit("the build wants what was installed");
  play(calls("calc.c", "int add(int a, int b) { return b + a; }\n"));
  const json::object task = nightjar_.finish(
      {"Refactor add() in calc.c", "--agent", "native", "--allow-network"}, repo_.path());
  EXPECT_EQ(verdict(task), "proved") << to_pretty(task) << log(task);
}

TEST_F(SetupsProducts, OfAnInstallationWithNetworkDoNotStandInForAChangeThatDoesNotCompile) {
  is_built_by_setup(repo_, kInstallsAndBuilds);
  play(calls("calc.c", "int add(int a, int b) { this does not compile }\n"));
  const json::object task = nightjar_.finish(
      {"Refactor add() in calc.c", "--agent", "native", "--allow-network"}, repo_.path());
  EXPECT_NE(verdict(task), "proved") << to_pretty(task) << log(task);
  EXPECT_NE(get_string(task, "reason").find("made ready"), std::string::npos) << to_pretty(task);
}

TEST_F(SetupsProducts, InTheCachesDoNotStandInForAChange) {
  is_built_by_setup(repo_, "setup = [\"sh make.sh\"]\n");
  repo_.write("make.sh",
              "kept=~/.cache/pip/t\nmkdir -p ~/.cache/pip\n[ -e $kept ] || gcc -o $kept calc.c "
              "test_calc.c\ncp $kept t\n");
  repo_.commit("a build that keeps what it made");
  play(calls("calc.c", "int add(int a, int b) { return a - b; }\n"));
  const json::object task =
      nightjar_.finish({"Refactor add() in calc.c", "--agent", "native"}, repo_.path());
  EXPECT_NE(verdict(task), "proved") << to_pretty(task) << log(task);
}

TEST_F(SetupsProducts, ThatNeedTheNetworkProveNothingAndRefuteNothing) {
  play(calls("calc.c", "int add(int a, int b) { return b + a; }\n"));
  is_built_by_setup(repo_, "setup = [\"make CC=gcc && python3 fetch.py\"]\nnetwork = true\n");
  repo_.write("fetch.py", "import socket\n\nsocket.create_connection(('127.0.0.1', " +
                              std::to_string(server_->port()) + "))\n");
  repo_.commit("its setup asks a server of this machine");
  const json::object task = nightjar_.finish(
      {"Refactor add() in calc.c", "--agent", "native", "--allow-network"}, repo_.path());
  EXPECT_EQ(verdict(task), "none") << to_pretty(task) << log(task);
  EXPECT_NE(get_string(task, "reason").find("builds with the network"), std::string::npos)
      << to_pretty(task);
}

TEST_F(SetupsProducts, AreNotThoseOfAnEarlierBase) {
  repo_.git({"rm", "-q", "calc.py", "test_calc.py"});
  repo_.write("package.json", "{}\n");
  repo_.write("calc.py", "def one():\n    return 1\n");
  repo_.write("test_calc.sh",
              "echo 1..1\npython3 -c 'import built; assert built.one() == 1' && echo 'ok 1 - one' "
              "|| { echo 'not ok 1 - one'; exit 1; }\n");
  repo_.write(".gitignore", "built.py\n");
  repo_.write("nightjar.toml",
              "[environment]\nsetup = [\"cp calc.py built.py\"]\n\n[[check]]\nname = \"tests\"\n"
              "run = \"sh test_calc.sh\"\n");
  repo_.commit("a base that is right");
  play(calls("README.md", "One.\n"));
  const json::object first =
      nightjar_.finish({"Document one() in the README", "--agent", "native"}, repo_.path());
  EXPECT_EQ(verdict(first), "proved") << to_pretty(first) << log(first);
  repo_.write("calc.py", "def one():\n    raise ValueError\n");
  repo_.commit("a base that is wrong");
  nightjar_.run({"stop"});
  play(calls("README.md", "One, of course.\n"));
  const json::object second =
      nightjar_.finish({"Document one() in the README", "--agent", "native"}, repo_.path());
  EXPECT_NE(verdict(second), "proved") << to_pretty(second) << log(second);
}

}  // namespace
}  // namespace nightjar::test
