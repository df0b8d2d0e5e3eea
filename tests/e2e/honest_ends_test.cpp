// Ends that are not green, each with its own state, verdict and message.
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "support/repo.h"
#include "support/service.h"

namespace nightjar::test {
namespace {

std::string verdict(const json::object& task) {
  return get_string(get_object(task, "proof"), "verdict");
}

TEST(HonestEnds, AChangeThatBreaksATestIsRefutedAndItsBranchKeptWithoutAPullRequest) {
  Repo repo = parser_project();
  repo.write("tests.sh", repo.read("tests.sh") + "grep -q 'class Parser' parser.py || exit 1\n");
  repo.write("nightjar.toml",
             "[[check]]\nname = \"tests\"\nrun = \"sh tests.sh\"\n[[check]]\nname = "
             "\"pinned\"\nrun = \"grep -q 'class Parser' parser.py\"\n");
  repo.commit("a check that wants the old name");
  Service nightjar;
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  EXPECT_EQ(get_string(task, "state"), "failed") << to_pretty(task);
  EXPECT_EQ(verdict(task), "refuted");
  EXPECT_FALSE(get_string(task, "reason").empty());
  EXPECT_TRUE(task.at("pull_request").is_null());
  EXPECT_TRUE(repo.has_branch(get_string(task, "branch"))) << get_string(task, "branch");
  EXPECT_NE(nightjar.run({"diff", get_string(task, "id")}).out.find("+class Reader"),
            std::string::npos);
  EXPECT_EQ(nightjar.run({"assign", "Rename Parser to Loader", "--wait"}, repo.path()).exit_status,
            1);
}

TEST(HonestEnds, ATestThatVanishesFromTheReportIsNeverGreen) {
  Repo repo = parser_project();
  repo.write("tests.sh",
             "echo 1..2\necho 'ok 1 - always'\ngrep -q 'class Parser' parser.py && echo 'ok 2 - "
             "only with the old name'\nexit 0\n");
  repo.commit("a suite that loses a test");
  Service nightjar;
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  EXPECT_NE(verdict(task), "proved") << to_pretty(task);
  EXPECT_EQ(get_string(task, "state"), "failed");
  const auto& check = get_array(task, "checks").at(0).as_object();
  EXPECT_EQ(get_strings(check, "vanished").size(), 1u) << to_pretty(task);
}

TEST(HonestEnds, ANameThatIsTakenIsSaidBeforeAnythingIsChanged) {
  Repo repo = parser_project();
  repo.write("reader.py", "class Reader:\n    pass\n");
  repo.commit("Reader is taken");
  Service nightjar;
  const json::object task = nightjar.finish({"Rename class Parser to Reader"}, repo.path());
  EXPECT_NE(verdict(task), "proved") << to_pretty(task);
  EXPECT_TRUE(task.at("pull_request").is_null());
  EXPECT_NE(get_string(task, "reason").find("Reader"), std::string::npos) << to_pretty(task);
}

TEST(HonestEnds, AnEmptyChangeIsAFailureThatSaysSo) {
  const Repo repo = parser_project();
  Service nightjar;
  const json::object task = nightjar.finish({"Rename class Nowhere to Elsewhere"}, repo.path());
  EXPECT_EQ(get_string(task, "state"), "failed") << to_pretty(task);
  EXPECT_EQ(verdict(task), "none");
  EXPECT_NE(get_string(task, "reason").find("Nowhere"), std::string::npos);
}

TEST(HonestEnds, ABranchThatSomebodyMovedIsNotOverwritten) {
  const Repo repo = parser_project();
  Service nightjar;
  const json::object first = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  const std::string id = get_string(first, "id");
  const std::string branch = get_string(get_object(first, "pull_request"), "branch");
  const std::string main = repo.git({"rev-parse", "main"});
  repo.git({"update-ref", "refs/heads/" + branch, main});
  nightjar.run({"request-changes", id, "call it Loader instead"});
  nightjar.run({"watch", id});
  const json::object after = nightjar.task(id);
  EXPECT_EQ(repo.git({"rev-parse", branch}), main);
  EXPECT_NE(get_string(after, "reason").find("moved"), std::string::npos) << to_pretty(after);
  EXPECT_EQ(nightjar.run({"merge", id}).exit_status, 1)
      << "what stands at the branch is not what was proved";
}

TEST(HonestEnds, ABaseThatIsRedIsNotTheChangesFault) {
  Repo repo = parser_project();
  std::string script = repo.read("tests.sh");
  script.replace(script.find("1..3"), 4, "1..4");
  repo.write("tests.sh",
             script.substr(0, script.rfind("exit")) + "echo 'not ok 4 - failed before'\nexit 1\n");
  repo.commit("red before");
  Service nightjar;
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  EXPECT_EQ(get_string(task, "state"), "in_review") << to_pretty(task);
  EXPECT_EQ(verdict(task), "proved") << to_pretty(task);
  const auto& check = get_array(task, "checks").at(0).as_object();
  EXPECT_EQ(get_strings(check, "still_failing").size(), 1u) << to_pretty(check);
  EXPECT_NE(get_string(get_object(task, "pull_request"), "description").find("failed before"),
            std::string::npos);
}

TEST(HonestEnds, ARepositoryWithoutTestsIsPlainlyUnproved) {
  Repo repo("bare-bones");
  repo.write("parser.py", "class Parser:\n    pass\n");
  repo.commit("no tests at all");
  Service nightjar;
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  EXPECT_EQ(get_string(task, "state"), "in_review") << to_pretty(task);
  EXPECT_EQ(verdict(task), "none");
  EXPECT_NE(get_string(task, "reason").find("nothing was proved"), std::string::npos)
      << to_pretty(task);
}

TEST(HonestEnds, TheChecksAreTheBasesNotTheChanges) {
  Repo repo = parser_project();
  repo.write("nightjar.toml",
             "[[check]]\nname = \"tests\"\nrun = \"sh tests.sh && grep -q Parser nightjar.toml\" # "
             "Parser\n");
  repo.commit("the configuration names the class");
  Service nightjar;
  const json::object task =
      nightjar.finish({"run sed -i 's/sh tests.sh.*/true\"/' nightjar.toml"}, repo.path());
  EXPECT_NE(verdict(task), "proved") << to_pretty(task);
  for (const auto& check : get_array(task, "checks")) {
    EXPECT_EQ(get_string(check.as_object(), "command"),
              "sh tests.sh && grep -q Parser nightjar.toml");
  }
}

TEST(HonestEnds, AnEnvironmentThatIsNotReadySaysWhatIsMissing) {
  Repo repo = parser_project();
  repo.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"no-such-runner --all\"\n");
  repo.commit("a runner that is not there");
  Service nightjar;
  const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
  EXPECT_EQ(get_string(task, "state"), "waiting") << to_pretty(task);
  EXPECT_EQ(get_string(task, "waiting_for"), "person");
  EXPECT_NE(get_string(task, "reason").find("environment not ready"), std::string::npos);
  EXPECT_NE(get_string(task, "reason").find("no-such-runner"), std::string::npos);
}

TEST(HonestEnds, ACheckBeyondItsMemoryOrDiskIsToldAsWhatItIs) {
  Repo repo = parser_project();
  const std::string greedy = "if grep -q Reader parser.py; then WHAT; fi; sh tests.sh";
  const std::map<std::string, std::string> wishes{
      {"ran out of memory",
       "python3 -c 'import time; x = bytearray(b\\\"x\\\" * 500000000); time.sleep(20)'"},
      {"wrote more than the sandbox may hold", "head -c 300000000 /dev/zero > big; sleep 20"}};
  for (const auto& [words, what] : wishes) {
    std::string line = greedy;
    line.replace(line.find("WHAT"), 4, what);
    repo.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"" + line + "\"\n");
    repo.commit(words);
    Service nightjar;
    nightjar.configure("memory_mb = 300\ndisk_mb = 100\n");
    const json::object task = nightjar.finish({"Rename Parser to Reader"}, repo.path());
    EXPECT_EQ(get_string(task, "state"), "failed") << to_pretty(task);
    EXPECT_EQ(verdict(task), "refuted") << words;
    EXPECT_NE(get_string(task, "reason").find(words), std::string::npos)
        << get_string(task, "reason");
  }
}

