#include "agent/mechanic/report.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

constexpr size_t kMostFindings = 1000;
constexpr size_t kMostPlaces = 20;
constexpr std::string_view kStayed = "\n### What stayed\n\n";

constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kRules{{
    {"string_left", "in strings"},
    {"string_followed", "in strings"},
    {"other_file", "in files that are neither code nor documentation"},
    {"changelog_left", "in a changelog"},
    {"member_left", "as a member of something else"},
    {"key_left", "as a key or keyword argument"},
    {"other_meaning", "with another meaning"},
    {"other_language", "in another language"},
    {"module_name", "as the name of a module"},
    {"word_left", "as what may be an ordinary word"},
    {"file_name_left", "as the name of a file"},
    {"link_left", "in links"},
    {"unparsed", "where the file could not be parsed"},
    {"old_name_left", "as references"},
    {"other_shape", "as calls of another shape"},
    {"passed_as_value", "as values"},
    {"inside_replacement", "inside of what replaces it"},
    {"import_left", "in imports"},
    {"mentioned", "in comments and documentation"},
    {"comment_in_call", "as calls with a comment inside"},
}};

std::string code(std::string_view text) {
  std::string out = inert(text);
  std::ranges::replace(out, '`', '\'');
  return "`" + out + "`";
}

std::string places(const std::vector<core::Finding>& findings) {
  std::vector<std::string_view> rules;
  for (const auto& finding : findings) {
    if (std::ranges::find(rules, finding.rule) == rules.end()) rules.push_back(finding.rule);
  }
  std::string out;
  for (const auto rule : rules) {
    const auto words = words_of_rule(rule);
    const auto count = std::ranges::count(
        findings, rule, [](const auto& finding) { return std::string_view(finding.rule); });
    out += "- " + (words.empty() ? std::string(rule) : std::string(words)) + " (" +
           std::to_string(count) + "):";
    size_t shown = 0;
    for (const auto& finding : findings) {
      if (finding.rule != rule) continue;
      if (++shown > kMostPlaces) break;
      out += shown == 1 ? " " : ", ";
      out += finding.path.empty()
                 ? inert(finding.text)
                 : code(finding.path + (finding.line ? ":" + std::to_string(finding.line) : ""));
    }
    out += shown > kMostPlaces ? ", …\n" : "\n";
  }
  return out;
}

}  // namespace

std::string_view words_of_rule(std::string_view rule) {
  for (const auto& [name, words] : kRules) {
    if (name == rule) return words;
  }
  return "";
}

std::string rename_details(const Order& order, const std::map<std::string, size_t>& table,
                           const std::vector<core::Finding>& findings,
                           const std::map<std::string, std::string>& renamed_files) {
  std::string out = "### What was renamed\n\n" + code(order.old_name) + " is now " +
                    code(order.new_name) + ".\n\n| where | places |\n|---|---:|\n";
  for (const auto& [name, count] : table) {
    if (count > 0) out += "| " + name + " | " + std::to_string(count) + " |\n";
  }
  if (!renamed_files.empty()) {
    out += "\nRenamed files:\n\n";
    for (const auto& [from, to] : renamed_files)
      out += "- " + code(from) + " to " + code(to) + "\n";
  }
  if (!findings.empty()) out += std::string(kStayed) + places(findings);
  return out;
}

std::string with_followed(std::string details, const std::vector<core::Finding>& findings) {
  std::vector<core::Finding> followed, stayed;
  for (const auto& finding : findings)
    (finding.rule == "string_followed" ? followed : stayed).push_back(finding);
  details.erase(std::min(details.find(kStayed), details.size()));
  details += "\n### What followed, since a test fails without it\n\n" + places(followed);
  if (!stayed.empty()) details += std::string(kStayed) + places(stayed);
  return details;
}

std::string replace_details(const Order& order, size_t calls, size_t files,
                            const std::vector<core::Finding>& findings) {
  std::string out = "### What was replaced\n\n" + code(order.pattern) + " is now " +
                    code(order.replacement) + ", " + count_of(calls, "place") + " in " +
                    count_of(files, "file") + ".\n";
  if (!findings.empty()) out += std::string(kStayed) + places(findings);
  return out;
}

std::vector<core::Finding> bounded(std::vector<core::Finding> findings) {
  std::ranges::stable_partition(findings, &core::Finding::blocks);
  if (findings.size() > kMostFindings) {
    const size_t more = findings.size() - kMostFindings;
    findings.resize(kMostFindings);
    findings.push_back(
        {"more", "", 0, std::to_string(more) + " more places are not listed", false});
  }
  return findings;
}

}  // namespace nightjar::agent::mechanic
