// Events as lines for people who follow a task.
#include <fmt/core.h>

#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "cli/render.h"
#include "core/task.h"

namespace nightjar::cli {

namespace {

struct Line {
  std::string text;
  Tone tone = Tone::Plain;
};

std::string text_of(const json::object& body, std::string_view key) {
  return inert(get_string(body, key));
}

std::string counts_text(const json::object& counts) {
  std::string out = fmt::format("{} passed", get_int(counts, "passed"));
  if (const auto n = get_int(counts, "failed"); n > 0) out += fmt::format(", {} failed", n);
  if (const auto n = get_int(counts, "skipped"); n > 0) out += fmt::format(", {} skipped", n);
  return out;
}

std::string with_reason(const std::string& text, const json::object& body) {
  const std::string reason = text_of(body, "reason");
  return reason.empty() ? text : text + ": " + reason;
}

std::string short_commit(const json::object& body, std::string_view key) {
  return text_of(body, key).substr(0, 10);
}

Line ended_line(const json::object& body) {
  const std::string state = get_string(body, "state");
  if (state == "in_review") {
    return {with_reason("run ended: in review", body),
            text_of(body, "reason").empty() ? Tone::Good : Tone::Attention};
  }
  return {with_reason("run ended: " + inert(state), body),
          state == "failed" ? Tone::Bad : Tone::Attention};
}

// What persons and the service did.
Line task_line(std::string_view kind, const json::object& body) {
  if (kind == "task_created")
    return {"assigned: " + inert(shortened(get_string(body, "title"), 200)), Tone::Strong};
  if (kind == "run_created")
    return {fmt::format("run {} queued for {}", text_of(body, "run"), text_of(body, "agent"))};
  if (kind == "task_waiting" || kind == "waiting") {
    return {with_reason("waiting for " + text_of(body, "waiting_for"), body), Tone::Attention};
  }
  if (kind == "told") {
    const std::string how = get_string(body, "kind");
    if (how == "pause") return {"you: pause", Tone::Attention};
    return {"you: " + text_of(body, "text"), Tone::Strong};
  }
  if (kind == "run_resumed") return {"goes on"};
  if (kind == "asked_again") return {"you: ask the model again now", Tone::Strong};
  if (kind == "start_delayed") return {text_of(body, "reason"), Tone::Attention};
  if (kind == "run_selected") return {"selected " + text_of(body, "run") + " of the attempts"};
  if (kind == "run_lost") return {with_reason("run lost", body), Tone::Bad};
  if (kind == "cancel_requested") return {"cancel requested"};
  if (kind == "cancelled") return {with_reason("cancelled", body), Tone::Attention};
  if (kind == "pull_request_opened") {
    return {fmt::format("pull request #{} opened: {}", get_int(body, "number"),
                        text_of(body, "branch")),
            Tone::Good};
  }
  if (kind == "pull_request_updated")
    return {"pull request updated to " + short_commit(body, "head_commit"), Tone::Good};
  if (kind == "changes_requested") return {"changes requested: " + text_of(body, "text")};
  if (kind == "commented") return {text_of(body, "author") + " says: " + text_of(body, "text")};
  if (kind == "approved") return {"approved by " + text_of(body, "author"), Tone::Good};
  if (kind == "merge_started") return {"merging into " + text_of(body, "into")};
  if (kind == "merged") {
    return {
        fmt::format("merged into {} as {}", text_of(body, "into"), short_commit(body, "commit")),
        Tone::Good};
  }
  if (kind == "merge_failed") return {with_reason("not merged", body), Tone::Bad};
  if (kind == "closed") return {with_reason("closed", body)};
  return {};
}

// What an agent with a model does, as a person would tell it.
Line agent_line(std::string_view kind, const json::object& body) {
  if (kind == "said") return {inert(shortened(get_string(body, "text"), 400))};
  if (kind == "tool_started") {
    const std::string tool = get_string(body, "tool"), what = text_of(body, "what");
    if (tool == "shell") return {"$ " + what, Tone::Dim};
    if (tool == "search") return {"looks for " + what, Tone::Dim};
    if (tool == "read" || tool == "outline") return {"reads " + what, Tone::Dim};
    if (tool == "check") return {"runs the checks", Tone::Dim};
    if (tool == "ask") return {"asks: " + what, Tone::Attention};
    if (tool == "finish") return {"says it is done: " + what, Tone::Strong};
    return {};
  }
  if (kind == "tool_output") return {"  " + text_of(body, "text"), Tone::Dim};
  if (kind == "tool_finished") {
    const std::string tool = get_string(body, "tool"), what = text_of(body, "what");
    if (get_bool(body, "error"))
      return {
          fmt::format("{} failed ({})", inert(tool), human(Millis(get_int(body, "duration_ms")))),
          Tone::Attention};
    const auto diff = get_string(body, "diff");
    if (diff.empty()) return {};
    std::int64_t added = 0, removed = 0;
    for (const auto line : lines(diff)) {
      added += line.starts_with('+');
      removed += line.starts_with('-');
    }
    return {fmt::format("{} {} (+{} -{})", tool == "write" ? "wrote" : "changed", what, added,
                        removed)};
  }
  if (kind == "compacted")
    return {fmt::format("its conversation became too long and was shortened ({} tokens -> {})",
                        get_int(body, "tokens_before"), get_int(body, "tokens_after")),
            Tone::Dim};
  if (kind == "failover")
    return {fmt::format("{} goes on in place of {}: {}", text_of(body, "to"), text_of(body, "from"),
                        text_of(body, "reason")),
            Tone::Attention};
  if (kind == "rewound")
    return {fmt::format("the files are as they were after turn {}", get_int(body, "turn"))};
  if (kind == "plan") {
    const auto& items = get_array(body, "items");
    const auto done = std::ranges::count_if(items, [](const json::value& item) {
      return item.is_object() && get_bool(item.get_object(), "done");
    });
    return {fmt::format("plan: {} of {} done", done, items.size()), Tone::Busy};
  }
  return {};
}

// What a runner did.
Line run_line(std::string_view kind, const json::object& body) {
  if (kind == "run_started" && get_int(body, "attempt", 1) > 1) {
    return {fmt::format("a runner took it up again (start {})", get_int(body, "attempt"))};
  }
  if (kind == "stage_started") return {text_of(body, "stage"), Tone::Busy};
  if (kind == "stage_finished" && get_bool(body, "reused")) {
    return {text_of(body, "stage") + ": results of an earlier run of the same commit"};
  }
  if (kind == "resumed") return {"goes on"};
  if (kind == "note") return {text_of(body, "text")};
  if (kind == "command_started") return {"$ " + text_of(body, "command"), Tone::Dim};
  if (kind == "command_finished" && get_int(body, "exit_status") != 0) {
    return {fmt::format("{} ended with status {} after {}", text_of(body, "name"),
                        get_int(body, "exit_status"), human(Millis(get_int(body, "duration_ms")))),
            Tone::Attention};
  }
  if (kind == "check_finished") {
    return {fmt::format("{} {}: {} ({})", text_of(body, "stage"), text_of(body, "name"),
                        counts_text(get_object(body, "counts")),
                        human(Millis(get_int(body, "duration_ms"))))};
  }
  if (kind == "change") {
    return {fmt::format(
        "changed {}: {} added, {} removed",
        count_of(static_cast<size_t>(std::max<std::int64_t>(0, get_int(body, "files"))), "file"),
        count_of(static_cast<size_t>(std::max<std::int64_t>(0, get_int(body, "insertions"))),
                 "line"),
        get_int(body, "deletions"))};
  }
  if (kind == "candidate") return {"candidate commit " + short_commit(body, "commit")};
  if (kind == "proof") {
    const std::string verdict = get_string(get_object(body, "proof"), "verdict", "none");
    const Tone tone = verdict == "proved"    ? Tone::Good
                      : verdict == "refuted" ? Tone::Bad
                                             : Tone::Attention;
    return {with_reason(verdict == "none" ? "unproved" : inert(verdict), body), tone};
  }
  if (kind == "published") {
    return {
        fmt::format("published {} at {}", text_of(body, "branch"), short_commit(body, "commit"))};
  }
  if (kind == "branch_kept")
    return {"branch " + text_of(body, "branch") + " kept, no pull request"};
  if (kind == "run_ended") return ended_line(body);
  return {};
}

std::string clock_time(Time time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

std::string event_line(const Terminal& terminal, const json::object& event, bool with_task) {
  const std::string kind = get_string(event, "kind");
  const auto& body = get_object(event, "body");
  Line line = task_line(kind, body);
  if (line.text.empty()) line = run_line(kind, body);
  if (line.text.empty()) line = agent_line(kind, body);
  if (line.text.empty()) return "";
  line.text = core::with_id(line.text, inert(get_string(event, "task")));
  std::string prefix = clock_time(from_rfc3339(get_string(event, "time")).value_or(Time{})) + "  ";
  const std::string run = get_string(event, "run");
  if (with_task)
    prefix += fmt::format("{:<8}  ", inert(run.empty() ? get_string(event, "task") : run));
  if (terminal.tty) {
    const size_t used = display_width(prefix);
    const auto width = static_cast<size_t>(std::max(20, terminal.width));
    line.text = fitted(terminal, line.text, width > used + 10 ? width - used : 10);
  }
  return prefix + paint(terminal, line.tone, line.text);
}

}  // namespace nightjar::cli
