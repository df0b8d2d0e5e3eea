#include "cli/tasks.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/text.h"
#include "cli/follow.h"
#include "cli/render.h"

namespace nightjar::cli {

namespace {

// What the person may have meant, where the service knows no such id.
[[noreturn]] void suggest(const Context& context, const Refused& refused) {
  const std::string& id = context.call.arguments.front();
  std::vector<std::string> ids;
  std::string nearest_title;
  const json::value tasks = context.client.get("/tasks");
  if (!tasks.is_array()) throw refused;
  for (const auto& task : tasks.get_array()) {
    if (task.is_object()) ids.push_back(get_string(task.get_object(), "id"));
  }
  if (ids.empty()) {
    throw Refused(
        refused.kind(),
        fmt::format("there is no task '{}': there are none yet; in a repository: nightjar assign "
                    "\"Rename class Parser to Reader everywhere\"",
                    inert(id)),
        refused.more());
  }
  const std::string near = nearest(lower(id), ids);
  if (near.empty()) throw refused;
  for (const auto& task : tasks.get_array()) {
    if (get_string(task.get_object(), "id") == near)
      nearest_title = get_string(task.get_object(), "title");
  }
  throw Refused(refused.kind(),
                fmt::format("there is no task '{}'; did you mean {} ({})?", inert(id), inert(near),
                            inert(shortened(nearest_title, 60))),
                refused.more());
}

template <class Ask>
auto about_task(const Context& context, Ask&& ask) {
  const std::string path = task_path(context);  // an id that cannot be one starts no service
  try {
    return ask(context.service());
  } catch (const Refused& refused) {
    if (refused.kind() != ErrorKind::NotFound) throw;
    // "No such log" and the like are about a task that exists.
    bool exists = true;
    try {
      context.client.get(path);
    } catch (const Refused&) {
      exists = false;
    }
    if (exists) throw;
    suggest(context, refused);
  }
}

json::object object_of(json::value value) {
  if (!value.is_object())
    throw Error(ErrorKind::Internal, "the service answered something else than an object");
  return std::move(value.get_object());
}

}  // namespace

std::string task_path(const Context& context, std::string_view rest) {
  const std::string& id = context.call.arguments.front();
  if (trimmed(id).empty()) throw wrong_use("the task's id is empty; nightjar tasks lists them");
  // "." and ".." would be steps in the path of a URL.
  if (id.find_first_not_of('.') == std::string::npos)
    throw wrong_use(fmt::format("'{}' is no task's id", id));
  return fmt::format("/tasks/{}{}", encoded(id), rest);
}

json::object get_object_of_task(const Context& context, std::string_view rest) {
  return about_task(context, [&](const Client& client) {
    return object_of(client.get(task_path(context, rest)));
  });
}

json::value get_value_of_task(const Context& context, std::string_view rest) {
  return about_task(context,
                    [&](const Client& client) { return client.get(task_path(context, rest)); });
}

std::string get_text_of_task(const Context& context, std::string_view rest) {
  return about_task(
      context, [&](const Client& client) { return client.get_text(task_path(context, rest)); });
}

void stream_text_of_task(const Context& context, std::string_view rest,
                         const std::function<bool(std::string_view)>& on_text) {
  about_task(context,
             [&](const Client& client) { client.get_text(task_path(context, rest), on_text); });
}

json::object post_to_task(const Context& context, std::string_view action,
                          const json::object& body) {
  const std::string path = fmt::format("/{}", action);
  return about_task(context, [&](const Client& client) {
    return object_of(client.post(task_path(context, path), body, Millis{600'000}));
  });
}

namespace {

// The last line on a terminal while a task is followed: what is under way, and for how long.
class StatusLine {
 public:
  explicit StatusLine(const Context& context)
      : context_(context), on_(context.out.tty && !context.json) {}
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine() {
    try {
      clear();
    } catch (const Error&) {  // the terminal is gone
    }
  }

  void clear() {
    if (std::exchange(shown_, false)) context_.print("\r\x1b[K");
  }
  void show(const json::object& task) {
    if (!on_) return;
    const StateWord word = state_word(task);
    const std::string text = fmt::format(
        "{} {}, {} (Ctrl-C leaves it running)", symbol(context_.out, word.symbol), word.text,
        human(std::chrono::duration_cast<std::chrono::seconds>(now() - began_)));
    clear();
    context_.print(
        fitted(context_.out, text, static_cast<size_t>(std::max(20, context_.out.width - 1))));
    shown_ = true;
  }

 private:
  const Context& context_;
  const bool on_;
  const Time began_ = now();
  bool shown_ = false;
};

}  // namespace

int follow_and_report(const Context& context, const std::string& id, Time since) {
  StatusLine status(context);
  core::Turns turns;
  const auto tell = [&](const json::object& event) {
    if (context.json || from_rfc3339(get_string(event, "time")).value_or(Time{}) < since) return;
    const std::string mark = turn_mark(context.out, event, turns);
    const std::string line = event_line(context.out, event, false);
    if (line.empty() && mark.empty()) return;
    status.clear();
    context.print(mark);
    if (!line.empty()) context.print(line + "\n" + event_details(context.out, event));
  };
  std::function<void(const json::object&)> tick;
  if (context.out.tty && !context.json) tick = [&](const json::object& task) { status.show(task); };
  const json::object task = follow_task(context.client, id, tell, tick);
  status.clear();
  if (context.json) {
    context.print_json(task);
  } else {
    context.print("\n" + render_task(context.out, task, now()));
  }
  return exit_status_of(task);
}

}  // namespace nightjar::cli
