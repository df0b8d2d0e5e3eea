// How the session and its helper talk: length-prefixed frames of numbers and byte strings over a
// socket pair. Not JSON, because paths and contents are bytes and need not be UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace nightjar::sandbox {

enum class FrameKind : std::uint8_t {
  // to the helper
  Prepare = 1,  ///< an encoded Ground; the first frame
  Setup,        ///< an encoded Plan; the second
  Run,          ///< an encoded command
  Kill,         ///< ends the command under way
  Collect,      ///< number: most bytes of one content
  Apply,        ///< changes; ends with Done
  ReadFile,     ///< path, number: most bytes
  FindFiles,    ///< folder, pattern, number: most names
  Spawn,        ///< an encoded command that stays beside the others
  Listen,       ///< number: port on the sandbox's own loopback
  // to the session
  Launched,  ///< number: pid of PID 1, in the session's own pid namespace
  Ready,     ///< text: how the work tree was made
  Failed,    ///< number: errno, text: what could not be done; the helper ends
  Started,   ///< carries the read end of the command's output; of one that stays, its socket
  Ended,     ///< number: wait status of the command's first process
  Entry,     ///< one change
  Content,   ///< flag: there is such a file; text
  Names,     ///< list of texts
  Refused,   ///< number: errno, text: this request could not be done; the helper goes on
  Done,
  Listening,  ///< carries the socket
};

class Writer {
 public:
  void number(std::uint64_t value);
  void flag(bool value) { number(value ? 1 : 0); }
  void text(std::string_view bytes);
  void texts(const std::vector<std::string>& list);
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Throws Error(Invalid) where the bytes end too early.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t number();
  bool flag() { return number() != 0; }
  std::string text();
  std::vector<std::string> texts();
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

struct Frame {
  FrameKind kind{};
  std::string payload;
  Fd descriptor;  ///< where one came along
};

inline constexpr size_t kLargestFrame = size_t{1} << 30;

/// Whole frame, blocking. Throws Error(Unavailable) where the other side has gone.
void send_frame(int socket, FrameKind kind, std::string_view payload, int descriptor = -1);
/// Whole frame, blocking; nullopt at the end of the stream.
std::optional<Frame> receive_frame(int socket);

}  // namespace nightjar::sandbox
