// The stream of events as a queue that poll(2) can wait for.
#pragma once

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "cli/client.h"

namespace nightjar::cli {

/// Reads in a thread of its own; where the stream breaks it connects again from where it was, so
/// that a restart of the service loses nothing. Ends with the object.
class EventFeed {
 public:
  /// `client` must outlive it. `task` empty: all; `after` nullopt: from now on.
  EventFeed(const Client& client, std::string task, std::optional<long> after);
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;
  ~EventFeed();

  /// Readable when `take` has something to say.
  int fd() const { return wake_.get(); }

  struct Taken {
    std::vector<json::object> events;
    bool opened = false;  ///< the stream stands (again): what was missed is to be read once
    bool gone = false;    ///< the service did not come back; no more will come
  };
  Taken take();

 private:
  void read(std::stop_token stop);
  void push(void (*change)(Taken&));
  bool put(json::object& event, const std::stop_token& stop);  // false: too many wait

  const Client& client_;
  const std::string task_;
  std::optional<long> after_;  // the thread's own
  Fd wake_;
  std::mutex mutex_;
  Taken waiting_;        // protected by mutex_
  std::jthread thread_;  // last: starts when all else stands
};

}  // namespace nightjar::cli
