// assign, tasks, show, watch, diff, proof, log.
#include <fmt/core.h>

#include <filesystem>
#include <optional>

#include "base/file.h"
#include "base/text.h"
#include "cli/board.h"
#include "cli/follow.h"
#include "cli/input.h"
#include "cli/pager.h"
#include "cli/render.h"
#include "cli/tasks.h"
#include "core/task.h"

namespace nightjar::cli {

namespace {

std::string repository(const Context& context) {
  const std::string given = context.call.value("--repo");
  if (context.call.has("--repo") && given.empty()) throw wrong_use("--repo is empty");
  std::error_code error;
  const fs::path here = fs::current_path(error);
  if (error) throw wrong_use("the current folder does not exist any more");
  const std::string path = (given.empty() ? here : here / given).string();
  if (valid_utf8(path) != path)
    throw wrong_use("the path of the repository is not UTF-8: " + inert(path));
  return path;
}

std::string known_kind(const std::string& text) {
  if (core::kind_from(text)) return text;
  std::vector<std::string> known;
  for (int i = 0; i <= static_cast<int>(core::Kind::Performance); ++i) {
    known.emplace_back(to_string(static_cast<core::Kind>(i)));
  }
  throw wrong_use(
      fmt::format("there is no kind '{}'; there are: {}", inert(text), join(known, ", ")));
}

json::array check_commands(const Context& context) {
  json::array out;
  for (const auto& command : context.call.values("--check"))
    out.emplace_back(checked_text(command, "check command"));
  return out;
}

json::object assignment(const Context& context) {
  const auto& call = context.call;
  json::object request;
  // First: an option that lacks its value has taken the brief for it.
  put_limits(context, request);
  if (const auto attempts = number_option(context, "--attempts", 16))
    request["attempts"] = *attempts;
  request["brief"] = valid_utf8(brief_argument(context));
  request["repo"] = repository(context);
  if (call.has("--base")) request["base"] = checked_text(call.value("--base"), "base");
  if (call.has("--kind")) request["kind"] = known_kind(call.value("--kind"));
  if (call.has("--agent")) request["agent"] = checked_text(call.value("--agent"), "agent's name");
  if (call.has("--title"))
    request["title"] = valid_utf8(checked_text(call.value("--title"), "title"));
  if (call.has("--check")) request["checks"] = check_commands(context);
  if (call.has("--model")) request["model"] = checked_text(call.value("--model"), "model's name");
  if (call.has("--allow-network")) request["allow_network"] = true;
  if (call.has("--plan-first")) request["plan_first"] = true;
  return request;
}

// A log may be larger than the memory: piece by piece, cut where lines end (or where one is too
// long).
void show_log(const Context& context, const std::string& path) {
  constexpr size_t kPiece = size_t{256} << 10;
  std::optional<PagedOutput> output;  // not before the service has agreed
  std::string held;
  const auto flush = [&](size_t length) {
    if (!output) output.emplace(!context.call.has("--no-pager"));
    const bool wanted = output->write(render_log(std::string_view(held).substr(0, length)));
    held.erase(0, length);
    return wanted;
  };
  stream_text_of_task(context, path, [&](std::string_view piece) {
    held += piece;
    if (held.size() < kPiece) return true;
    const auto end = held.rfind('\n');
    return flush(end == std::string::npos ? held.size() : end + 1);
  });
  flush(held.size());
}

// Asked for the same id again, a service that died before it could answer gives the task that it
// had made.
json::value assign(const Context& context, const json::object& request) {
  constexpr int kMostTries = 3;
  for (int tries = 1;; ++tries) {
    try {
      return context.service().post("/tasks", request, Millis{300'000});
    } catch (const Refused&) {
      throw;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Unavailable || tries == kMostTries) throw;
    }
  }
}

}  // namespace

int run_assign(const Context& context) {
  json::object request = assignment(context);
  request["id"] = random_id();
  say_of_changed_config(context);
  const Time asked = now();
  json::value answer;
  try {
    answer = assign(context, request);
  } catch (const Error&) {
    if (const std::string model = get_string(request, "model"); !model.empty())
      say_of_keys_only_here(context, model);
    throw;
  }
  if (!answer.is_object())
    throw Error(ErrorKind::Internal, "the service answered something that is no task");
  const auto& task = answer.get_object();
  if (get_string(task, "agent").empty()) say_of_keys_only_here(context, "");
  if (context.call.has("--wait")) {
    if (!context.json) context.print(render_assigned(context.out, task) + "\n");
    return follow_and_report(context, get_string(task, "id"), asked);
  }
  if (context.json) {
    context.print_json(task);
  } else {
    context.print(render_assigned(context.out, task));
  }
  return kDone;
}

int run_tasks(const Context& context) {
  const json::value tasks = context.service().get("/tasks");
  if (context.json) {
    context.print_json(tasks);
  } else if (!tasks.is_array() || tasks.get_array().empty()) {
    context.print(
        "no tasks yet; in a repository:\n\n  nightjar assign \"Rename class Parser to Reader "
        "everywhere\"\n");
  } else {
    context.print(render_tasks(context.out, tasks.get_array(), now()));
  }
  return kDone;
}

int run_show(const Context& context) {
  const json::object task = get_object_of_task(context);
  if (context.json) {
    context.print_json(task);
  } else {
    context.print(render_task(context.out, task, now()));
  }
  return kDone;
}

int run_watch(const Context& context) {
  if (!context.call.arguments.empty()) {
    const json::object found = get_object_of_task(context);
    if (!context.json) return follow_and_report(context, get_string(found, "id"));
    const json::object task =
        follow_task(context.client, get_string(found, "id"),
                    [&](const json::object& event) { context.print(to_line(event) + "\n"); });
    return exit_status_of(task);
  }
  const Client& client = context.service();
  if (context.json) {
    follow_all(
        client, [] {}, [&](const json::object& event) { context.print(to_line(event) + "\n"); });
  }
  if (context.out.tty) return run_board(client);
  const auto show_now = [&] {
    const json::value tasks = client.get("/tasks");
    if (tasks.is_array() && !tasks.get_array().empty()) {
      context.print(render_tasks(context.out, tasks.get_array(), now()));
    }
  };
  follow_all(client, show_now, [&](const json::object& event) {
    if (const std::string line = event_line(context.out, event, true); !line.empty())
      context.print(line + "\n");
  });
}

int run_diff(const Context& context) {
  const json::object task = get_object_of_task(context);
  const std::string diff = get_text_of_task(context, "/diff");
  if (context.json) {
    const auto& pr = get_object(task, "pull_request");
    const auto& runs = get_array(task, "runs");
    const json::object newest =
        runs.empty() || !runs.back().is_object() ? json::object{} : runs.back().get_object();
    const std::string head =
        pr.empty() ? get_string(newest, "candidate") : get_string(pr, "head_commit");
    const std::string base =
        pr.empty() ? get_string(task, "base_commit") : get_string(pr, "base_commit");
    context.print_json(
        json::object{{"id", get_string(task, "id")},
                     {"base_commit", base.empty() ? json::value(nullptr) : json::value(base)},
                     {"head_commit", head.empty() ? json::value(nullptr) : json::value(head)},
                     {"diff", valid_utf8(diff)}});
  } else if (diff.empty()) {
    context.say(fmt::format("task {} has changed nothing so far", get_string(task, "id")));
  } else if (context.out.tty) {
    PagedOutput(!context.call.has("--no-pager")).write(render_diff(context.out, diff));
  } else {
    context.print(diff);  // the very bytes, for git apply
  }
  return kDone;
}

int run_proof(const Context& context) {
  const json::object proof = get_object_of_task(context, "/proof");
  if (context.json) {
    context.print_json(proof);
  } else {
    context.print(render_proof(context.out, proof));
  }
  return kDone;
}

int run_log(const Context& context) {
  const std::string name = context.call.arguments.size() > 1 ? context.call.arguments[1] : "";
  const auto run = number_option(context, "--run", 100'000);
  std::string query;
  if (run) query += fmt::format("?run={}", *run);
  if (!name.empty()) query += fmt::format("{}name={}", query.empty() ? "?" : "&", encoded(name));
  const std::string path = "/log" + query;
  if (context.json) {
    const json::object task = get_object_of_task(context);
    const std::string log = get_text_of_task(context, path);
    const json::value events = get_value_of_task(context, "/events");
    context.print_json(
        json::object{{"id", get_string(task, "id")},
                     {"events", events},
                     {"run", run ? json::value(*run) : json::value(nullptr)},
                     {"name", name.empty() ? json::value(nullptr) : json::value(valid_utf8(name))},
                     {"log", valid_utf8(log)}});
  } else {
    show_log(context, path);
  }
  return kDone;
}

}  // namespace nightjar::cli
