// A request and its reply as values, and their reading and writing on a socket. Beast is included
// by the implementation alone.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "server/server.h"

namespace nightjar::server {

struct Request {
  std::string method;
  std::string path;                            ///< before the `?`, still encoded
  std::map<std::string, std::string> query;    ///< decoded
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  bool keep_alive = false;

  std::string header(const std::string& name) const;
  std::string parameter(const std::string& name) const;
};

struct Reply {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

Reply json_reply(const json::value& value, int status = 200);
Reply text_reply(std::string text);
/// With the status of the problem's kind, or another one.
Reply problem_reply(const Problem& problem, int status = 0);

/// nullopt where an escape is damaged or stands for a NUL.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);
std::map<std::string, std::string> parse_query(std::string_view text);

inline constexpr size_t kMostBody = size_t{1} << 20;

/// What the bodies of several connections may hold together, beside a small one each. Any thread.
class BodyRoom {
 public:
  explicit BodyRoom(size_t most) : left_(most) {}
  /// False: there is no room.
  bool take(size_t bytes);
  void give_back(size_t bytes) { left_ += bytes; }

 private:
  std::atomic<size_t> left_;
};

/// One connection. Bounded: 16 kB of header, and the body.
class Wire {
 public:
  /// A body takes its room until the next one is read. `room` must outlive the connection.
  Wire(int fd, const Timeouts& timeouts, size_t most_body = kMostBody, BodyRoom* room = nullptr);
  ~Wire();

  /// Waits for the next request. nullopt: the connection is over; `refusal` is then to be sent,
  /// where set.
  std::optional<Request> read(std::optional<Reply>& refusal);
  /// False where the client is gone or takes nothing.
  bool write(const Reply& reply, bool head_only, bool keep_alive);
  /// The header of a stream; its end is the end of the connection.
  bool start_stream(std::string_view type);
  bool write_raw(std::string_view bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nightjar::server
