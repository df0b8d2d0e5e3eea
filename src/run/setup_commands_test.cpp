#include "run/setup_commands.h"

#include <gtest/gtest.h>

#include <map>

namespace nightjar::run {
namespace {

project::Tree tree_of(const std::map<std::string, std::string>& files) {
  project::Tree out;
  for (const auto& [path, text] : files) out.paths.push_back(path);
  out.read = [files](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
  return out;
}

TEST(SetupCommands, FetchingPackagesMakesNothingOfTheRepository) {
  const auto tree = tree_of({{"requirements.txt", "flask==1\n# ./x\n"}, {"package.json", "{}"}});
  for (const char* command :
       {"python3 -m venv .venv && .venv/bin/pip install -e .[test]", "npm ci", "yarn",
        "pip install -r requirements.txt pytest", "cargo fetch", "go mod download", "uv sync"})
    EXPECT_TRUE(only_installs(command, tree)) << command;
}

TEST(SetupCommands, WhatIsMadeOfTheRepositoryIsNoInstall) {
  const auto tree = tree_of({{"requirements.txt", "./lib\n"}, {"package.json", "{}"}});
  for (const char* command :
       {"make", "cmake -S . -B build", "cp calc.js built.js", "npm ci && npm run build",
        "pip install .", "pip install .[test]", "pip install -r requirements.txt", "npm run build",
        "cargo build", "npm ci | tee log", "pip install -r other.txt", "go build ./..."})
    EXPECT_FALSE(only_installs(command, tree)) << command;
}

TEST(SetupCommands, AnInstallThatBuildsIsABuild) {
  EXPECT_FALSE(
      only_installs("npm ci", tree_of({{"package.json", R"({"scripts":{"prepare":"tsc"}})"}})));
  EXPECT_FALSE(only_installs("pip install -e .", tree_of({{"setup.py", "setup(ext_modules=[])"}})));
  EXPECT_FALSE(
      only_installs("uv sync", tree_of({{"pyproject.toml", "build-backend = 'maturin'"}})));
}

TEST(SetupCommands, PackagesWithinTheRepositoryAreBuilt) {
  const std::string gyp = "{}";
  for (const auto& tree :
       {tree_of({{"package.json", R"({"workspaces":["packages/*"]})"}}),
        tree_of({{"package.json", R"({"dependencies":{"a":"file:./a"}})"}}),
        tree_of({{"package.json", "{}"}, {"pnpm-workspace.yaml", "packages:\n"}}),
        tree_of({{"package.json", "{}"}, {"binding.gyp", gyp}})})
    EXPECT_FALSE(only_installs("npm ci", tree));
  EXPECT_FALSE(only_installs("pip install -e ./sub", tree_of({})));
}

TEST(SetupCommands, AnActivatedEnvironmentInstallsAsWell) {
  const auto tree = tree_of({{"requirements.txt", "flask==1\n"}});
  EXPECT_TRUE(only_installs(". .venv/bin/activate && pip install -r requirements.txt", tree));
  EXPECT_FALSE(only_installs(". ./env.sh && pip install flask", tree));
}

using Commands = std::vector<std::string>;

TEST(SetupParts, AreCutWhereTheRepositorysFilesComeIn) {
  const auto tree = tree_of({{"package.json", "{}"}});
  const auto lines = in_parts({"npm ci", "npm run build", "npm ci"}, tree);
  EXPECT_EQ(lines.installing, Commands({"npm ci"}));
  EXPECT_EQ(lines.building, Commands({"npm run build", "npm ci"}));
  const auto line = in_parts({"npm ci && npm ci --prefix b && npm run build && npm ci"}, tree);
  EXPECT_EQ(line.installing, Commands({"npm ci && npm ci --prefix b"}));
  EXPECT_EQ(line.building, Commands({"npm run build && npm ci"}));
}

TEST(SetupParts, AreOneWhereNothingIsBuiltOrNothingIsInstalledFirst) {
  const auto tree = tree_of({{"package.json", "{}"}});
  EXPECT_EQ(in_parts({"npm ci"}, tree).building, Commands());
  EXPECT_EQ(in_parts({"make && npm ci"}, tree).installing, Commands());
  EXPECT_EQ(in_parts({"make || npm ci && true"}, tree).installing, Commands());
  EXPECT_EQ(in_parts({"npm ci && npm run build || true"}, tree).installing, Commands());
  EXPECT_EQ(in_parts({"npm ci # && make"}, tree).installing, Commands());
}

TEST(SetupParts, ACutLeavesTheShellAsItWas) {
  const auto tree = tree_of({{"requirements.txt", "flask==1\n"}, {"package.json", "{}"}});
  const std::string activated = ". .venv/bin/activate && pip install flask && make";
  EXPECT_EQ(in_parts({activated}, tree).building, Commands({activated}));
  const std::string quoted = "npm ci 'x && y'; make";
  EXPECT_EQ(in_parts({quoted}, tree).building, Commands({quoted}));
}

TEST(SetupCommands, OnlyLockFilesDecideWhatALockedInstallLeaves) {
  const auto tree = tree_of({{"package.json", "{}"}});
  for (const char* command : {"npm ci", "yarn install --frozen-lockfile", "go mod download"})
    EXPECT_TRUE(installs_from_lock_files(command, tree)) << command;
  for (const char* command : {"npm install", "pip install -e .", "make", "npm ci && make"})
    EXPECT_FALSE(installs_from_lock_files(command, tree)) << command;
}

}  // namespace
}  // namespace nightjar::run
