#include "store/append.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.h"

namespace nightjar::store {

using core::Event;
using core::State;
using core::Task;
using sqlite::Connection;
using sqlite::Statement;

namespace {

bool has_work_left(const Task& task) {
  const auto under_way = [](const core::Run& run) { return run.ended == Time{}; };
  return (!core::is_ended(task.state) && task.state != State::InReview) ||
         std::ranges::any_of(task.runs, under_way);
}

json::object parse_object(std::string_view text, std::string_view what) {
  auto value = parse_json(text);
  if (!value || !value->is_object()) {
    throw Error(ErrorKind::Internal,
                fmt::format("store: {} is not readable: put a backup in its place", what));
  }
  return std::move(value->get_object());
}

bool is_deeper(const json::value& value, int most) {
  if (const auto* object = value.if_object())
    return most == 0 || std::ranges::any_of(*object, [most](const auto& member) {
             return is_deeper(member.value(), most - 1);
           });
  const auto* array = value.if_array();
  return array && (most == 0 || std::ranges::any_of(*array, [most](const auto& item) {
                     return is_deeper(item, most - 1);
                   }));
}

/// The body as text that can be read back: what is not UTF-8 is replaced, in the event too.
std::string readable(Event& event) {
  event.kind = valid_utf8(event.kind);
  const std::string line = to_line(event.body);
  std::string text = valid_utf8(line);
  constexpr int kSurelyRead = 16;  // half of what the parser takes
  if (text == line && !is_deeper(event.body, kSurelyRead)) return text;
  auto parsed = parse_json(text);
  if (!parsed)
    throw Error(ErrorKind::Invalid,
                "store: the body of " + event.kind + " is too deep: " + parsed.error());
  event.body = std::move(parsed->get_object());
  return text;
}

}  // namespace

StoredEvent event_of(const Statement& row) {
  StoredEvent stored{row.integer(0), {}};
  Event& event = stored.event;
  event.task = row.text(1);
  event.run = row.text(2);
  event.seq = row.integer(3);
  event.time = Time(Millis(row.integer(4)));
  event.kind = row.text(5);
  event.body = parse_object(row.text(6), fmt::format("event {}", stored.id));
  return stored;
}

Task task_of(std::string_view id, std::string_view folded) {
  return core::task_from_cache(parse_object(folded, fmt::format("task {}", id)));
}

void save_task(Connection& connection, const Task& task) {
  const std::string folded = valid_utf8(to_line(core::to_cache(task)));
  Statement(connection,
            "INSERT INTO tasks (id, active, folded) VALUES (?1, ?2, ?3) "
            "ON CONFLICT (id) DO UPDATE SET active = ?2, folded = ?3")
      .bind(1, task.id)
      .bind(2, has_work_left(task) ? 1 : 0)
      .bind(3, folded)
      .run();
}

Append::Append(Connection& connection)
    : connection_(connection),
      insert_(connection,
              "INSERT INTO events (task, run, seq, time, kind, body) VALUES (?, ?, ?, ?, ?, ?)"),
      last_seq_(connection, "SELECT max(seq) FROM events WHERE task = ? AND run = ?"),
      load_(connection, "SELECT folded FROM tasks WHERE id = ?") {}

void Append::add(Event event) {
  auto& last = last_seq(event);
  if (event.seq == 0 && event.run.empty()) event.seq = last + 1;
  if (event.seq < 1) throw Error(ErrorKind::Invalid, "store: an event of a run needs its seq");
  if (event.seq <= last) return;  // was stored before
  if (event.seq > last + 1) {
    throw Error(ErrorKind::Conflict,
                fmt::format("store: event {} of {} comes before event {}", event.seq,
                            event.run.empty() ? event.task : event.run, last + 1));
  }
  Task& task = known_task(event);
  const std::string body = readable(event);
  insert_.bind(1, event.task).bind(2, event.run).bind(3, event.seq);
  insert_.bind(4, event.time.time_since_epoch().count()).bind(5, event.kind).bind(6, body);
  insert_.run();
  last = event.seq;
  task = core::apply(std::move(task), event);
  const bool published = event.kind == "published" && !event.run.empty();
  added_.push_back({connection_.last_insert_rowid(), std::move(event)});
  if (published) follow_publication(task, Event(added_.back().event));
}

std::vector<StoredEvent> Append::finish() {
  for (const auto& [id, task] : tasks_) save_task(connection_, task);
  return std::move(added_);
}

long& Append::last_seq(const Event& event) {
  const auto [found, is_new] = last_.try_emplace({event.task, event.run}, 0);
  if (is_new) {
    last_seq_.bind(1, event.task).bind(2, event.run);
    if (last_seq_.step()) found->second = last_seq_.integer(0);
    last_seq_.reset();
  }
  return found->second;
}

Task& Append::known_task(const Event& event) {
  if (const auto found = tasks_.find(event.task); found != tasks_.end()) return found->second;
  load_.bind(1, event.task);
  Task task;
  if (load_.step()) {
    task = task_of(event.task, load_.text(0));
  } else if (event.kind != "task_created" || !event.run.empty()) {
    throw Error(ErrorKind::NotFound, "store: there is no task " + event.task);
  }
  load_.reset();
  return tasks_.emplace(event.task, std::move(task)).first->second;
}

/// What was published has a pull request: a new one with the next number of its repository, or
/// the task's own with a new head. Refuted work and ended tasks have none.
void Append::follow_publication(const Task& task, const Event& published) {
  const core::Run* run = task.run(published.run);
  const auto& pr = task.pull_request;
  if (run && run->proof.verdict == core::Verdict::Refuted) return;
  if (core::is_ended(task.state)) return;
  const std::string commit = get_string(published.body, "commit");
  json::object body{{"branch", get_string(published.body, "branch")},
                    {"base_commit", get_string(published.body, "base_commit")},
                    {"head_commit", commit},
                    {"description", get_string(published.body, "description")}};
  if (pr.number == 0) {
    body["number"] = next_number(task.spec.repo);
  } else if (pr.head_commit == commit) {
    return;
  }
  Event event{published.task, "", 0, published.time, "", std::move(body)};
  event.kind = pr.number == 0 ? "pull_request_opened" : "pull_request_updated";
  add(std::move(event));
}

std::int64_t Append::next_number(const std::string& repo) {
  Statement next(connection_,
                 "INSERT INTO pull_request_numbers (repo, number) VALUES (?, 1) "
                 "ON CONFLICT (repo) DO UPDATE SET number = number + 1 RETURNING number");
  next.bind(1, repo);
  next.step();
  const auto number = next.integer(0);
  next.run();  // to its end: the row is written by then
  return number;
}

}  // namespace nightjar::store
