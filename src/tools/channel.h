// How the runner and the toolbox inside the sandbox talk: JSON documents with their length before
// them, over the socket of a process that stays.
//
// To the toolbox: {"call": N, "tool": NAME, "arguments": {...}}, {"stop": N}.
// From it: {"call": N, "more": TEXT} while it works, then {"call": N, "output": TEXT, ...}; and
// {"unread": WHY} where it could not read what came.
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "tools/answer.h"

namespace nightjar::tools {

inline constexpr size_t kLargestDocument = size_t{64} << 20;
/// What parse_json reads, less the document around them.
inline constexpr size_t kDeepestArguments = 31;

/// Collects what comes in pieces.
class Inbox {
 public:
  /// Reads what is there, without waiting where the descriptor does not block. False at the end of
  /// the stream.
  bool read_from(int fd);
  /// The next whole document; nullopt: not yet. Throws Error(Invalid) for what is none, which is
  /// passed over, and Error(Limit) for what is too large, behind which nothing can be read.
  std::optional<json::object> next();

 private:
  std::string bytes_;
  size_t at_ = 0;
};

/// Whole document, blocking. Throws Error where the other side has gone.
void send_document(int fd, const json::object& document);

json::object to_json(const Answer& answer);
Answer answer_from(const json::object& object);

}  // namespace nightjar::tools
