#include "daemon/history.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "core/task.h"

namespace nightjar::daemon {

History::History(const std::vector<store::StoredEvent>& events, std::string_view run) {
  for (const auto& stored : events) {
    const core::Event& event = stored.event;
    if (event.run.empty()) {
      if (event.kind == "cancel_requested") cancel_requested = true;
      if (event.kind == "run_created") {
        cancel_requested = false;
        selected.clear();
        if (get_string(event.body, "run") == run) model = get_string(event.body, "model");
      }
      if (event.kind == "run_resumed" && get_string(event.body, "run") == run) {
        ++resumes;
        rewind_turn.reset();
        if (event.body.contains("rewind_turn"))
          rewind_turn = static_cast<int>(get_int(event.body, "rewind_turn"));
        for (const auto& member : get_object(event.body, "limits"))
          limits[member.key()] = member.value();
        starts_of_stage = starts_without_progress = 0;
      }
      if (event.kind == "asked_again" && get_string(event.body, "run") == run)
        starts_of_stage = starts_without_progress = 0;
      if (event.kind == "run_selected") selected = get_string(event.body, "run");
    } else if (event.run == run) {
      if (event.kind == "run_started") {
        ++starts_of_stage;
        ++starts_without_progress;
      }
      if (event.kind == "tool_finished" || event.kind == "checkpoint") starts_without_progress = 0;
      if (event.kind == "stage_started") {
        stage = get_string(event.body, "stage");
        verified = verified && stage != "work";  // refuted, and being revised
      }
      if (event.kind == "stage_finished") {
        starts_of_stage = starts_without_progress = 0;
        verified = verified || stage == "verify" || get_bool(event.body, "nothing_more");
      }
    }
  }
}

int newest_turn(const std::vector<core::Event>& events_of_run) {
  int newest = 0;
  for (const auto& event : events_of_run) {
    const int turn = static_cast<int>(get_int(event.body, "turn"));
    newest = event.kind == "rewound" ? turn : std::max(newest, turn);
  }
  return newest;
}

namespace {

std::string counts_text(const json::object& counts) {
  return fmt::format("{} passed, {} failed, {} skipped", get_int(counts, "passed"),
                     get_int(counts, "failed"), get_int(counts, "skipped"));
}

// What an agent with a model did; nullopt for anything else.
std::optional<std::string> agents_sentence(const core::Event& event) {
  const auto& body = event.body;
  const auto text = [&](std::string_view key) { return inert(get_string(body, key), true); };
  const std::string& kind = event.kind;
  if (kind == "said") return "says: " + text("text");
  if (kind == "tool_output") return "| " + text("text");
  if (kind == "tool_started") return "> " + text("tool") + " " + text("what");
  if (kind == "tool_finished") {
    return fmt::format("< {}{} after {}", text("tool"), get_bool(body, "error") ? " failed" : "",
                       human(Millis(get_int(body, "duration_ms")))) +
           (text("diff").empty() ? "" : "\n" + text("diff"));
  }
  if (kind == "plan") {
    std::string out = "plan:";
    for (const auto& item : get_array(body, "items")) {
      if (item.is_object())
        out += fmt::format("\n  [{}] {}", get_bool(item.get_object(), "done") ? "x" : " ",
                           inert(get_string(item.get_object(), "text")));
    }
    return out;
  }
  if (kind == "model_used") {
    const auto& tokens = get_object(body, "tokens");
    const auto* cost = body.if_contains("cost_usd");
    const auto replies = get_int(body, "turns");
    return fmt::format(
        "{} {}: {} tokens in, {} of them cached, {} out{}", replies,
        replies == 1 ? "reply" : "replies", get_int(tokens, "input"), get_int(tokens, "cached"),
        get_int(tokens, "output"),
        cost && cost->is_number() ? fmt::format(", ${:.4f}", cost->to_number<double>()) : "");
  }
  if (kind == "compacted") {
    const std::string how = get_string(body, "how");
    return fmt::format("the conversation became too long: {} ({} tokens -> {})",
                       how == "results"  ? "old results were left out"
                       : how == "vendor" ? "the vendor made it shorter"
                                         : "a summary stands for its beginning",
                       get_int(body, "tokens_before"), get_int(body, "tokens_after"));
  }
  if (kind == "checkpoint")
    return fmt::format("turn {}: the work so far is kept as {}", get_int(body, "turn"),
                       text("commit"));
  if (kind == "rewound")
    return fmt::format("the files are as they were after turn {}", get_int(body, "turn"));
  if (kind == "failover")
    return fmt::format("{} goes on in place of {}: {}", text("to"), text("from"), text("reason"));
  if (kind == "tree_ready") return "the work tree stands";
  return std::nullopt;
}

std::string sentence(const core::Event& event) {
  const auto& body = event.body;
  const auto text = [&](std::string_view key) { return inert(get_string(body, key), true); };
  const std::string& kind = event.kind;
  if (kind == "task_created") return "assigned: " + text("title");
  if (kind == "uncommitted")
    return count_of(static_cast<size_t>(get_int(body, "changes")), "uncommitted change") +
           " in the work tree, no part of the task";
  if (kind == "run_created") return "run " + text("run") + " for " + text("agent");
  if (kind == "task_waiting" || kind == "waiting")
    return "waiting for " + text("waiting_for") + ": " + text("reason");
  if (kind == "run_started")
    return fmt::format("runner started (pid {}, start {})", get_int(body, "pid"),
                       get_int(body, "attempt"));
  if (kind == "stage_started") return "stage " + text("stage");
  if (kind == "stage_finished") {
    return "stage " + text("stage") + " finished" +
           (get_bool(body, "reused") ? " (results of an earlier run)" : "");
  }
  if (kind == "note") return text("text");
  if (kind == "command_started") return "$ " + text("command");
  if (kind == "command_finished") {
    return fmt::format("status {} after {} (nightjar log {} {})", get_int(body, "exit_status"),
                       human(Millis(get_int(body, "duration_ms"))), event.task,
                       text("log").substr(text("log").rfind('/') + 1));
  }
  if (kind == "check_finished")
    return text("name") + ": " + counts_text(get_object(body, "counts"));
  if (kind == "change") {
    return fmt::format("{} changed, {} insertions, {} deletions",
                       count_of(static_cast<size_t>(get_int(body, "files")), "file"),
                       get_int(body, "insertions"), get_int(body, "deletions"));
  }
  if (kind == "candidate") return "candidate commit " + text("commit");
  if (kind == "proof")
    return "verdict: " + inert(get_string(get_object(body, "proof"), "verdict")) +
           (text("reason").empty() ? "" : ": " + text("reason"));
  if (kind == "publish_intent") return "publishing " + text("branch");
  if (kind == "published") return "published " + text("branch") + " at " + text("commit");
  if (kind == "branch_kept") return "branch " + text("branch") + " kept, no pull request";
  if (const auto words = agents_sentence(event)) return *words;
  if (kind == "told") return "you (" + text("kind") + "): " + text("text");
  if (kind == "run_resumed") return "goes on";
  if (kind == "asked_again") return "the model is asked again, as you wished";
  if (kind == "start_delayed") return text("reason");
  if (kind == "run_ended")
    return "ended: " + text("state") + (text("reason").empty() ? "" : ": " + text("reason"));
  if (kind == "pull_request_opened")
    return fmt::format("pull request #{} opened", get_int(body, "number"));
  if (kind == "changes_requested") return "changes requested: " + text("text");
  if (kind == "commented") return "comment: " + text("text");
  if (kind == "merged") return "merged into " + text("into") + " as " + text("commit");
  if (kind == "merge_failed") return "not merged: " + text("reason");
  if (kind == "closed" || kind == "cancelled") return kind;
  return kind + (body.empty() ? "" : " " + inert(to_line(body)));
}

}  // namespace

std::string last_turns(const std::vector<core::Event>& events_of_run) {
  constexpr size_t kMostTurns = 6, kMostText = 100;
  std::vector<std::pair<int, std::string>> turns;  // of what no rewind took back
  for (const auto& event : events_of_run) {
    const int turn = static_cast<int>(get_int(event.body, "turn"));
    if (event.kind == "rewound")
      std::erase_if(turns, [turn](const auto& one) { return one.first > turn; });
    if (event.kind != "said" && event.kind != "tool_started") continue;
    if (turns.empty() || turns.back().first != turn) turns.emplace_back(turn, "");
    std::string& did = turns.back().second;
    if (event.kind == "said") continue;
    const std::string what = inert(get_string(event.body, "what"));
    did += (did.empty() ? "" : ", ") + inert(get_string(event.body, "tool")) +
           (what.empty() ? "" : " " + what);
  }
  std::string out;
  for (size_t i = turns.size() > kMostTurns ? turns.size() - kMostTurns : 0; i < turns.size(); ++i)
    out += fmt::format(
        "{}{}: {}", out.empty() ? "" : "; ", turns[i].first,
        turns[i].second.empty() ? "words alone" : shortened(turns[i].second, kMostText));
  return out;
}

std::string as_text(const std::vector<store::StoredEvent>& events, std::string_view run) {
  std::string out;
  core::Turns turns;
  for (const auto& stored : events) {
    const core::Event& event = stored.event;
    if (!run.empty() && event.run != run) continue;
    const auto turn = turns.begun_by(event.run, event.kind, event.body);
    const std::string time = to_rfc3339(event.time) + "  ";
    const std::string number =
        event.run.empty() ? "" : event.run.substr(event.run.rfind('.') + 1) + "  ";
    if (turn) out += fmt::format("{}{}turn {}\n", time, number, *turn);
    out += time + number + core::with_id(sentence(event), event.task) + "\n";
  }
  return out;
}

}  // namespace nightjar::daemon
