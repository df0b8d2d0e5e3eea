#include "agent/native/failure.h"

#include <gtest/gtest.h>

namespace nightjar::agent::native {
namespace {

using Kind = model::Failure::Kind;

std::string reason(Kind kind) { return end_for({kind, "its words", {}, 0}, "m").reason; }

TEST(EndFor, AVendorThatIsBusyIsNotSaidToBeOutOfReach) {
  EXPECT_EQ(reason(Kind::RateLimit), "m is busy: its words");
  EXPECT_EQ(reason(Kind::Overloaded), "m is busy: its words");
  EXPECT_EQ(reason(Kind::Broken), "m cannot be reached: its words");
}

TEST(EndFor, RepliesThatCannotBeReadWaitForThePersonWhoIsToldWhatToDo) {
  const WorkResult end = end_for({Kind::Malformed, "no JSON", {}, 200}, "m");
  EXPECT_EQ(end.outcome, Outcome::Parked);
  EXPECT_EQ(end.waiting_for, core::WaitingFor::Person);
  EXPECT_EQ(end.reason, "what m sends cannot be read: no JSON; nightjar resume ID asks it again");
}

TEST(EndFor, WhatWasNeverSentWasNotRefused) {
  EXPECT_TRUE(reason(Kind::Rejected).starts_with("m cannot be asked: its words; nightjar resume"))
      << reason(Kind::Rejected);
  EXPECT_EQ(end_for({Kind::Rejected, "its words", {}, 400}, "m").reason,
            "m refused the request: its words");
}

TEST(EndFor, AKeyThatIsRefusedSaysHowAnotherOneIsTaken) {
  EXPECT_NE(reason(Kind::BadKey).find("nightjar resume ID"), std::string::npos);
  EXPECT_NE(reason(Kind::BadKey).find("nightjar stop"), std::string::npos);
}

TEST(EndFor, OnlyWhatNobodyMendsEndsTheRun) {
  for (const Kind kind : {Kind::RateLimit, Kind::Overloaded, Kind::Broken, Kind::NoMoney,
                          Kind::BadKey, Kind::Rejected, Kind::Malformed})
    EXPECT_EQ(end_for({kind, "", {}, 0}, "m").outcome, Outcome::Parked) << reason(kind);
  EXPECT_EQ(end_for({Kind::ContextFull, "", {}, 0}, "m").outcome, Outcome::Failed);
  EXPECT_EQ(end_for({Kind::NoMoney, "", {}, 0}, "m").waiting_for, core::WaitingFor::Quota);
}

}  // namespace
}  // namespace nightjar::agent::native
