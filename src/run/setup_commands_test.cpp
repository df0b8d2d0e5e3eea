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

TEST(SetupCommands, OnlyLockFilesDecideWhatALockedInstallLeaves) {
  const auto tree = tree_of({{"package.json", "{}"}});
  for (const char* command : {"npm ci", "yarn install --frozen-lockfile", "go mod download"})
    EXPECT_TRUE(installs_from_lock_files(command, tree)) << command;
  for (const char* command : {"npm install", "pip install -e .", "make", "npm ci && make"})
    EXPECT_FALSE(installs_from_lock_files(command, tree)) << command;
}

}  // namespace
}  // namespace nightjar::run
