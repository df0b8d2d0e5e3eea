// The routes of docs/api.md as data, and what answers each of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "server/message.h"
#include "server/server.h"

namespace nightjar::server {

/// A request for the event stream, which only a connection can answer.
struct StreamOrder {
  std::string task;           ///< whole id; empty: all tasks
  std::optional<long> after;  ///< nullopt: from now on
};
using Outcome = std::variant<Reply, StreamOrder>;

/// Who may ask: the rules of Host, Origin and the bearer token. nullopt: the request may pass.
std::optional<Reply> refuse_stranger(const Request& request, std::string_view token);

/// Finds the route and asks the backend. Never throws for what a client or the backend did.
Outcome answer(const Request& request, Backend& backend);

}  // namespace nightjar::server
