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

TEST(EndFor, OnlyWhatNobodyMendsEndsTheRun) {
  for (const Kind kind : {Kind::RateLimit, Kind::Overloaded, Kind::Broken, Kind::NoMoney,
                          Kind::BadKey, Kind::Rejected})
    EXPECT_EQ(end_for({kind, "", {}, 0}, "m").outcome, Outcome::Parked) << reason(kind);
  for (const Kind kind : {Kind::ContextFull, Kind::Malformed})
    EXPECT_EQ(end_for({kind, "", {}, 0}, "m").outcome, Outcome::Failed) << reason(kind);
  EXPECT_EQ(end_for({Kind::NoMoney, "", {}, 0}, "m").waiting_for, core::WaitingFor::Quota);
}

}  // namespace
}  // namespace nightjar::agent::native
