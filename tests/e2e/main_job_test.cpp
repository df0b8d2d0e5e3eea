// The main job, with the real program: hand over a ticket, come back to a pull request with its
// proof.
#include <gtest/gtest.h>

#include "support/repo.h"
#include "support/service.h"

namespace nightjar::test {
namespace {

const json::object& object_at(const json::object& object, std::string_view key) {
  return get_object(object, key);
}

TEST(MainJob, ARenameEndsAsAProvedPullRequestAndMerges) {
  const Repo repo = parser_project();
  Service nightjar;
  const json::object task =
      nightjar.finish({"Rename class Parser to Reader everywhere"}, repo.path());
  ASSERT_EQ(get_string(task, "state"), "in_review") << to_pretty(task);
  EXPECT_EQ(get_string(task, "kind"), "refactor");
  EXPECT_EQ(get_string(object_at(task, "proof"), "verdict"), "proved") << to_pretty(task);
  const auto& pr = object_at(task, "pull_request");
  EXPECT_EQ(get_int(pr, "number"), 1);
  EXPECT_EQ(get_string(object_at(task, "proof"), "commit"), get_string(pr, "head_commit"));
  EXPECT_EQ(repo.git({"rev-parse", get_string(pr, "branch")}), get_string(pr, "head_commit"));
  EXPECT_EQ(get_string(pr, "base_commit"), repo.git({"rev-parse", "main"}));
  const auto& checks = get_array(task, "checks");
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_EQ(get_int(object_at(checks[0].as_object(), "before"), "passed"), 3);
  EXPECT_EQ(get_int(object_at(checks[0].as_object(), "after"), "passed"), 3);
  EXPECT_EQ(repo.read("parser.py").substr(0, 12), "class Parser")
      << "the person's work tree is not touched before the merge";

  const std::string id = get_string(task, "id");
  const auto diff = nightjar.run({"diff", id});
  EXPECT_NE(diff.out.find("+class Reader:"), std::string::npos) << diff.out << diff.err;
  int status = -1;
  const auto merged = nightjar.json_of({"merge", id}, repo.path(), &status).as_object();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(get_string(merged, "state"), "merged");
  EXPECT_EQ(repo.read("parser.py").substr(0, 12), "class Reader");
  EXPECT_EQ(repo.git({"status", "--porcelain"}), "");
}

TEST(MainJob, WhatIsNotCommittedIsCountedAndStaysWhereItIs) {
  Repo repo = parser_project();
  repo.write("notes.txt", "mine\n");
  repo.write("README.md", "mine\n");
  Service nightjar;
  const auto assigned = nightjar.run({"assign", "Rename class Parser to Reader"}, repo.path());
  EXPECT_NE(assigned.out.find("2 uncommitted changes"), std::string::npos) << assigned.out;
  const std::string id = assigned.out.substr(0, assigned.out.find(' '));
  nightjar.run({"watch", id});
  EXPECT_EQ(get_int(nightjar.task(id), "uncommitted"), 2);
  EXPECT_EQ(repo.read("README.md"), "mine\n");
}

TEST(MainJob, AStringFollowsWhereATestShowsThatItIsTheName) {
  const Repo repo = parser_project_with_a_computed_name();
  Service nightjar;
  const json::object task =
      nightjar.finish({"Rename class Parser to Reader everywhere"}, repo.path());
  ASSERT_EQ(get_string(task, "state"), "in_review") << to_pretty(task);
  EXPECT_EQ(get_string(object_at(task, "proof"), "verdict"), "proved") << to_pretty(task);
  const std::string head = get_string(object_at(task, "pull_request"), "head_commit");
  EXPECT_EQ(repo.git({"show", head + ":labels.py"}),
            "ALIAS = 'Parser'\nTITLE = 'A Parser for words'\nexpected = '<Reader words>'");
  EXPECT_EQ(repo.git({"diff", "--name-only", "main", head}),
            "README.md\napp.py\nlabels.py\nparser.py");
  std::vector<std::string> rules;
  for (const auto& finding : get_array(object_at(task, "proof"), "findings")) {
    if (get_string(finding.as_object(), "path") == "labels.py")
      rules.push_back(get_string(finding.as_object(), "rule"));
  }
  EXPECT_EQ(rules, (std::vector<std::string>{"string_left", "string_left", "string_followed"}))
      << to_pretty(task);
}

TEST(MainJob, ACommitHoldsTheTaskAndThePersonAndNothingATestMade) {
  Repo repo = parser_project();
  repo.write("tests.sh", repo.read("tests.sh") + "");
  repo.write("nightjar.toml",
             "[[check]]\nname = \"tests\"\nrun = \"mkdir -p __pycache__ build && touch "
             "__pycache__/x.pyc build/out && sh tests.sh\"\n");
  repo.commit("a check that leaves things behind");
  Service nightjar;
  const json::object task = nightjar.finish({"rename Parser to Reader"}, repo.path());
  ASSERT_EQ(get_string(task, "state"), "in_review") << to_pretty(task);
  const std::string head = get_string(object_at(task, "pull_request"), "head_commit");
  EXPECT_EQ(repo.git({"diff", "--name-only", "main", head}), "README.md\napp.py\nparser.py");
  const std::string message = repo.git({"log", "-1", "--format=%an%n%B", head});
  EXPECT_TRUE(message.starts_with("Nightjar\n")) << message;
  EXPECT_NE(message.find("Nightjar-Task: " + get_string(task, "id")), std::string::npos);
  EXPECT_NE(message.find("Co-authored-by: Ada Tester <ada@example.org>"), std::string::npos);
}

TEST(MainJob, RequestedChangesComeAsTheNextRunOnTheSameBranch) {
  const Repo repo = parser_project();
  Service nightjar;
  const json::object first =
      nightjar.finish({"Rename class Parser to Reader everywhere"}, repo.path());
  const std::string id = get_string(first, "id");
  ASSERT_EQ(get_string(first, "state"), "in_review") << to_pretty(first);
  ASSERT_EQ(
      nightjar.run({"request-changes", id, "call it Loader instead"}, repo.path()).exit_status, 0);
  ASSERT_EQ(nightjar.run({"watch", id}).exit_status, 0);
  const json::object second = nightjar.task(id);
  ASSERT_EQ(get_string(second, "state"), "in_review") << to_pretty(second);
  EXPECT_EQ(get_array(second, "runs").size(), 2u);
  EXPECT_EQ(get_string(object_at(second, "proof"), "verdict"), "proved") << to_pretty(second);
  const auto& pr = object_at(second, "pull_request");
  EXPECT_EQ(get_int(pr, "number"), 1);
  EXPECT_EQ(get_string(pr, "branch"), get_string(object_at(first, "pull_request"), "branch"));
  EXPECT_NE(repo.git({"show", get_string(pr, "head_commit") + ":parser.py"}).find("class Loader"),
            std::string::npos);
}

TEST(MainJob, ARequestedNameThatOtherThingsHaveMeanwhileStartsFromTheBase) {
  Repo repo = parser_project();
  repo.write("other.py",
             "class Route:\n    # A Reader of maps, no relation.\n    def Reader(self):\n        "
             "return 1\n");
  repo.commit("a method of the name that is given up");
  Service nightjar;
  const json::object first = nightjar.finish({"Rename class Parser to Reader"}, repo.path());
  const std::string id = get_string(first, "id");
  ASSERT_EQ(get_string(first, "state"), "in_review") << to_pretty(first);
  nightjar.run({"request-changes", id, "call it Loader instead"}, repo.path());
  ASSERT_EQ(nightjar.run({"watch", id}).exit_status, 0);
  const json::object second = nightjar.task(id);
  EXPECT_EQ(get_string(object_at(second, "proof"), "verdict"), "proved") << to_pretty(second);
  const std::string head = get_string(object_at(second, "pull_request"), "head_commit");
  EXPECT_EQ(repo.git({"diff", "--name-only", "main", head}), "README.md\napp.py\nparser.py");
}

TEST(MainJob, ARefutedFollowUpLeavesWhatIsUnderReviewAsItWasProved) {
  Repo repo = parser_project();
  const std::string script = repo.read("tests.sh");
  repo.write("tests.sh", script.substr(0, script.rfind("exit")) +
                             "if grep -q Broken app.py; then echo 'not ok 4 - no bad name'; bad=1\n"
                             "else echo 'ok 4 - no bad name'; fi\nexit ${bad:-0}\n");
  repo.commit("a name that the tests refuse");
  Service nightjar;
  const json::object first = nightjar.finish({"Rename class Parser to Reader"}, repo.path());
  const std::string id = get_string(first, "id");
  ASSERT_EQ(get_string(first, "state"), "in_review") << to_pretty(first);
  const auto& pr = object_at(first, "pull_request");
  nightjar.run({"request-changes", id, "call it Broken instead"}, repo.path());
  nightjar.run({"watch", id});
  const json::object second = nightjar.task(id);
  EXPECT_EQ(get_string(second, "state"), "in_review") << to_pretty(second);
  EXPECT_NE(get_string(second, "reason"), "");
  EXPECT_EQ(get_string(object_at(second, "proof"), "verdict"), "proved");
  EXPECT_EQ(get_string(object_at(second, "pull_request"), "head_commit"),
            get_string(pr, "head_commit"));
  EXPECT_EQ(repo.git({"rev-parse", get_string(pr, "branch")}), get_string(pr, "head_commit"));
  EXPECT_NE(repo.git({"show", get_string(pr, "branch") + "-run2:parser.py"}).find("class Broken"),
            std::string::npos);
  EXPECT_EQ(nightjar.run({"merge", id}, repo.path()).exit_status, 0);
  EXPECT_EQ(repo.read("parser.py").substr(0, 12), "class Reader");
}

TEST(MainJob, ThreeTicketsAtOnceAllEndProved) {
  const Repo repo = parser_project();
  Service nightjar;
  std::vector<std::string> ids;
  for (const char* name : {"Reader", "Loader", "Scanner"}) {
    ids.push_back(get_string(
        nightjar.json_of({"assign", std::string("Rename Parser to ") + name}, repo.path())
            .as_object(),
        "id"));
  }
  for (const auto& id : ids) {
    nightjar.run({"watch", id});
    const json::object task = nightjar.task(id);
    EXPECT_EQ(get_string(object_at(task, "proof"), "verdict"), "proved") << to_pretty(task);
  }
  EXPECT_EQ(nightjar.json_of({"tasks"}).as_array().size(), 3u);
}

TEST(MainJob, BestOfSeveralAttemptsPublishesOne) {
  const Repo repo = parser_project();
  Service nightjar;
  const json::object task =
      nightjar.finish({"Rename Parser to Reader", "--attempts", "3"}, repo.path());
  ASSERT_EQ(get_string(task, "state"), "in_review") << to_pretty(task);
  EXPECT_EQ(get_array(task, "runs").size(), 3u);
  EXPECT_EQ(repo.git({"for-each-ref", "--format=x", "refs/heads/nightjar"}), "x");
}

TEST(MainJob, ABriefThatNoAgentCanDoIsKeptWaitingWithTheReason) {
  const Repo repo = parser_project();
  Service nightjar;
  int status = -1;
  const json::object task =
      nightjar.json_of({"assign", "Make it faster, please", "--wait"}, repo.path(), &status)
          .as_object();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(get_string(task, "state"), "waiting");
  EXPECT_EQ(get_string(task, "waiting_for"), "person");
  EXPECT_NE(get_string(task, "reason").find("no agent here can do"), std::string::npos)
      << to_pretty(task);
}

}  // namespace
}  // namespace nightjar::test
