// The event streams: every client reads the log from its own position and is woken when there is
// more.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "server/api.h"
#include "server/message.h"
#include "store/store.h"

namespace nightjar::server {

/// One event as it goes to every client.
struct Frame {
  long id = 0;
  std::string task;
  std::string text;
};
using FramePtr = std::shared_ptr<const Frame>;  // shared by all clients that have yet to write it

class Feed {
 public:
  explicit Feed(const store::Store& store) : store_(store) {}

  void announce();
  /// Ends all streams.
  void stop();
  /// Writes events to the client until it is gone, takes nothing, or the feed is stopped.
  void serve(Wire& wire, int socket, const StreamOrder& order, Millis heartbeat);

 private:
  /// Wakes one client; lives as long as its stream.
  class Client;

  /// The next events after that position; the newest ones are read from the store once for all
  /// clients.
  std::vector<FramePtr> after(long id);
  bool write_backlog(Wire& wire, const std::string& task, long& position);

  const store::Store& store_;
  std::mutex clients_mutex_;
  std::list<Client*> clients_;
  bool stopped_ = false;

  std::mutex tail_mutex_;
  std::deque<FramePtr> tail_;  ///< consecutive in the log; the newest at the end
  size_t tail_bytes_ = 0;
};

}  // namespace nightjar::server
