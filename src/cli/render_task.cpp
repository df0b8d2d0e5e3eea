// The table of tasks, one task in full, what was accepted, the proof.
#include <fmt/core.h>

#include <set>

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/render.h"

namespace nightjar::cli {

namespace {

std::string short_commit(std::string_view id) { return inert(id.substr(0, 10)); }

// "~/src/thing"
std::string short_path(const std::string& path) {
  std::string home;
  try {
    home = home_folder().string();
  } catch (const Error&) {
    return inert(path);
  }
  if (home.size() > 1 && path == home) return "~";
  if (home.size() > 1 && path.starts_with(home + "/")) return "~" + inert(path.substr(home.size()));
  return inert(path);
}

Time time_of(const json::object& object, std::string_view key) {
  return from_rfc3339(get_string(object, key)).value_or(Time{});
}

// Wall clock from the first run's start to the last one's end, or to now.
Millis time_taken(const json::object& task, Time now) {
  Millis sum{0};  // of the runs: between them it was the person's turn
  for (const auto& item : get_array(task, "runs")) {
    if (!item.is_object()) continue;
    const Time started = time_of(item.get_object(), "started");
    const Time ended = time_of(item.get_object(), "ended");
    if (started != Time{})
      sum += std::max(Millis{0}, Millis((ended == Time{} ? now : ended) - started));
  }
  return sum;
}

std::string verdict_of(const json::object& task) {
  return get_string(get_object(task, "proof"), "verdict", "none");
}

bool verdict_is_final(const json::object& task) {
  const std::string state = get_string(task, "state");
  return state == "in_review" || state == "merged" || state == "closed" || state == "failed";
}

Cell proof_cell(const json::object& task) {
  const std::string verdict = verdict_of(task);
  if (verdict == "proved") return {"proved", Tone::Good};
  if (verdict == "refuted") return {"refuted", Tone::Bad};
  if (!verdict_is_final(task)) return {};
  return {"none", Tone::Attention};
}

Cell tests_cell(const json::object& task) {
  std::int64_t passed = 0;
  size_t worse = 0;
  for (const auto& item : get_array(task, "checks")) {
    if (!item.is_object()) continue;
    const auto& check = item.get_object();
    passed += get_int(get_object(check, "after"), "passed");
    worse += get_array(check, "newly_failing").size() + get_array(check, "vanished").size();
  }
  if (worse > 0) return {fmt::format("{} worse", worse), Tone::Bad};
  if (passed > 0) return {fmt::format("{} pass", passed)};
  return {};
}

// Foreign text of several lines, each inert, from column `indent` on.
std::string paragraph(const Terminal& terminal, const std::string& text, size_t indent) {
  constexpr size_t kMostLines = 12;
  const auto all = lines(text);
  std::string out;
  for (size_t i = 0; i < std::min(all.size(), kMostLines); ++i) {
    if (i > 0) out += "\n" + std::string(all[i].empty() ? 0 : indent, ' ');
    out += wrapped(terminal, inert(all[i]), indent);
  }
  if (all.size() > kMostLines)
    out += fmt::format("\n{}and {} more lines", std::string(indent, ' '), all.size() - kMostLines);
  return out;
}

// "name   value", continued lines below the value.
std::string field(const Terminal& terminal, std::string_view name, const std::string& value) {
  constexpr size_t kIndent = 16;
  return fmt::format("  {:<{}}{}\n", name, kIndent - 2, wrapped(terminal, value, kIndent));
}

std::string heading(const Terminal& terminal, std::string_view text) {
  return "\n" + paint(terminal, Tone::Strong, text) + "\n";
}

std::string coloured_state(const Terminal& terminal, const json::object& task) {
  const StateWord word = state_word(task);
  std::string text = fmt::format("{} {}", symbol(terminal, word.symbol), word.text);
  const std::string verdict = verdict_of(task);
  if (verdict_is_final(task)) text += verdict == "none" ? ", unproved" : ", " + inert(verdict);
  return paint(terminal, word.tone, text);
}

std::string base_text(const json::object& task) {
  const std::string commit = get_string(task, "base_commit");
  if (get_bool(task, "detached")) return fmt::format("detached head at {}", short_commit(commit));
  std::string out = inert(get_string(task, "base"));
  if (!commit.empty()) out += fmt::format(" at {}", short_commit(commit));
  return out;
}

std::string pull_request_text(const json::object& pr) {
  std::string out =
      fmt::format("#{} {}: {} at {}", get_int(pr, "number"), inert(get_string(pr, "state")),
                  inert(get_string(pr, "branch")), short_commit(get_string(pr, "head_commit")));
  if (const std::string by = get_string(pr, "approved_by"); !by.empty())
    out += fmt::format(", approved by {}", inert(by));
  if (const std::string commit = get_string(pr, "merge_commit"); !commit.empty()) {
    out += fmt::format(", merged as {}", short_commit(commit));
  }
  return out;
}

// "1.2 k", "3.4 M"
std::string short_count(std::int64_t number) {
  const auto value = static_cast<double>(number);
  if (number < 1000) return std::to_string(number);
  if (number < 1'000'000) return fmt::format("{:.1f} k", value / 1e3);
  return fmt::format("{:.1f} M", value / 1e6);
}

std::string cost_text(const json::object& task) {
  const auto turns = get_int(task, "turns");
  if (turns <= 0) return "no model used: $0.00";
  const auto* cost = task.if_contains("cost_usd");
  const auto& tokens = get_object(task, "tokens");
  const double dollars = get_double(task, "cost_usd");
  return fmt::format("{}, {} of {}; {} tokens in ({} cached), {} out",
                     cost && cost->is_number()
                         ? fmt::format("{}{:.{}f}", "$", dollars, dollars < 0.1 ? 4 : 2)
                         : "price not known",
                     count_of(static_cast<size_t>(turns), "turn"), inert(get_string(task, "model")),
                     short_count(get_int(tokens, "input")), short_count(get_int(tokens, "cached")),
                     short_count(get_int(tokens, "output")));
}

std::string kind_text(const json::object& task) {
  return fmt::format(
      "{}{}", inert(get_string(task, "kind")),
      get_bool(task, "kind_guessed") ? " (guessed from the brief; --kind sets it)" : "");
}

std::string render_runs(const Terminal& terminal, const json::array& runs, Time now) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& item : runs) {
    if (!item.is_object()) continue;
    const auto& run = item.get_object();
    const Time started = time_of(run, "started");
    const Time ended = time_of(run, "ended");
    const std::string taken =
        started == Time{} ? "-" : human(Millis((ended == Time{} ? now : ended) - started));
    std::string changed;
    if (const auto files = get_int(run, "files"); files > 0) {
      changed = fmt::format("{} +{} -{}", count_of(static_cast<size_t>(files), "file"),
                            get_int(run, "insertions"), get_int(run, "deletions"));
    }
    rows.push_back({{inert(get_string(run, "id"))},
                    {inert(get_string(run, "agent"))},
                    {state_word(run).text},
                    {to_local(started)},
                    {taken},
                    {changed},
                    {inert(shortened(get_string(run, "brief"), 200))}});
  }
  return table(terminal,
               {{"RUN"},
                {"AGENT", 8, 3},
                {"STATE"},
                {"STARTED", 0, 4},
                {"TOOK"},
                {"CHANGED", 0, 2},
                {"BRIEF", 8, 1}},
               rows, 2);
}

