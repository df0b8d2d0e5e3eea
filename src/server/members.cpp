#include "server/members.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/text.h"

namespace nightjar::server {

namespace {

enum class Type { Text, Texts, Flag, Whole, Dollars };

struct Member {
  std::string_view name;
  Type type;
  std::int64_t least = 0, most = 0;  ///< of a whole number
};

constexpr std::int64_t kLongestTime = std::int64_t{1'000'000} * 86'400'000;
constexpr double kMostDollars = 1e6;

// A name means the same in every request.
constexpr std::array<Member, 26> kMembers{{
    {"limit_cost_usd", Type::Dollars},
    {"limit_tokens", Type::Whole, 1, 1'000'000'000},
    {"limit_turns", Type::Whole, 1, 1'000'000},
    {"limit_time_ms", Type::Whole, 1, kLongestTime},
    {"attempts", Type::Whole, 1, 16},
    {"rewind_turn", Type::Whole, 0, 1'000'000},
    {"line", Type::Whole, 0, 100'000'000},
    {"plan_first", Type::Flag},
    {"allow_network", Type::Flag},
    {"runs", Type::Flag},
    {"checks", Type::Texts},
    {"brief", Type::Text},
    {"id", Type::Text},
    {"title", Type::Text},
    {"kind", Type::Text},
    {"repo", Type::Text},
    {"base", Type::Text},
    {"agent", Type::Text},
    {"model", Type::Text},
    {"text", Type::Text},
    {"path", Type::Text},
    {"into", Type::Text},
    {"method", Type::Text},
    {"name", Type::Text},
    {"author", Type::Text},
    {"reason", Type::Text},
}};

bool is_whole(const json::value& value, std::int64_t least, std::int64_t most) {
  if (!value.is_number()) return false;
  boost::system::error_code inexact;
  const auto number = value.to_number<std::int64_t>(inexact);
  return !inexact && number >= least && number <= most;
}

bool is_dollars(const json::value& value) {
  if (!value.is_number()) return false;
  const auto amount = value.to_number<double>();
  return std::isfinite(amount) && amount > 0 && amount <= kMostDollars;
}

bool is_texts(const json::value& value) {
  return value.is_array() && std::ranges::all_of(value.get_array(), [](const json::value& item) {
           return item.is_string();
         });
}

bool fits(const Member& member, const json::value& value) {
  switch (member.type) {
    case Type::Text:
      return value.is_string();
    case Type::Texts:
      return is_texts(value);
    case Type::Flag:
      return value.is_bool();
    case Type::Whole:
      return is_whole(value, member.least, member.most);
    case Type::Dollars:
      return is_dollars(value);
  }
  return false;
}

std::string what_it_takes(const Member& member) {
  switch (member.type) {
    case Type::Text:
      return "a string";
    case Type::Texts:
      return "a list of strings";
    case Type::Flag:
      return "true or false";
    case Type::Whole:
      return fmt::format("a whole number from {} to {}", member.least, member.most);
    case Type::Dollars:
      return "an amount in dollars, a number above 0 and up to 1000000";
  }
  return "";
}

}  // namespace

std::string members_trouble(const json::object& body) {
  for (const auto& member : kMembers) {
    const auto* value = body.if_contains(member.name);
    if (!value || fits(member, *value)) continue;
    return fmt::format("'{}' takes {}, not {}", member.name, what_it_takes(member),
                       shortened(inert(to_line(*value)), 60));
  }
  return "";
}

}  // namespace nightjar::server
