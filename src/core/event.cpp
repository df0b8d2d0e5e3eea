#include "core/event.h"

namespace nightjar::core {

std::optional<int> Turns::begun_by(std::string_view run, std::string_view kind,
                                   const json::object& body) {
  if (kind != "said" && kind != "tool_started" && kind != "rewound") return std::nullopt;
  const int turn = static_cast<int>(get_int(body, "turn"));
  int& newest = newest_.try_emplace(std::string(run), 0).first->second;
  if (turn == newest) return std::nullopt;
  newest = turn;
  return kind == "rewound" ? std::nullopt : std::optional(turn);
}

json::object to_json(const Event& event) {
  return {{"task", event.task}, {"run", event.run},
          {"seq", event.seq},   {"time", to_rfc3339(event.time)},
          {"kind", event.kind}, {"body", event.body}};
}

std::expected<Event, std::string> event_from(const json::value& value) {
  const auto* object = value.if_object();
  if (!object) return std::unexpected("an event must be an object");
  Event event;
  event.task = get_string(*object, "task");
  event.run = get_string(*object, "run");
  event.seq = get_int(*object, "seq");
  const auto time = from_rfc3339(get_string(*object, "time"));
  event.kind = get_string(*object, "kind");
  if (event.task.empty()) return std::unexpected("the event has no task");
  if (event.seq < 1) return std::unexpected("the event has no seq");
  if (!time) return std::unexpected("the event has no time");
  if (event.kind.empty()) return std::unexpected("the event has no kind");
  event.time = *time;
  event.body = get_object(*object, "body");
  return event;
}

}  // namespace nightjar::core
