// What a person does with a task: each action looks first, then appends what happened.
#include "daemon/service.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>

#include "agent/agent.h"
#include "base/fault.h"
#include "base/text.h"
#include "base/warn.h"
#include "daemon/answer.h"
#include "daemon/assignment.h"
#include "forge/local.h"

namespace nightjar::daemon {

using core::State;
using server::Answer;

namespace {

bool run_under_way(const core::Task& task) {
  return !core::is_ended(task.state) && std::ranges::any_of(task.runs, [](const auto& run) {
    return run.ended == Time{} && !core::is_ended(run.state);
  });
}

/// Why no further run may be made: the newest one waits for its person in the middle of its work,
/// which another one would not take up. Empty: it may.
std::string parked_at_work(const core::Task& task) {
  if (core::is_ended(task.state) || task.runs.empty()) return "";
  const core::Run& run = task.runs.back();
  const bool at_work = run.agent == "native" && run.stage != "prepare" && run.stage != "baseline";
  if (run.state != State::Waiting || run.ended == Time{} || !at_work) return "";
  return fmt::format(
      "run {} waits for you, and another run would leave its work behind: nightjar answer {}, "
      "nightjar resume {} or nightjar cancel {} first",
      run.id, task.id, task.id, task.id);
}

std::string next_run_id(const core::Task& task) {
  return task.id + "." + std::to_string(task.runs.size() + 1);
}

std::string agent_of(const core::Task& task) {
  return task.runs.empty() ? task.spec.agent : task.runs.back().agent;
}

}  // namespace

Answer<json::object> Service::act(std::string_view id, std::string_view action,
                                  const json::object& body) {
  return answer([&]() -> Answer<json::object> {
    const std::lock_guard one_at_a_time(acting_);
    auto task = find(id);
    if (!task) return std::unexpected(task.error());
    Answer<void> done =
        refuse(ErrorKind::NotFound, fmt::format("there is no action '{}'", inert(action)));
    if (action == "cancel") done = cancel(*task);
    if (action == "retry") done = retry(*task, body);
    if (action == "request-changes") done = request_changes(*task, body);
    if (action == "comments") done = comment(*task, body);
    if (action == "merge") done = merge(*task, body);
    if (action == "close") done = close(*task, body);
    if (action == "tell" || action == "answer" || action == "pause")
      done = say(*task, action, body);
    if (action == "resume") done = resume(*task, body);
    if (action == "approve") {
      done = {};
      if (task->pull_request.number == 0)
        done = refuse(ErrorKind::Conflict, "this task has no pull request");
      if (done)
        append(task->id, "approved", {{"author", get_string(body, "author", task->spec.person)}});
    }
    if (!done) return std::unexpected(done.error());
    supervisor_.wake();
    return core::to_json(*store_.task(task->id));
  });
}

Answer<void> Service::cancel(const core::Task& task) {
  if (core::is_ended(task.state)) {
    return refuse(ErrorKind::Conflict, fmt::format("task {} has ended already ({})", task.id,
                                                   core::to_string(task.state)));
  }
  append(task.id, "cancel_requested", {});
  supervisor_.cancel(task.id);
  // Answered when it has ended, which takes milliseconds unless a machine is very busy.
  for (const Deadline deadline = in(std::chrono::seconds(5));
       std::chrono::steady_clock::now() < deadline;) {
    const auto current = store_.task(task.id);
    if (!current || core::is_ended(current->state)) break;
    ::poll(nullptr, 0, 5);
  }
  return {};
}

Answer<void> Service::retry(const core::Task& task, const json::object& body) {
  if (task.state == State::Merged || task.state == State::Closed) {
    return refuse(ErrorKind::Conflict, fmt::format("task {} is {}; assign a new one", task.id,
                                                   core::to_string(task.state)));
  }
  if (run_under_way(task))
    return refuse(ErrorKind::Conflict,
                  "a run of task " + task.id + " is under way; cancel it first, or wait for it");
  if (const std::string why = parked_at_work(task); !why.empty())
    return refuse(ErrorKind::Conflict, why);
  const std::string brief = task.runs.empty() ? task.spec.brief : task.runs.back().brief;
  std::vector<std::string> earlier;
  if (task.pull_request.number != 0) {
    for (const auto& run : task.runs) earlier.push_back(run.brief);
  }
  const Choice choice =
      choose_agent(agent::understand(brief, earlier), agent_of(task), task.spec.model, config_);
  if (choice.agent.empty()) return refuse(ErrorKind::Conflict, choice.unable);
  std::string base_commit = task.spec.base_commit;
  if (task.pull_request.number == 0) {
    const auto inspection = git::inspect(task.spec.repo, task.spec.base);
    if (!inspection) return refuse(ErrorKind::Invalid, inspection.error());
    base_commit = inspection->base_commit;
  }
  if (get_bool(body, "allow_network")) store_.set_setting("network:" + task.spec.repo, "yes");
  append(task.id, "run_created",
         {{"run", next_run_id(task)},
          {"agent", choice.agent},
          {"model", choice.model},
          {"brief", brief},
          {"base_commit", base_commit}});
  return {};
}

Answer<void> Service::request_changes(const core::Task& task, const json::object& body) {
  auto text = read_text(body, "text", "request");
  if (!text) return std::unexpected(text.error());
  if (task.state == State::Merged || task.state == State::Closed ||
      task.state == State::Cancelled) {
    return refuse(ErrorKind::Conflict, fmt::format("task {} is {}; assign a new one", task.id,
                                                   core::to_string(task.state)));
  }
  if (run_under_way(task))
    return refuse(ErrorKind::Conflict,
                  "a run of task " + task.id + " is under way; wait for it, or cancel it");
  if (const std::string why = parked_at_work(task); !why.empty())
    return refuse(ErrorKind::Conflict, why);
  std::vector<std::string> earlier;
  for (const auto& run : task.runs) earlier.push_back(run.brief);
  if (earlier.empty()) earlier.push_back(task.spec.brief);
  const auto understood = agent::understand(*text, earlier);
  // What the mechanic does not understand, the native agent may.
  const std::string last = agent_of(task);
  const Choice choice =
      choose_agent(understood, last == "mechanic" ? "" : last, task.spec.model, config_);
  if (choice.agent.empty()) return refuse(ErrorKind::Conflict, choice.unable);
  append(task.id, "changes_requested",
         {{"author", get_string(body, "author", task.spec.person)}, {"text", *text}});
  const std::string base = task.runs.empty() ? task.spec.base_commit : task.runs.back().base_commit;
  append(task.id, "run_created",
         {{"run", next_run_id(task)},
          {"agent", choice.agent},
          {"model", choice.model},
          {"brief", *text},
          {"base_commit", base}});
  return {};
}

Answer<void> Service::comment(const core::Task& task, const json::object& body) {
  auto text = read_text(body, "text", "comment");
  if (!text) return std::unexpected(text.error());
  append(task.id, "commented",
         {{"author", get_string(body, "author", task.spec.person)},
          {"text", *text},
          {"path", get_string(body, "path")},
          {"line", get_int(body, "line")}});
  return {};
}

Answer<void> Service::merge(const core::Task& task, const json::object& body) {
  if (task.state == State::Merged) return {};
  if (task.pull_request.number == 0) {
    return refuse(ErrorKind::Conflict,
                  fmt::format("task {} has no pull request (it is {}{})", task.id,
                              core::to_string(task.state),
                              task.reason.empty() ? "" : ": " + inert(task.reason, true)));
  }
  if (run_under_way(task))
    return refuse(ErrorKind::Conflict,
                  "a run of task " + task.id + " is under way; wait for it, or cancel it");
  if (task.pull_request.state != core::PullRequestState::Open)
    return refuse(ErrorKind::Conflict, "the pull request of task " + task.id + " is closed");
  std::string into = get_string(body, "into");
  if (into.empty() && task.spec.detached) {
    return refuse(
        ErrorKind::Invalid,
        "the task was assigned in a detached head: say where to merge, with --into BRANCH");
  }
  if (into.empty()) into = task.spec.base;
  const std::string method = get_string(body, "method", "auto");
  if (method != "auto" && method != "fast-forward" && method != "merge" && method != "squash") {
    return refuse(
        ErrorKind::Invalid,
        fmt::format("there is no method '{}'; there are: auto, fast-forward, merge, squash",
                    inert(method)));
  }
  append(task.id, "merge_started", {{"into", into}, {"method", method}});
  return do_merge(task, into, method);
}

Answer<void> Service::do_merge(const core::Task& task, const std::string& into,
                               const std::string& method) {
  forge::MergeRequest request;
  request.branch = task.pull_request.branch;
  request.head_commit = task.pull_request.head_commit;
  request.into = into;
  request.method = method == "fast-forward" ? forge::MergeMethod::FastForward
                   : method == "merge"      ? forge::MergeMethod::MergeCommit
                   : method == "squash"     ? forge::MergeMethod::Squash
                                            : forge::MergeMethod::Auto;
  request.title = task.spec.title;
  request.message = fmt::format("Pull request #{} of Nightjar\n\nNightjar-Task: {}\n",
                                task.pull_request.number, task.id);
  request.author = config_.author;
  std::expected<forge::Merged, forge::MergeRefused> merged;
  fault_point("daemon_merge_started");
  try {
    merged = forge::merge(mirror_of(task), task.spec.repo, request);
  } catch (const Error& error) {
    append(task.id, "merge_failed", {{"reason", valid_utf8(error.what())}});
    throw;
  }
  fault_point("daemon_merge_done");
  if (!merged) {
    append(task.id, "merge_failed", {{"reason", valid_utf8(merged.error().reason)}});
    return refuse(ErrorKind::Conflict, merged.error().reason,
                  {{"conflicts", to_array(merged.error().conflicts)}});
  }
  append(task.id, "merged",
         {{"commit", merged->commit},
          {"into", into},
          {"method", method},
          {"work_tree", merged->work_tree}});
  return {};
}

void Service::recover() {
  for (const auto& task : store_.tasks()) {
    if (task.pull_request.number == 0 || core::is_ended(task.state)) continue;
    const core::Event* open = nullptr;
    const auto events = store_.events_of(task.id);
    for (const auto& stored : events) {
      if (stored.event.kind == "merge_started") open = &stored.event;
      if (stored.event.kind == "merged" || stored.event.kind == "merge_failed") open = nullptr;
    }
    if (!open) continue;
    const auto done = answer([&] {
      return do_merge(task, get_string(open->body, "into"), get_string(open->body, "method"));
    });
    if (!done)
      warn(fmt::format("{}: the merge that was under way did not happen: {}", task.id,
                       done.error().detail));
  }
}

Answer<void> Service::close(const core::Task& task, const json::object& body) {
  if (core::is_ended(task.state)) {
    return refuse(ErrorKind::Conflict, fmt::format("task {} has ended already ({})", task.id,
                                                   core::to_string(task.state)));
  }
  if (run_under_way(task))
    return refuse(ErrorKind::Conflict,
                  "a run of task " + task.id + " is under way; cancel it instead");
  append(task.id, "closed", {{"reason", get_string(body, "reason", "closed")}});
  return {};
}

}  // namespace nightjar::daemon
