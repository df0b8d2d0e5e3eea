// What goes to a model and comes back from it, whoever its vendor is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace nightjar::model {

/// What a model may ask for.
struct ToolSpec {
  std::string name, description;
  std::string parameters;  ///< a JSON Schema of type object, as text
  bool operator==(const ToolSpec&) const = default;
};

struct ToolCall {
  std::string id, name;
  std::string arguments;  ///< as the model wrote them: perhaps no JSON at all
  bool operator==(const ToolCall&) const = default;
};

struct ToolResult {
  std::string call, name;  ///< of the call it answers
  std::string output;      ///< UTF-8
  bool error = false;
  std::string image_type, image;  ///< "image/png" and base 64, where the tool shows a picture
  bool operator==(const ToolResult&) const = default;
};

/// Tokens. `input` counts everything that was sent, what a cache held and what was written to it
/// included; `output` includes reasoning.
struct Usage {
  std::int64_t input = 0, cached = 0, cache_write = 0, output = 0, reasoning = 0;
  Usage& operator+=(const Usage& other);
  bool operator==(const Usage&) const = default;
};

/// A count of tokens as a server tells it; what is added up from such counts goes through
/// `plausible`, which knows whether one of them was impossible.
std::int64_t told_tokens(const json::object& object, std::string_view member);
/// What limits and costs may be built on: no count above a thousand million, no more taken from or
/// given to a cache than was sent. Where a count is impossible nothing was told.
Usage plausible(const Usage& told);

enum class Stop {
  Finished,    ///< said what it had to say
  Calls,       ///< waits for results
  Length,      ///< its longest answer was reached
  Refused,     ///< the model or the vendor's filter declined
  Paused,      ///< wants the same again to go on (Anthropic's pause_turn)
  Repetition,  ///< cut by us: the same text over and over
};

struct Reply {
  std::string text;
  std::string thoughts;  ///< a summary of its reasoning, where the vendor shows one
  std::vector<ToolCall> calls;
  Stop stop = Stop::Finished;
  Usage usage;
  std::string model;  ///< as the vendor calls it
  std::string why;    ///< it was declined, as the vendor calls it; not kept
  /// The vendor's own items of this reply as JSON, comma between them, to be sent back unchanged:
  /// reasoning and signatures are in them. Empty: made from the members above.
  std::string replay;
  bool operator==(const Reply&) const = default;
};

struct Prices {
  double input = 0, cached = 0, cache_write = 0, output = 0;  ///< dollars for a million tokens
  bool known = false;
  bool operator==(const Prices&) const = default;
};
/// In dollars; 0 where no price is known.
double cost_of(const Usage& usage, const Prices& prices);

std::string_view to_string(Stop stop);
json::object to_json(const Usage& usage);
Usage usage_from(const json::object& object);
json::object to_json(const Reply& reply);
Reply reply_from(const json::object& object);
json::object to_json(const ToolResult& result);
ToolResult tool_result_from(const json::object& object);

}  // namespace nightjar::model
