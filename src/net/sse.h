// Server-sent events, as the HTML standard reads them, from pieces of any size.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace nightjar::net {

struct SseEvent {
  std::string id;     ///< the last id seen, also where this event has none
  std::string event;  ///< "message" where it was not named
  std::string data;
  bool operator==(const SseEvent&) const = default;
};

/// One thread at a time. Memory is bounded: a line, or the data of one event, that is longer than
/// `most` is an Error(Limit).
class SseParser {
 public:
  explicit SseParser(size_t most = size_t{16} << 20) : most_(most) {}

  /// Calls `on_event` for every event that is complete; the rest waits for the next piece.
  void feed(std::string_view bytes, const std::function<void(const SseEvent&)>& on_event);

  const std::string& last_event_id() const { return id_; }
  /// How long the server asks to wait before connecting again.
  std::optional<Millis> retry() const { return retry_; }

 private:
  void on_line(const std::function<void(const SseEvent&)>& on_event);
  void on_field(std::string_view name, std::string_view value);

  size_t most_;
  std::string line_;
  bool after_cr_ = false;
  bool at_start_ = true;
  bool has_data_ = false;
  std::string id_, event_, data_;
  std::optional<Millis> retry_;
};

}  // namespace nightjar::net
