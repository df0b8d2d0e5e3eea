// The wire between a Session (outside) and the helper (PID 1 inside): frames on a stream socket pair.
// A frame is a 4-byte little-endian length of what follows, a type byte, and the payload. Neither side
// trusts the other's lengths beyond `kMostFrame`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "core/change.h"

namespace nightjar::sandbox {

inline constexpr size_t kMostFrame = size_t{300} << 20;

enum class FrameType : char {
  // Session to helper
  Config = 'P',   ///< JSON: the plan
  Run = 'C',      ///< JSON: argv, cwd, env, input
  Kill = 'K',     ///< ends the command under way
  Collect = 'L',  ///< JSON: most_bytes
  Apply = 'A',    ///< a change; ApplyEnd closes the list
  ApplyEnd = 'a',
  Read = 'R',     ///< JSON: path, most
  Find = 'F',     ///< JSON: folder, pattern
  // helper to Session
  Ready = 'r',    ///< JSON: tree
  Refused = 'e',  ///< text: why no sandbox could be made, or an order failed
  Output = 'o',
  Exit = 'x',     ///< JSON: status
  Change = 'c',
  Done = 'd',     ///< JSON
  Content = 'f',  ///< bytes of a file
};

struct Frame {
  FrameType type{};
  std::string payload;
};

/// nullopt at end of file. Throws Error(Timeout) at the deadline, Error(Internal) for a frame that is too long.
std::optional<Frame> read_frame(int fd, Deadline deadline);
/// Throws Error where the other side is gone.
void write_frame(int fd, FrameType type, std::string_view payload);

std::string encode(const core::Change& change);
std::optional<core::Change> decode_change(std::string_view payload);

}  // namespace nightjar::sandbox
