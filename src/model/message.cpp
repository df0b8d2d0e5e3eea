#include "model/message.h"

#include <algorithm>
#include <array>
#include <utility>

namespace nightjar::model {

namespace {

constexpr std::array<std::pair<Stop, std::string_view>, 6> kStops{
    {{Stop::Finished, "finished"},
     {Stop::Calls, "calls"},
     {Stop::Length, "length"},
     {Stop::Refused, "refused"},
     {Stop::Paused, "paused"},
     {Stop::Repetition, "repetition"}}};

constexpr std::int64_t kMostTokens = 1'000'000'000;
// Stays negative with a few possible counts added to it.
constexpr std::int64_t kImpossible = -10 * kMostTokens;

Stop stop_from(std::string_view text) {
  for (const auto& [stop, name] : kStops) {
    if (name == text) return stop;
  }
  return Stop::Finished;
}

}  // namespace

Usage& Usage::operator+=(const Usage& other) {
  input += other.input;
  cached += other.cached;
  cache_write += other.cache_write;
  output += other.output;
  reasoning += other.reasoning;
  return *this;
}

std::int64_t told_tokens(const json::object& object, std::string_view member) {
  const double told = get_double(object, member);
  if (told < 0) return kImpossible;
  return static_cast<std::int64_t>(std::min(told, static_cast<double>(kMostTokens)));
}

Usage plausible(const Usage& told) {
  if (std::min({told.input, told.cached, told.cache_write, told.output, told.reasoning}) < 0)
    return {};
  Usage out;
  out.input = std::min(told.input, kMostTokens);
  out.cached = std::min(told.cached, out.input);
  out.cache_write = std::min(told.cache_write, out.input - out.cached);
  out.output = std::min(told.output, kMostTokens);
  out.reasoning = std::min(told.reasoning, kMostTokens);
  return out;
}

double cost_of(const Usage& usage, const Prices& prices) {
  if (!prices.known) return 0;
  const auto fresh = static_cast<double>(usage.input - usage.cached - usage.cache_write);
  return (fresh * prices.input + static_cast<double>(usage.cached) * prices.cached +
          static_cast<double>(usage.cache_write) * prices.cache_write +
          static_cast<double>(usage.output) * prices.output) /
         1e6;
}

std::string_view to_string(Stop stop) {
  for (const auto& [known, name] : kStops) {
    if (known == stop) return name;
  }
  return "finished";
}

json::object to_json(const Usage& usage) {
  return {{"input", usage.input},
          {"cached", usage.cached},
          {"cache_write", usage.cache_write},
          {"output", usage.output},
          {"reasoning", usage.reasoning}};
}

Usage usage_from(const json::object& object) {
  return plausible({told_tokens(object, "input"), told_tokens(object, "cached"),
                    told_tokens(object, "cache_write"), told_tokens(object, "output"),
                    told_tokens(object, "reasoning")});
}

json::object to_json(const Reply& reply) {
  json::array calls;
  for (const auto& call : reply.calls) {
    calls.push_back(
        json::object{{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  }
  return {{"text", reply.text},
          {"thoughts", reply.thoughts},
          {"calls", std::move(calls)},
          {"stop", to_string(reply.stop)},
          {"usage", to_json(reply.usage)},
          {"model", reply.model},
          {"replay", reply.replay}};
}

Reply reply_from(const json::object& object) {
  Reply out;
  out.text = get_string(object, "text");
  out.thoughts = get_string(object, "thoughts");
  for (const auto& item : get_array(object, "calls")) {
    if (!item.is_object()) continue;
    const auto& call = item.get_object();
    out.calls.push_back(
        {get_string(call, "id"), get_string(call, "name"), get_string(call, "arguments")});
  }
  out.stop = stop_from(get_string(object, "stop"));
  out.usage = usage_from(get_object(object, "usage"));
  out.model = get_string(object, "model");
  out.replay = get_string(object, "replay");
  return out;
}

json::object to_json(const ToolResult& result) {
  json::object out{{"call", result.call}, {"name", result.name}, {"output", result.output}};
  if (result.error) out["error"] = true;
  if (!result.image.empty()) {
    out["image_type"] = result.image_type;
    out["image"] = result.image;
  }
  return out;
}

ToolResult tool_result_from(const json::object& object) {
  ToolResult out;
  out.call = get_string(object, "call");
  out.name = get_string(object, "name");
  out.output = get_string(object, "output");
  out.error = get_bool(object, "error");
  out.image_type = get_string(object, "image_type");
  out.image = get_string(object, "image");
  return out;
}

}  // namespace nightjar::model
