// `nightjar proof`.
#include <fmt/core.h>

#include "base/text.h"
#include "cli/render.h"

namespace nightjar::cli {

namespace {

std::string field(const Terminal& terminal, std::string_view name, std::string_view value) {
  return fmt::format("  {:<8}{}\n", name, wrapped(terminal, inert(value), 10));
}

std::string heading(const Terminal& terminal, std::string_view text) {
  return "\n" + paint(terminal, Tone::Strong, text) + "\n";
}

std::string render_command(const Terminal& terminal, const json::object& command) {
  std::string out =
      fmt::format("  {:<9} {}\n", inert(get_string(command, "stage")),
                  wrapped(terminal, "$ " + inert(get_string(command, "command")), 12));
  std::string detail = fmt::format("status {}, {}", get_int(command, "exit_status"),
                                   human(Millis(get_int(command, "duration_ms"))));
  if (const std::string hash = get_string(command, "log_sha256"); !hash.empty()) {
    detail += fmt::format(", log sha256 {}", inert(hash.substr(0, 16)));
  }
  return out + "            " + paint(terminal, Tone::Dim, detail) + "\n";
}

}  // namespace

std::string render_proof(const Terminal& terminal, const json::object& proof) {
  const std::string verdict = get_string(proof, "verdict", "none");
  const Symbol mark = verdict == "proved"    ? Symbol::Good
                      : verdict == "refuted" ? Symbol::Bad
                                             : Symbol::Attention;
  const Tone tone = verdict == "proved"    ? Tone::Good
                    : verdict == "refuted" ? Tone::Bad
                                           : Tone::Attention;
  const std::string text = verdict == "none" ? "nothing was proved" : inert(verdict);
  std::string out =
      paint(terminal, tone, fmt::format("{} {}", symbol(terminal, mark), text)) + "\n";
  for (const auto* name : {"commit", "task", "run", "reason"}) {
    if (const std::string value = get_string(proof, name); !value.empty())
      out += field(terminal, name, value);
  }
  if (const auto& all = get_array(proof, "obligations"); !all.empty()) {
    out += heading(terminal, "Obligations") + render_obligations(terminal, all);
  }
  if (const auto& all = get_array(proof, "checks"); !all.empty()) {
    out += heading(terminal, "Checks") + render_checks(terminal, all);
  }
  if (const auto& all = get_array(proof, "findings"); !all.empty()) {
    out += heading(terminal, "Findings, to look at") + render_findings(terminal, all);
  }
  const auto& ran = get_array(proof, "commands");
  if (!ran.empty()) out += heading(terminal, "Commands that were run");
  for (const auto& command : ran) {
    if (command.is_object()) out += render_command(terminal, command.get_object());
  }
  return out;
}

}  // namespace nightjar::cli