// Of a run under way, whose program an upgrade left behind.
std::string older_program(const json::array& runs) {
  for (const auto& item : runs) {
    if (!item.is_object()) continue;
    const auto& run = item.get_object();
    const std::string version = get_string(run, "version");
    if (version.empty() || !get_string(run, "ended").empty() || !is_older(version)) continue;
    return fmt::format(
        "the run is older ({}) than this program ({}) and ends as it began; to have it go on with "
        "this one from its last step: nightjar stop --runs",
        inert(version), NIGHTJAR_VERSION);
  }
  return "";
}

std::string render_comments(const Terminal& terminal, const json::array& comments) {
  std::string out;
  for (const auto& item : comments) {
    if (!item.is_object()) continue;
    const auto& comment = item.get_object();
    std::string where = inert(get_string(comment, "path"));
    if (const auto line = get_int(comment, "line"); line > 0 && !where.empty())
      where += fmt::format(":{}", line);
    const std::string heading =
        fmt::format("{}  {}{}", to_local(time_of(comment, "time")),
                    inert(get_string(comment, "author")), where.empty() ? "" : " on " + where);
    out += "  " + wrapped(terminal, heading, 2) + "\n";
    out += "    " + paragraph(terminal, get_string(comment, "text"), 4) + "\n";
  }
  return out;
}

