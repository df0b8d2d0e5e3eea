#include "base/time.h"

#include <gtest/gtest.h>

namespace nightjar {
namespace {

TEST(Time, ReadsTheDatesOfHttpHeaders) {
  EXPECT_EQ(to_rfc3339(*from_http_date("Sun, 06 Nov 1994 08:49:37 GMT")),
            "1994-11-06T08:49:37.000Z");
  EXPECT_FALSE(from_http_date("Sun, 06 Nov 1994 08:49:37"));
  EXPECT_FALSE(from_http_date("120"));
}

TEST(Rfc3339, RoundTripsMilliseconds) {
  const Time time{Millis(1'700'000'000'123)};
  EXPECT_EQ(to_rfc3339(time), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(from_rfc3339("2023-11-14T22:13:20.123Z"), time);
  EXPECT_EQ(from_rfc3339("2023-11-14T22:13:20Z"), Time{Millis(1'700'000'000'000)});
}

TEST(Rfc3339, RefusesWhatIsNotUtcOrNotATime) {
  for (const char* text : {"", "yesterday", "2023-11-14T22:13:20", "2023-11-14T22:13:20.Z",
                           "2023-11-14T22:13:20+01:00"}) {
    EXPECT_FALSE(from_rfc3339(text)) << text;
  }
}

TEST(ParseDuration, TakesWhatAPersonTypes) {
  EXPECT_EQ(parse_duration("90s"), Millis(90'000));
  EXPECT_EQ(parse_duration("1h30m"), Millis(5'400'000));
  EXPECT_EQ(parse_duration("250ms"), Millis(250));
  for (const char* text : {"", "0s", "5", "m", "-5m", "5 m", "99999999h", "1.5h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Human, ReadsLikeAClock) {
  EXPECT_EQ(human(Millis(340)), "340 ms");
  EXPECT_EQ(human(Millis(12'400)), "12 s");
  EXPECT_EQ(human(Millis(200'000)), "3 min 20 s");
  EXPECT_EQ(human(Millis(7'500'000)), "2 h 5 min");
}

TEST(PollTimeout, NeverWaitsPastTheDeadlineAndForeverWithoutOne) {
  EXPECT_EQ(poll_timeout(kNoDeadline), -1);
  EXPECT_EQ(poll_timeout(std::chrono::steady_clock::now() - std::chrono::seconds(1)), 0);
  EXPECT_GT(poll_timeout(in(std::chrono::hours(1000))), 0);
}

}  // namespace
}  // namespace nightjar
