// Checks, obligations, findings, diffs and logs.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "cli/render.h"

namespace nightjar::cli {

namespace {

constexpr size_t kNamesShown = 5;
constexpr size_t kFindingsShown = 20;

std::string counts_text(const json::object& counts) {
  std::vector<std::string> parts;
  for (const auto* key : {"passed", "failed", "skipped"}) {
    if (const auto n = get_int(counts, key); n > 0) parts.push_back(fmt::format("{} {}", n, key));
  }
  return parts.empty() ? "-" : join(parts, ", ");
}

struct NameList {
  std::string_view key;
  std::string_view title;
  Symbol symbol;
  Tone tone;
};
constexpr NameList kNameLists[] = {
    {"newly_failing", "newly failing", Symbol::Bad, Tone::Bad},
    {"vanished", "vanished from the report", Symbol::Bad, Tone::Bad},
    {"fixed", "fixed", Symbol::Good, Tone::Good},
    {"still_failing", "failed before too", Symbol::Idle, Tone::Plain},
    {"flaky", "flaky (both answers on one commit)", Symbol::Attention, Tone::Attention},
};

std::string render_names(const Terminal& terminal, const json::object& check) {
  std::string out;
  for (const auto& list : kNameLists) {
    const auto names = get_strings(check, list.key);
    if (names.empty()) continue;
    out += fmt::format("    {} {} {}\n", paint(terminal, list.tone, symbol(terminal, list.symbol)),
                       names.size(), paint(terminal, list.tone, list.title));
    for (size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
      out +=
          "        " +
          fitted(terminal, inert(names[i]), static_cast<size_t>(std::max(20, terminal.width - 8))) +
          "\n";
    }
    if (names.size() > kNamesShown)
      out += fmt::format("        and {} more\n", names.size() - kNamesShown);
  }
  return out;
}

// "\x1b[1;32m" and "\x1b[K": what programs print for terminals and readers of a log do not need.
std::string without_colours(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
      size_t end = i + 2;
      while (end < text.size() && (text[end] == ';' || (text[end] >= '0' && text[end] <= '9')))
        ++end;
      if (end < text.size() && (text[end] == 'm' || text[end] == 'K')) {
        i = end + 1;
        continue;
      }
    }
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
      continue;
    }
    out += text[i++];
  }
  return out;
}

}  // namespace

std::string render_checks(const Terminal& terminal, const json::array& checks) {
  if (checks.empty()) return "";
  std::vector<std::vector<Cell>> rows;
  for (const auto& item : checks) {
    if (!item.is_object()) continue;
    const auto& check = item.get_object();
    const bool worse =
        !get_array(check, "newly_failing").empty() || !get_array(check, "vanished").empty();
    rows.push_back({{inert(get_string(check, "name"))},
                    {counts_text(get_object(check, "before"))},
                    {counts_text(get_object(check, "after")), worse ? Tone::Bad : Tone::Plain}});
  }
  std::string out = table(terminal, {{"CHECK", 10}, {"BEFORE", 8}, {"AFTER", 8}}, rows, 2);
  for (const auto& item : checks) {
    if (!item.is_object()) continue;
    const auto& check = item.get_object();
    const std::string names = render_names(terminal, check);
    const std::string command = inert(get_string(check, "command"));
    const bool said = command.empty() || command == inert(get_string(check, "name"));
    if (names.empty() && said) continue;
    out += fmt::format("  {}", paint(terminal, Tone::Strong, inert(get_string(check, "name"))));
    if (!said) {
      const size_t used = 6 + display_width(inert(get_string(check, "name")));
      const auto width = static_cast<size_t>(std::max(terminal.width, 40));
      out += "  $ " + (used + 10 < width ? fitted(terminal, command, width - used) : command);
    }
    out += "\n" + names;
  }
  return out;
}

std::string render_obligations(const Terminal& terminal, const json::array& obligations) {
  std::string out;
  for (const auto& item : obligations) {
    if (!item.is_object()) continue;
    const auto& obligation = item.get_object();
    const bool met = get_bool(obligation, "met");
    const Tone tone = met ? Tone::Good : Tone::Bad;
    std::string name = inert(get_string(obligation, "name"));
    std::ranges::replace(name, '_', ' ');
    out += fmt::format("  {} {:<7} {}\n",
                       paint(terminal, tone, symbol(terminal, met ? Symbol::Good : Symbol::Bad)),
                       met ? "met" : "not met", name);
    if (const std::string detail = get_string(obligation, "detail"); !detail.empty()) {
      out += "            " + wrapped(terminal, inert(detail), 12) + "\n";
    }
  }
  return out;
}

std::string render_findings(const Terminal& terminal, const json::array& findings) {
  std::string out;
  size_t shown = 0;
  for (const bool blocking : {true, false}) {
    for (const auto& item : findings) {
      if (!item.is_object()) continue;
      const auto& finding = item.get_object();
      if (get_bool(finding, "blocks") != blocking) continue;
      if (++shown > kFindingsShown) continue;
      const Symbol mark = blocking ? Symbol::Bad : Symbol::Attention;
      const Tone tone = blocking ? Tone::Bad : Tone::Attention;
      std::string where = inert(get_string(finding, "path"));
      if (const auto line = get_int(finding, "line"); line > 0) where += fmt::format(":{}", line);
      std::string rule = inert(get_string(finding, "rule"));
      std::ranges::replace(rule, '_', ' ');
      const std::string what =
          (blocking ? "blocks: " : "") + rule + (where.empty() ? "" : "  " + where);
      out += fmt::format("  {} {}\n", paint(terminal, tone, symbol(terminal, mark)),
                         wrapped(terminal, what, 4));
      if (const std::string text = get_string(finding, "text"); !text.empty()) {
        out += "      " + wrapped(terminal, inert(trimmed(text)), 6) + "\n";
      }
    }
  }
  if (shown > kFindingsShown)
    out += fmt::format("  and {} more (--json lists all)\n", shown - kFindingsShown);
  return out;
}

std::string render_diff(const Terminal& terminal, std::string_view diff) {
  std::string out;
  bool in_hunk = false;  // "--- a" in a hunk is a removed line, before one it is a heading
  for (const auto& raw : split(diff, '\n')) {
    const std::string line = inert(raw, true);
    if (line.starts_with("diff --git")) in_hunk = false;
    if (line.starts_with("@@")) in_hunk = true;
    Tone tone = Tone::Plain;
    if (line.starts_with("@@")) {
      tone = Tone::Busy;
    } else if (in_hunk && line.starts_with('+')) {
      tone = Tone::Good;
    } else if (in_hunk && line.starts_with('-')) {
      tone = Tone::Bad;
    } else if (!in_hunk && !line.empty()) {
      tone = Tone::Strong;
    }
    out += paint(terminal, tone, line);
    out += '\n';
  }
  if (!out.empty()) out.pop_back();  // split made one line more than there are newlines
  return out;
}

std::string render_log(std::string_view log) { return inert(without_colours(log), true); }

}  // namespace nightjar::cli