// The newest run's checklist; empty where it made none.
std::string render_plan(const Terminal& terminal, const json::array& runs) {
  if (runs.empty() || !runs.back().is_object()) return "";
  std::string out;
  for (const auto& item : get_array(runs.back().get_object(), "plan")) {
    if (!item.is_object()) continue;
    const bool done = get_bool(item.get_object(), "done");
    out += fmt::format("  [{}] {}\n", done ? "x" : " ",
                       wrapped(terminal, inert(get_string(item.get_object(), "text")), 6));
  }
  return out;
}

// What, where, who.
std::string task_details(const Terminal& terminal, const json::object& task, Time now) {
  std::string out;
  out += fmt::format("  {:<14}{}\n", "state", coloured_state(terminal, task));
  if (const std::string reason = get_string(task, "reason"); !reason.empty()) {
    out += fmt::format("  {:<14}{}\n", "reason", paragraph(terminal, reason, 16));
  }
  out += field(terminal, "kind", kind_text(task));
  const std::string brief = get_string(task, "brief");
  if (trimmed(brief) != trimmed(get_string(task, "title"))) {
    out += fmt::format("  {:<14}{}\n", "brief", paragraph(terminal, trimmed(brief), 16));
  }
  out += field(terminal, "repository", short_path(get_string(task, "repo")));
  out += field(terminal, "base", base_text(task));
  if (const auto left = get_int(task, "uncommitted"); left > 0) {
    out += field(terminal, "",
                 fmt::format("{} there when it was assigned: not part of the task",
                             count_of(static_cast<size_t>(left), "uncommitted change")));
  }
  if (const std::string branch = get_string(task, "branch"); !branch.empty()) {
    out += field(terminal, "branch", inert(branch));
  }
  if (const auto& pr = get_object(task, "pull_request"); !pr.empty()) {
    out += field(terminal, "pull request", pull_request_text(pr));
  }
  const std::string agent = get_string(task, "agent");
  const auto& runs = get_array(task, "runs");
  const Millis taken = time_taken(task, now);
  out += field(terminal, "agent",
               (agent.empty() ? "none here can do it" : inert(agent)) +
                   (runs.empty() ? std::string() : ", " + count_of(runs.size(), "run")) +
                   (taken.count() > 0 ? ", " + human(taken) : std::string()));
  if (const std::string older = older_program(runs); !older.empty())
    out += field(terminal, "", older);
  out += field(terminal, "cost", cost_text(task));
  out += field(terminal, "assigned", to_local(time_of(task, "created")));
  return out;
}

std::string task_sections(const Terminal& terminal, const json::object& task, Time now) {
  std::string out;
  if (const auto& checks = get_array(task, "checks"); !checks.empty()) {
    out += heading(terminal, "Checks") + render_checks(terminal, checks);
  }
  const auto& proof = get_object(task, "proof");
  if (const std::string verdict = verdict_of(task);
      verdict != "none" || !get_array(proof, "obligations").empty()) {
    const std::string commit = get_string(proof, "commit");
    out += heading(terminal, fmt::format("Proof: {}{}",
                                         verdict == "none" ? "nothing was proved" : inert(verdict),
                                         commit.empty() ? "" : " on " + short_commit(commit)));
    out += render_obligations(terminal, get_array(proof, "obligations"));
  }
  if (const auto& findings = get_array(proof, "findings"); !findings.empty()) {
    out += heading(terminal, "Findings, to look at") + render_findings(terminal, findings);
  }
  if (const std::string plan = render_plan(terminal, get_array(task, "runs")); !plan.empty())
    out += heading(terminal, "Plan") + plan;
  if (const auto& runs = get_array(task, "runs"); runs.size() > 1) {
    out += heading(terminal, "Runs") + render_runs(terminal, runs, now);
  }
  if (const auto& comments = get_array(task, "comments"); !comments.empty()) {
    out += heading(terminal, "Comments") + render_comments(terminal, comments);
  }
  if (const std::string next = render_next_steps(terminal, task); !next.empty()) {
    out += heading(terminal, "Next") + next;
  }
  return out;
}

}  // namespace

