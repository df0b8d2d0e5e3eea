#include "run/stages.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "sandbox/session.h"

namespace nightjar::run {
namespace {

class StagesTest : public testing::Test {
 protected:
  StagesTest()
      : journal_(dir_.path() / "journal", "t", "t.1"),
        stages_(journal_, scratch(), std::chrono::hours(1), std::stop_token()) {}

  fs::path scratch() const { return dir_.path() / "stages"; }
  /// What the run ends with where the sandbox is lost so often; `between` comes after each loss.
  std::optional<End> end_after_losses(int losses, const std::function<void()>& between) {
    try {
      stages_.run({"work"}, [&]() -> json::object {
        between();
        if (losses-- > 0) throw sandbox::SandboxLost{"the toolbox inside has gone"};
        return {};
      });
    } catch (const Ending& ending) {
      return ending.end;
    }
    return std::nullopt;
  }

  TempDir dir_;
  Journal journal_;
  Stages stages_;
};

TEST_F(StagesTest, AFullDiskTakesNothingThatAnAgentWrote) {
  fs::create_directories(scratch() / "work1");
  fs::create_directories(scratch() / "verify1");
  write_durably(scratch() / "work1" / "module.py", "its only copy");
  write_durably(scratch() / "verify1" / "module.py", "a copy");
  bool full = true;
  stages_.run({"work"}, [&]() -> json::object {
    if (std::exchange(full, false)) throw Error(ErrorKind::Limit, "the disk is full");
    return {};
  });
  EXPECT_TRUE(fs::exists(scratch() / "work1" / "module.py"));
  EXPECT_FALSE(fs::exists(scratch() / "verify1"));
}

TEST_F(StagesTest, LossesOfTheSandboxWithWorkBetweenThemEndNoRun) {
  journal_.append("tree_ready", {{"round", 1}});
  int turn = 0;
  const auto works = [&] { journal_.append("checkpoint", {{"turn", ++turn}}); };
  EXPECT_FALSE(end_after_losses(8, works));
}

TEST_F(StagesTest, LossesInARowParkARunThatHasAPlaceToGoOnFrom) {
  journal_.append("tree_ready", {{"round", 1}});
  const auto end = end_after_losses(8, [] {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->state, core::State::Waiting);
  EXPECT_EQ(end->waiting_for, core::WaitingFor::Person);
  EXPECT_NE(end->reason.find("3 times in a row"), std::string::npos) << end->reason;
  EXPECT_NE(end->reason.find("nightjar resume ID"), std::string::npos) << end->reason;
}

TEST_F(StagesTest, LossesInARowEndARunThatHasNone) {
  const auto end = end_after_losses(8, [] {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->state, core::State::Failed);
}

}  // namespace
}  // namespace nightjar::run
