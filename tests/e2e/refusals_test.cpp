// `assign` looks before it accepts: refused at once with status 2, and no task is left behind.
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/text.h"
#include "support/repo.h"
#include "support/service.h"

namespace nightjar::test {
namespace {

class Refusals : public ::testing::Test {
 protected:
  void expect_refused(const std::vector<std::string>& args, const fs::path& cwd,
                      std::string_view says) {
    const auto result = nightjar_.run(args, cwd);
    EXPECT_EQ(result.exit_status, 2) << result.out << result.err;
    EXPECT_NE((result.out + result.err).find(says), std::string::npos) << result.out << result.err;
    EXPECT_TRUE(nightjar_.json_of({"tasks"}).as_array().empty());
  }
  Service nightjar_;
  Repo repo_ = parser_project();
};

TEST_F(Refusals, AFolderThatIsNoRepository) {
  const TempDir dir;
  expect_refused({"assign", "Rename A to B"}, dir.path(), "repository");
}

TEST_F(Refusals, ARepositoryWithoutACommit) {
  const Repo empty("empty");
  expect_refused({"assign", "Rename A to B"}, empty.path(), "commit");
}

TEST_F(Refusals, ARefThatDoesNotExist) {
  expect_refused({"assign", "Rename A to B", "--base", "no-such-branch"}, repo_.path(),
                 "no-such-branch");
}

TEST_F(Refusals, AnEmptyBriefAnUnknownKindAgentOptionAndDuration) {
  expect_refused({"assign", "  "}, repo_.path(), "empty");
  expect_refused({"assign", "Rename A to B", "--kind", "poetry"}, repo_.path(), "poetry");
  expect_refused({"assign", "Rename A to B", "--agent", "nobody"}, repo_.path(), "nobody");
  expect_refused({"assign", "Rename A to B", "--no-such-option"}, repo_.path(), "no-such-option");
  expect_refused({"assign", "Rename A to B", "--limit-time", "soon"}, repo_.path(), "soon");
}

TEST_F(Refusals, AnOptionThatTookTheBriefForItsValueSaysSo) {
  expect_refused({"assign", "--limit-turns", "Rename A to B"}, repo_.path(),
                 "--limit-turns takes a number from 1 to 1000000, not 'Rename A to B'");
  expect_refused({"assign", "--limit-cost", "Rename A to B"}, repo_.path(),
                 "--limit-cost takes an amount in dollars such as 2.50, not 'Rename A to B'");
}

TEST_F(Refusals, AnIdAskedForTwiceIsOneTaskAndAnotherBriefsIsAConflict) {
  nightjar_.run({"tasks"});
  const auto ask = [this](json::object body) {
    body["repo"] = repo_.path().string();
    const auto asked = nightjar_.run_with_folders(
        {"curl", "-s", "--unix-socket", api_socket(nightjar_.state()).string(), "-H",
         "Authorization: Bearer " + trimmed(read_file(token_file(nightjar_.state()))), "-H",
         "Content-Type: application/json", "-d", to_line(body), "http://localhost/api/v1/tasks"});
    return parse_json(asked.out).value().as_object();
  };
  const json::object wanted{{"brief", "Rename Parser to Reader"}, {"id", "myown1"}};
  EXPECT_EQ(get_string(ask(wanted), "id"), "myown1");
  EXPECT_EQ(get_string(ask(wanted), "id"), "myown1");
  EXPECT_EQ(get_array(nightjar_.task("myown1"), "runs").size(), 1U);
  EXPECT_EQ(get_string(ask({{"brief", "Rename Parser to Other"}, {"id", "myown1"}}), "kind"),
            "conflict");
  EXPECT_EQ(get_string(ask({{"brief", "Rename Parser to Other"}, {"id", "../x"}}), "kind"),
            "invalid");
  EXPECT_EQ(nightjar_.json_of({"tasks"}).as_array().size(), 1U);
}

TEST_F(Refusals, ControlCharactersAreShownInert) {
  expect_refused({"assign", "Rename A to B \x1b[2J"}, repo_.path(), "\\x1b");
}

TEST_F(Refusals, ARepositoryThatSomebodyElseOwnsNamesTheOwner) {
  if (::geteuid() != 0) {
    // Somebody else's repository: one that root owns and everybody may read is not there for
    // certain, so an ordinary user makes his own world-writable one look foreign through git's own
    // test variable.
    nightjar_.extra["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1";
    expect_refused({"assign", "Rename A to B"}, repo_.path(), "own");
    return;
  }
  for (const auto& entry : fs::recursive_directory_iterator(repo_.path()))
    ASSERT_EQ(::lchown(entry.path().c_str(), 65534, 65534), 0);
  ASSERT_EQ(::lchown(repo_.path().c_str(), 65534, 65534), 0);
  expect_refused({"assign", "Rename A to B"}, repo_.path(), "nobody");
}

TEST_F(Refusals, WithoutAServiceAndForbiddenToStartOne) {
  Service none;
  none.extra["NIGHTJAR_NO_START"] = "1";
  EXPECT_EQ(none.run({"tasks"}).exit_status, 3);
}

}  // namespace
}  // namespace nightjar::test
