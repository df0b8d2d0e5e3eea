#include "server/feed.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"

namespace nightjar::server {

namespace {

constexpr size_t kBatch = 256;
constexpr size_t kMostTail = 1024;
constexpr size_t kMostTailBytes = 2'000'000;

FramePtr frame_of(const store::StoredEvent& stored) {
  auto frame = std::make_shared<Frame>();
  frame->id = stored.id;
  frame->task = stored.event.task;
  // JSON has no line breaks of its own; the kind comes from a runner and is made harmless.
  frame->text = "id: " + std::to_string(stored.id) + "\nevent: " + inert(stored.event.kind) +
                "\ndata: " + to_line(core::to_json(stored.event)) + "\n\n";
  return frame;
}

}  // namespace

class Feed::Client {
 public:
  explicit Client(Feed& feed) : feed_(feed), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw_errno("eventfd");
    const std::lock_guard lock(feed_.clients_mutex_);
    place_ = feed_.clients_.insert(feed_.clients_.end(), this);
  }
  ~Client() {
    const std::lock_guard lock(feed_.clients_mutex_);
    feed_.clients_.erase(place_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }

  enum class Why { Woken, Quiet, Gone };
  /// Waits for more events; Quiet after `heartbeat` without any. Gone where the client closed or
  /// spoke.
  Why wait(int socket, Millis heartbeat) const {
    const Deadline deadline = in(heartbeat);
    for (;;) {
      pollfd entries[2] = {{wake_.get(), POLLIN, 0}, {socket, POLLIN | POLLRDHUP, 0}};
      const int ready = ::poll(entries, 2, poll_timeout(deadline));
      if (ready < 0 && errno == EINTR) continue;
      if (ready < 0) throw_errno("poll");
      if (ready == 0) return Why::Quiet;
      if (entries[1].revents) return Why::Gone;
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
      return Why::Woken;
    }
  }

 private:
  Feed& feed_;
  Fd wake_;
  std::list<Client*>::iterator place_;
};

void Feed::announce() {
  const std::lock_guard lock(clients_mutex_);
  for (const Client* client : clients_) client->wake();
}

void Feed::stop() {
  const std::lock_guard lock(clients_mutex_);
  stopped_ = true;
  for (const Client* client : clients_) client->wake();
}

std::vector<FramePtr> Feed::after(long id) {
  const std::lock_guard lock(tail_mutex_);
  // Whoever is within the tail reads it; the first one at its end fetches more for everybody.
  const bool within = !tail_.empty() && id >= tail_.front()->id && id <= tail_.back()->id;
  std::vector<FramePtr> frames;
  if (within && id < tail_.back()->id) {
    auto next = std::ranges::upper_bound(tail_, id, {}, &Frame::id);
    for (; next != tail_.end() && frames.size() < kBatch; ++next) frames.push_back(*next);
    return frames;
  }
  for (const auto& stored : store_.events_after(id, kBatch)) frames.push_back(frame_of(stored));
  if (frames.empty()) return frames;
  if (!within) {
    // Old events are of no use to others; a client at the end of the log begins the tail anew.
    if (frames.size() == kBatch || (!tail_.empty() && frames.back()->id < tail_.back()->id))
      return frames;
    tail_.clear();
    tail_bytes_ = 0;
  }
  for (const auto& frame : frames) {
    tail_.push_back(frame);
    tail_bytes_ += frame->text.size();
  }
  while (tail_.size() > kMostTail || (tail_bytes_ > kMostTailBytes && tail_.size() > 1)) {
    tail_bytes_ -= tail_.front()->text.size();
    tail_.pop_front();
  }
  return frames;
}

// A task's own history is read by the task, not by walking the log of all of them.
bool Feed::write_backlog(Wire& wire, const std::string& task, long& position) {
  for (const auto& stored : store_.events_of(task)) {
    if (stored.id <= position) continue;
    if (!wire.write_raw(frame_of(stored)->text)) return false;
    position = stored.id;
  }
  return true;
}

void Feed::serve(Wire& wire, int socket, const StreamOrder& order, Millis heartbeat) {
  const Client client(*this);  // before the position is read: nothing is missed in between
  const long newest = store_.last_event_id();
  long position = order.after.value_or(newest);
  if (!wire.start_stream("text/event-stream") || !wire.write_raw("retry: 1000\n: hello\n\n"))
    return;
  if (!order.task.empty() && position < newest) {
    if (!write_backlog(wire, order.task, position)) return;
    position = std::max(position, newest);
  }
  for (;;) {
    {
      const std::lock_guard lock(clients_mutex_);
      if (stopped_) return;
    }
    const auto frames = after(position);
    std::string text;
    for (const auto& frame : frames) {
      position = frame->id;
      if (order.task.empty() || frame->task == order.task) text += frame->text;
    }
    if (!text.empty() && !wire.write_raw(text)) return;
    if (!frames.empty()) continue;
    switch (client.wait(socket, heartbeat)) {
      case Client::Why::Woken:
        break;
      case Client::Why::Quiet:
        if (!wire.write_raw(": still here\n\n")) return;
        break;
      case Client::Why::Gone:
        return;
    }
  }
}

}  // namespace nightjar::server
