#include "daemon/service.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "base/warn.h"
#include "daemon/answer.h"
#include "daemon/assignment.h"
#include "daemon/history.h"
#include "daemon/janitor.h"

namespace nightjar::daemon {

using core::State;
using server::Answer;

namespace {

// The newest run that has changed something.
const core::Run* newest_change(const core::Task& task) {
  for (auto run = task.runs.rbegin(); run != task.runs.rend(); ++run) {
    if (run->state == State::Closed) continue;  // an attempt that was not selected
    if (!run->candidate.empty() || !run->work.empty()) return &*run;
  }
  return nullptr;
}

}  // namespace

Service::Service(store::Store& store, Supervisor& supervisor, const Config& config,
                 const Places& places, std::function<void(long)> announce)
    : store_(store),
      supervisor_(supervisor),
      config_(config),
      places_(places),
      announce_(std::move(announce)) {}

void Service::append(std::string_view task, std::string_view kind, json::object body) {
  const auto stored =
      store_.append({{std::string(task), "", 0, now(), std::string(kind), std::move(body)}});
  if (!stored.empty()) announce_(stored.back().id);
}

Answer<core::Task> Service::find(std::string_view id) const {
  if (auto task = store_.task(id)) return std::move(*task);
  const auto ids = id.empty() ? std::vector<std::string>{} : store_.ids_with_prefix(id);
  if (ids.size() == 1) {
    if (auto task = store_.task(ids.front())) return std::move(*task);
  }
  if (ids.size() > 1)
    return refuse(ErrorKind::Invalid, fmt::format("'{}' could be: {}", inert(id), join(ids, ", ")));
  return refuse(ErrorKind::NotFound,
                fmt::format("there is no task '{}'; `nightjar tasks` lists them", inert(id)));
}

git::Mirror Service::mirror_of(const core::Task& task) const {
  return git::Mirror::open(places_.state / "mirrors", task.spec.repo);
}

json::object Service::health() {
  int queued = 0;
  for (const auto& task : store_.active()) queued += task.state == State::Queued;
  const int limit = config_.most_runs > 0 ? config_.most_runs : default_most_runs();
  return {
      {"version", NIGHTJAR_VERSION},
      {"api", 1},
      {"pid", ::getpid()},
      {"state", places_.state.string()},
      {"limit", limit},
      {"running", supervisor_.running()},
      {"waiting_for_model", supervisor_.waiting_for_model()},
      {"queued", queued},
      {"keys",
       to_array(model::keys_in_environment([](const char* name) { return std::getenv(name); }))},
      {"config_changed", has_changed(config_) ? json::value(valid_utf8(config_.file.string()))
                                              : json::value(nullptr)}};
}

json::array Service::tasks() {
  json::array out;
  for (const auto& task : store_.tasks()) out.push_back(core::to_json(task));
  return out;
}

Answer<json::object> Service::task(std::string_view id) {
  auto task = find(id);
  if (!task) return std::unexpected(task.error());
  return core::to_json(*task);
}

Answer<json::object> Service::assign(const json::object& request) {
  return answer([&]() -> Answer<json::object> {
    auto assignment = read_assignment(request, config_);
    if (!assignment) return std::unexpected(assignment.error());
    const auto id = create(*assignment);
    if (!id) return std::unexpected(id.error());
    tell_of_uncommitted(*id, *assignment);
    return core::to_json(*store_.task(*id));
  });
}

// One at a time, so that an id is free until its task is made.
Answer<std::string> Service::create(const Assignment& assignment) {
  const core::TaskSpec& spec = assignment.spec;
  const std::lock_guard one_at_a_time(assigning_);
  std::string id = assignment.id;
  if (id.empty()) {
    do id = random_id();
    while (store_.task(id));
  } else if (const auto made = store_.task(id)) {
    if (made->spec.brief == spec.brief && made->spec.repo == spec.repo)
      return id;  // whoever asks again did not hear the answer
    return refuse(ErrorKind::Conflict, fmt::format("there is another task '{}'", id));
  }
  if (spec.network_allowed) store_.set_setting("network:" + spec.repo, "yes");
  std::vector<core::Event> events{{id, "", 0, now(), "task_created", core::to_json(spec)}};
  if (assignment.unable.empty()) {
    for (int n = 1; n <= spec.attempts; ++n) {
      events.push_back({id,
                        "",
                        0,
                        now(),
                        "run_created",
                        {{"run", id + "." + std::to_string(n)},
                         {"agent", spec.agent},
                         {"model", spec.model},
                         {"brief", spec.brief},
                         {"base_commit", spec.base_commit}}});
    }
  } else {
    events.push_back({id,
                      "",
                      0,
                      now(),
                      "task_waiting",
                      {{"waiting_for", "person"}, {"reason", assignment.unable}}});
  }
  const auto stored = store_.append(events);
  if (!stored.empty()) announce_(stored.back().id);
  supervisor_.wake();
  return id;
}

// In a large repository the count takes longer than the start of the run, which does not need it.
void Service::tell_of_uncommitted(const std::string& task, const Assignment& assignment) {
  try {
    if (const int changes = assignment.uncommitted.get(); changes > 0)
      append(task, "uncommitted", {{"changes", changes}});
  } catch (const Error& error) {  // the task stands without it
    warn(fmt::format("{}: uncommitted changes were not counted: {}", task, error.what()));
  }
}

Answer<json::array> Service::events(std::string_view id) {
  auto task = find(id);
  if (!task) return std::unexpected(task.error());
  json::array out;
  for (const auto& stored : store_.events_of(task->id)) {
    json::object event = core::to_json(stored.event);
    event["id"] = stored.id;
    out.push_back(std::move(event));
  }
  return out;
}

Answer<std::string> Service::diff(std::string_view id) {
  return answer([&]() -> Answer<std::string> {
    auto task = find(id);
    if (!task) return std::unexpected(task.error());
    const core::Run* run = newest_change(*task);
    if (!run) return std::string();
    const std::string base = run->base_commit.empty() ? task->spec.base_commit : run->base_commit;
    return mirror_of(*task).diff(base, run->work.empty() ? run->candidate : run->work);
  });
}

Answer<json::object> Service::proof(std::string_view id) {
  auto task = find(id);
  if (!task) return std::unexpected(task.error());
  json::object out{{"task", task->id},
                   {"title", valid_utf8(task->spec.title)},
                   {"kind", core::to_string(task->spec.kind)}};
  json::object proof = core::to_json(task->proof);
  for (auto& member : proof) out[member.key()] = std::move(member.value());
  json::array checks;
  for (const auto& check : task->checks) checks.push_back(core::to_json(check));
  out["checks"] = std::move(checks);
  out["reason"] =
      task->reason.empty() ? json::value(nullptr) : json::value(valid_utf8(task->reason));
  out["run"] = nullptr;
  out["commands"] = json::array{};
  for (const auto& stored : store_.events_of(task->id)) {
    if (stored.event.kind != "proof") continue;
    const auto& body = stored.event.body;
    if (get_string(get_object(body, "proof"), "commit") != task->proof.commit) continue;
    out["run"] = stored.event.run;
    if (const auto* commands = body.if_contains("commands")) out["commands"] = *commands;
  }
  return out;
}

Answer<std::string> Service::log(std::string_view id, std::string_view run, std::string_view name) {
  return answer([&]() -> Answer<std::string> {
    auto task = find(id);
    if (!task) return std::unexpected(task.error());
    std::string run_id;
    if (!run.empty())
      run_id = run.starts_with(task->id) ? std::string(run) : task->id + "." + std::string(run);
    if (!run_id.empty() && !task->run(run_id))
      return refuse(ErrorKind::NotFound,
                    fmt::format("there is no run '{}' of this task", inert(run)));
    if (name.empty()) return as_text(store_.events_of(task->id), run_id);
    if (run_id.empty() && !task->runs.empty()) run_id = task->runs.back().id;
    const fs::path folder = places_.run_folder(run_id) / "logs";
    const fs::path wanted = fs::path(name).filename();
    std::vector<std::string> have;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      if (entry.path().filename() == wanted || entry.path().stem() == wanted)
        return read_file(entry.path());
      have.push_back(entry.path().filename().string());
    }
    std::ranges::sort(have);
    return refuse(ErrorKind::NotFound,
                  fmt::format("there is no log '{}' of run {}; there are: {}", inert(name), run_id,
                              have.empty() ? "none" : join(have, ", ")));
  });
}

Answer<json::object> Service::clean(bool dry_run) {
  return answer([&]() -> Answer<json::object> {
    const std::lock_guard one_at_a_time(acting_);
    return free_space(store_, config_, places_, dry_run);
  });
}

Answer<json::object> Service::stop(bool runs_too) {
  supervisor_.stop(runs_too);
  return json::object{{"stopping", true}, {"runs", runs_too}, {"running", supervisor_.running()}};
}

}  // namespace nightjar::daemon