std::string render_tasks(const Terminal& terminal, const json::array& tasks, Time now) {
  std::set<std::string> repositories;
  for (const auto& item : tasks) {
    if (item.is_object()) repositories.insert(get_string(item.get_object(), "repo"));
  }
  std::vector<std::vector<Cell>> rows;
  for (const auto& item : tasks) {
    if (!item.is_object()) continue;
    const auto& task = item.get_object();
    const StateWord word = state_word(task);
    const auto number = get_int(get_object(task, "pull_request"), "number");
    const Millis taken = time_taken(task, now);
    const std::string repo = get_string(task, "repo");
    rows.push_back({{inert(get_string(task, "id")), Tone::Strong},
                    {fmt::format("{} {}", symbol(terminal, word.symbol), word.text), word.tone},
                    proof_cell(task),
                    tests_cell(task),
                    {number > 0 ? fmt::format("#{}", number) : ""},
                    {inert(shortened(get_string(task, "title"), 200))},
                    {repositories.size() > 1 ? inert(repo.substr(repo.rfind('/') + 1)) : ""},
                    {inert(get_string(task, "kind"))},
                    {taken.count() > 0 ? human(taken) : ""},
                    {to_local(time_of(task, "updated"))}});
  }
  return table(terminal,
               {{"ID"},
                {"STATE"},
                {"PROOF", 0, 1},
                {"TESTS", 0, 7},
                {"PR", 0, 2},
                {"TITLE", 28},
                {"REPO", 6, 5},
                {"KIND", 0, 9},
                {"TOOK", 0, 6},
                {"UPDATED", 0, 8}},
               rows);
}

std::string render_task(const Terminal& terminal, const json::object& task, Time now) {
  const std::string title = inert(get_string(task, "title"));
  const std::string id = inert(get_string(task, "id"));
  std::string out =
      paint(terminal, Tone::Strong, id) + "  " + wrapped(terminal, title, id.size() + 2) + "\n\n";
  return out + task_details(terminal, task, now) + task_sections(terminal, task, now);
}

std::string render_assigned(const Terminal& terminal, const json::object& task) {
  const std::string id = inert(get_string(task, "id"));
  std::string out = paint(terminal, Tone::Strong, id) + "  " +
                    wrapped(terminal, inert(get_string(task, "title")), id.size() + 2) + "\n";
  out += field(terminal, "kind", kind_text(task));
  out += field(terminal, "repository", short_path(get_string(task, "repo")));
  out += field(terminal, "base", base_text(task));
  if (const auto left = get_int(task, "uncommitted"); left > 0) {
    out += field(terminal, "left out",
                 fmt::format("{}: not part of the task until committed",
                             count_of(static_cast<size_t>(left), "uncommitted change")));
  }
  const std::string agent = get_string(task, "agent");
  const auto attempts = get_int(task, "attempts", 1);
  out += field(terminal, "agent",
               (agent.empty() ? "none here can do it" : inert(agent)) +
                   (attempts > 1 ? fmt::format(", best of {} runs", attempts) : std::string()));
  if (get_string(task, "state") == "waiting") {
    out += field(terminal, "state", coloured_state(terminal, task));
    out +=
        fmt::format("  {:<14}{}\n", "reason", paragraph(terminal, get_string(task, "reason"), 16));
  } else {
    out += field(terminal, "next",
                 "baseline checks, the change, checks again in a fresh sandbox, a pull request");
  }
  return out + "\n" + render_next_steps(terminal, task);
}

}  // namespace nightjar::cli
