// What servers tell of tokens, possible or not; pure.
#include <gtest/gtest.h>

#include "model/wire.h"

namespace nightjar::model {
namespace {

constexpr std::int64_t kMost = 1'000'000'000;

// The answer's members by which a wire tells its counts.
std::string answer(WireKind wire, const std::string& input, const std::string& cached,
                   const std::string& output) {
  switch (wire) {
    case WireKind::Responses:
      return R"({"usage": {"input_tokens": )" + input +
             R"(, "input_tokens_details": {"cached_tokens": )" + cached +
             R"(}, "output_tokens": )" + output + "}}";
    case WireKind::Chat:
      return R"({"usage": {"prompt_tokens": )" + input +
             R"(, "prompt_tokens_details": {"cached_tokens": )" + cached +
             R"(}, "completion_tokens": )" + output + "}}";
    case WireKind::Anthropic:
      return R"({"usage": {"input_tokens": )" + input + R"(, "cache_read_input_tokens": )" +
             cached + R"(, "output_tokens": )" + output + "}}";
    case WireKind::Gemini:
      return R"({"usageMetadata": {"promptTokenCount": )" + input +
             R"(, "cachedContentTokenCount": )" + cached + R"(, "candidatesTokenCount": )" +
             output + "}}";
  }
  return "{}";
}

class UsageOf : public testing::TestWithParam<WireKind> {
 protected:
  static Usage told(const std::string& input, const std::string& cached,
                    const std::string& output) {
    const auto parsed = parse_json(answer(GetParam(), input, cached, output));
    return wire_of(GetParam()).usage_in(parsed->get_object());
  }
};
INSTANTIATE_TEST_SUITE_P(Each, UsageOf,
                         testing::Values(WireKind::Responses, WireKind::Chat, WireKind::Anthropic,
                                         WireKind::Gemini),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(UsageOf, WhatIsImpossibleCountsAsNotTold) {
  EXPECT_EQ(told("-100000", "0", "-5"), Usage{});
  EXPECT_EQ(told("-5", "0", "7"), Usage{});
  EXPECT_EQ(told("-5", "5", "7"), Usage{});
  EXPECT_EQ(told("5", "-5", "7"), Usage{});
  EXPECT_EQ(told("-9223372036854775808", "-9223372036854775808", "-1e300"), Usage{});
}

TEST_P(UsageOf, WhatIsAbsurdIsBounded) {
  EXPECT_EQ(told("5", "0", "1e300"), (Usage{5, 0, 0, kMost, 0}));
  EXPECT_EQ(told("18446744073709551615", "0", "1"), (Usage{kMost, 0, 0, 1, 0}));
  const Usage most = told("9223372036854775807", "9223372036854775807", "9223372036854775807");
  EXPECT_EQ(most, (Usage{kMost, kMost, 0, kMost, 0}));
  EXPECT_GE(cost_of(most, {1, 1, 1, 1, true}), 0);
}

TEST_P(UsageOf, NoMoreIsCachedThanWasSent) {
  const Usage usage = told("100", "900", "1");
  EXPECT_LE(usage.cached, usage.input);
  EXPECT_GE(cost_of(usage, {1, 0.1, 0, 1, true}), 0);
}

TEST(Usages, OfAJournalAreHeldToTheSame) {
  const auto of = [](std::string_view text) { return usage_from(parse_json(text)->get_object()); };
  EXPECT_EQ(of(R"({"input": -100000, "output": -5})"), Usage{});
  EXPECT_EQ(of(R"({"input": 10, "cached": 8, "cache_write": 8, "output": 1e300})"),
            (Usage{10, 8, 2, kMost, 0}));
  EXPECT_EQ(counted_in(parse_json(R"({"input_tokens": 1e300})")->get_object()), kMost);
}

}  // namespace
}  // namespace nightjar::model
