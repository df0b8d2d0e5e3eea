#include "cli/follow.h"

#include <poll.h>

#include "cli/feed.h"
#include "cli/render.h"

namespace nightjar::cli {

namespace {

constexpr Millis kPatience{10'000};

// Empty where nothing came in that time (-1: no limit).
EventFeed::Taken wait_for_news(EventFeed& feed, int timeout_ms) {
  pollfd waited{feed.fd(), POLLIN, 0};
  ::poll(&waited, 1, timeout_ms);
  auto taken = feed.take();
  if (taken.gone) {
    throw Error(
        ErrorKind::Unavailable,
        "the service has stopped; runs go on without it, and the next command starts it again");
  }
  return taken;
}

json::object fetch_task(const Client& client, const std::string& id) {
  json::value task = client.get("/tasks/" + encoded(id));
  if (!task.is_object())
    throw Error(ErrorKind::Internal, "the service answered something that is no task");
  return std::move(task.get_object());
}

// The service may have been killed since it was reached: whoever waits starts it again.
json::object first_look(const Client& client, const std::string& id) {
  for (const Deadline patience = in(kPatience);;) {
    try {
      return fetch_task(client, id);
    } catch (const Refused&) {
      throw;
    } catch (const Error& error) {
      const bool over = std::chrono::steady_clock::now() >= patience;
      if (error.kind() != ErrorKind::Unavailable || over) throw;
    }
    revive_service(client);
    ::poll(nullptr, 0, 100);
  }
}

}  // namespace

json::object follow_task(const Client& client, const std::string& id,
                         const std::function<void(const json::object& event)>& on_event,
                         const std::function<void(const json::object& task)>& on_tick) {
  json::object task = first_look(client, id);
  const std::string whole_id = get_string(task, "id", id);
  if (needs_person_or_ended(task)) {
    const json::value events = client.get("/tasks/" + encoded(whole_id) + "/events");
    if (events.is_array()) {
      for (const auto& event : events.get_array()) {
        if (event.is_object()) on_event(event.get_object());
      }
    }
    return task;
  }
  // From the first event: what ends the wait comes after what was fetched above.
  EventFeed feed(client, whole_id, 0);
  for (;;) {
    const auto taken = wait_for_news(feed, on_tick ? 1000 : -1);
    for (const auto& event : taken.events) on_event(event);
    if (on_tick) on_tick(task);
    if (taken.events.empty() && !taken.opened) continue;
    try {
      task = fetch_task(client, whole_id);
    } catch (const Refused&) {
      throw;
    } catch (const Error&) {  // the service is being restarted: the feed tells when it is back
      continue;
    }
    if (!needs_person_or_ended(task)) continue;
    // Events that came between the last look and the fetch belong to the story.
    for (const auto& event : feed.take().events) on_event(event);
    return task;
  }
}

void follow_all(const Client& client, const std::function<void()>& on_open,
                const std::function<void(const json::object& event)>& on_event) {
  EventFeed feed(client, "", std::nullopt);
  bool opened = false;
  for (;;) {
    const auto taken = wait_for_news(feed, -1);
    if (taken.opened && !std::exchange(opened, true)) on_open();
    for (const auto& event : taken.events) on_event(event);
  }
}

}  // namespace nightjar::cli
