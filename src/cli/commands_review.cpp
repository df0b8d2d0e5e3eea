// request-changes, comment, approve, merge, close, cancel, retry, tell, answer, pause, resume.
#include <fmt/core.h>

#include <charconv>

#include "base/text.h"
#include "cli/input.h"
#include "cli/render.h"
#include "cli/tasks.h"

namespace nightjar::cli {

namespace {

// The task afterwards: as JSON, or a sentence and what can be done next.
int report(const Context& context, const json::object& task, const std::string& sentence) {
  if (context.json) {
    context.print_json(task);
  } else {
    context.print(sentence + "\n\n" + render_next_steps(context.out, task));
  }
  return kDone;
}

std::string id_and_title(const json::object& task) {
  return fmt::format("{} ({})", inert(get_string(task, "id")),
                     inert(shortened(get_string(task, "title"), 60)));
}

bool waits_for_model(const json::object& task) {
  return get_string(task, "state") == "waiting" && get_string(task, "waiting_for") == "model";
}

// A run was asked for: it is queued, or the task says why none can start.
int report_run(const Context& context, const json::object& task, Time asked) {
  if (context.call.has("--wait")) return follow_and_report(context, get_string(task, "id"), asked);
  const auto& runs = get_array(task, "runs");
  const std::string run =
      runs.empty() || !runs.back().is_object() ? "" : get_string(runs.back().get_object(), "id");
  if (get_string(task, "state") == "waiting") {
    return report(
        context, task,
        fmt::format("task {} waits: {}", id_and_title(task), inert(get_string(task, "reason"))));
  }
  return report(context, task,
                fmt::format("run {} of task {} is queued", inert(run), id_and_title(task)));
}

}  // namespace

int run_request_changes(const Context& context) {
  say_of_changed_config(context);
  const std::string text = text_argument(context, 1, "request");
  const Time asked = now();
  const json::object body{{"text", valid_utf8(text)}};
  return report_run(context, post_to_task(context, "request-changes", body), asked);
}

int run_comment(const Context& context) {
  const auto line = number_option(context, "--line", 100'000'000);
  if (line && !context.call.has("--path")) throw wrong_use("--line needs --path FILE");
  json::object body{{"text", valid_utf8(text_argument(context, 1, "comment"))}};
  if (context.call.has("--path"))
    body["path"] = valid_utf8(checked_text(context.call.value("--path"), "path"));
  if (line) body["line"] = *line;
  const json::object task = post_to_task(context, "comments", body);
  return report(context, task, fmt::format("commented on {}", id_and_title(task)));
}

int run_approve(const Context& context) {
  const json::object task = post_to_task(context, "approve", {});
  return report(context, task, fmt::format("approved {}", id_and_title(task)));
}

int run_merge(const Context& context) {
  json::object body;
  if (context.call.has("--into"))
    body["into"] = checked_text(context.call.value("--into"), "branch");
  if (context.call.has("--method")) {
    const std::string method = context.call.value("--method");
    if (method != "auto" && method != "fast-forward" && method != "merge" && method != "squash") {
      throw wrong_use(fmt::format(
          "there is no method '{}'; there are: auto, fast-forward, merge, squash", inert(method)));
    }
    body["method"] = method;
  }
  const json::object task = post_to_task(context, "merge", body);
  const std::string commit = get_string(get_object(task, "pull_request"), "merge_commit");
  const std::string into =
      context.call.has("--into") ? context.call.value("--into") : get_string(task, "base");
  return report(context, task,
                fmt::format("merged {} into {}{}", id_and_title(task), inert(into),
                            commit.empty() ? "" : " as " + inert(commit.substr(0, 10))));
}

int run_close(const Context& context) {
  const json::object task = post_to_task(context, "close", {});
  return report(context, task, fmt::format("closed {} without merging", id_and_title(task)));
}

int run_cancel(const Context& context) {
  const json::object task = post_to_task(context, "cancel", {});
  const bool over = get_string(task, "state") == "cancelled";
  return report(context, task,
                fmt::format("{} {}", over ? "cancelled" : "cancelling", id_and_title(task)));
}

int run_retry(const Context& context) {
  say_of_changed_config(context);
  json::object body;
  if (context.call.has("--allow-network")) body["allow_network"] = true;
  const Time asked = now();
  return report_run(context, post_to_task(context, "retry", body), asked);
}

int run_tell(const Context& context) {
  const json::object body{{"text", valid_utf8(text_argument(context, 1, "message"))}};
  const json::object task = post_to_task(context, "tell", body);
  return report(context, task,
                fmt::format("told {}{}", id_and_title(task),
                            waits_for_model(task) ? "; it is heard when the run goes on" : ""));
}

int run_answer(const Context& context) {
  say_of_changed_config(context);
  const Time asked = now();
  const json::object body{{"text", valid_utf8(text_argument(context, 1, "answer"))}};
  const json::object task = post_to_task(context, "answer", body);
  if (context.call.has("--wait")) return follow_and_report(context, get_string(task, "id"), asked);
  return report(context, task, fmt::format("answered; {} goes on", id_and_title(task)));
}

int run_pause(const Context& context) {
  json::object task = post_to_task(context, "pause", {});
  const bool waited = waits_for_model(task);
  if (waited && !context.json) {  // what can be done next is what can be done with a paused run
    task["waiting_for"] = "person";
    task["reason"] = "paused";
  }
  return report(context, task,
                fmt::format("{} {}", id_and_title(task),
                            waited ? "stops waiting for its model, and pauses"
                                   : "pauses before its next turn"));
}

int run_rewind(const Context& context) {
  const std::string text = context.call.value("--turn");
  long turn = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), turn);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || turn < 0)
    throw wrong_use("rewind needs --turn N, the number of a reply, such as --turn 12");
  say_of_changed_config(context);
  json::object body{{"rewind_turn", turn}};
  put_limits(context, body);
  const Time asked = now();
  const json::object task = post_to_task(context, "resume", body);
  if (context.call.has("--wait")) return follow_and_report(context, get_string(task, "id"), asked);
  return report(context, task, fmt::format("{} goes on from turn {}", id_and_title(task), turn));
}

int run_resume(const Context& context) {
  say_of_changed_config(context);
  json::object body;
  put_limits(context, body);
  const Time asked = now();
  const json::object task = post_to_task(context, "resume", body);
  if (context.call.has("--wait")) return follow_and_report(context, get_string(task, "id"), asked);
  return report(context, task,
                fmt::format("{} {}", id_and_title(task),
                            waits_for_model(task) ? "asks its model again now" : "goes on"));
}

}  // namespace nightjar::cli
