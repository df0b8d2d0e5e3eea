#include "cli/feed.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <utility>

namespace nightjar::cli {

using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 30s;          // an upgrade of the service takes less
constexpr size_t kMostWaiting = 20'000;  // events nobody took: the stream is held back

// Sleeps unless stopped.
void pause(std::stop_token stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

EventFeed::EventFeed(const Client& client, std::string task, std::optional<long> after)
    : client_(client),
      task_(std::move(task)),
      after_(after),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw_errno("eventfd");
  thread_ = std::jthread([this](std::stop_token stop) { read(stop); });
}

EventFeed::~EventFeed() {
  thread_.request_stop();
  thread_.join();
}

void EventFeed::push(void (*change)(Taken&)) {
  {
    const std::lock_guard lock(mutex_);
    change(waiting_);
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

bool EventFeed::put(json::object& event, const std::stop_token& stop) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.events.size() >= kMostWaiting && !stop.stop_requested()) return false;
    waiting_.events.push_back(std::move(event));
  }
  push([](Taken&) {});
  return true;
}

EventFeed::Taken EventFeed::take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(wake_.get(), &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

void EventFeed::read(std::stop_token stop) {
  Deadline give_up = in(kPatience);
  while (!stop.stop_requested()) {
    try {
      const auto opened = [&] {
        give_up = kNoDeadline;
        push([](Taken& taken) { taken.opened = true; });
      };
      const auto arrived = [&](long id, json::object event) {
        if (id > 0) after_ = id;
        while (!put(event, stop)) pause(stop, 10ms);
      };
      client_.events(task_, after_, opened, arrived, stop);
    } catch (const Cancelled&) {
      return;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::NotFound || error.kind() == ErrorKind::Denied)
        give_up = Deadline::min();
    }
    if (give_up == kNoDeadline) give_up = in(kPatience);
    if (!stop.stop_requested() && revive_service(client_)) continue;
    if (std::chrono::steady_clock::now() >= give_up) {
      push([](Taken& taken) { taken.gone = true; });
      return;
    }
    pause(stop, 100ms);
  }
}

}  // namespace nightjar::cli