TEST(HonestEnds, AFullDiskIsWaitedForAndTheRunGoesOnWhenThereIsRoom) {
  Repo repo = parser_project();
  repo.write("slow.sh",
             "i=0\nwhile [ $i -lt 100 ]; do head -c 200000 /dev/zero > f || exit 1; sleep 0.02; "
             "i=$((i+1)); done\nrm f\nexec sh tests.sh\n");
  repo.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"sh slow.sh\"\n");
  repo.commit("a check that writes");
  Service nightjar;
  nightjar.configure("min_free_mb = 1\n");
  std::vector<std::string> argv{"unshare", "--mount"};
  if (::getuid() != 0) argv.insert(argv.end(), {"--user", "--map-current-user", "--keep-caps"});
  argv.insert(argv.end(), {"sh", std::string(NIGHTJAR_SOURCE_DIR) + "/tests/e2e/full_disk.sh",
                           nightjar.program.string(), nightjar.state().parent_path().string(),
                           repo.path().string()});
  const auto ran = nightjar.run_with_folders(argv);
  ASSERT_EQ(ran.exit_status, 0) << ran.out << ran.err;
  const size_t line = ran.out.find("----\n");
  ASSERT_NE(line, std::string::npos) << ran.out << ran.err;
  const auto full = parse_json(ran.out.substr(0, line)).value().as_object();
  const auto end = parse_json(ran.out.substr(line + 5)).value().as_object();
  EXPECT_EQ(get_string(full, "state"), "waiting");
  EXPECT_NE(get_string(full, "reason").find("no room left on the disk"), std::string::npos);
  EXPECT_EQ(get_string(end, "state"), "in_review") << to_pretty(end);
  EXPECT_EQ(verdict(end), "proved");
  EXPECT_EQ(get_array(end, "runs").size(), 1u);
  EXPECT_EQ(repo.git({"for-each-ref", "--format=x", "refs/heads/nightjar/*"}), "x");
}

}  // namespace
}  // namespace nightjar::test
