#include "verify/as_asked.h"

#include <array>
#include <set>

#include "base/text.h"
#include "verify/parts.h"
#include "verify/rename_text.h"

namespace nightjar::verify {

namespace {

constexpr size_t kMostMissing = 20;
constexpr size_t kLongLine = 16;

size_t count(std::string_view text, std::string_view part) {
  size_t out = 0;
  for (size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++out;
  return out;
}

// Layout as formatters change it does not tell two lines apart.
std::string bare(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(" \t\r\n,;\\").find(c) == std::string_view::npos)
      out += c == '\'' ? '"' : c;
  }
  return out;
}

struct Line {
  std::string text, bare;
};

bool is_comment(std::string_view line) {
  if (line.starts_with("//")) return true;
  const bool directive = line.size() > 1 && is_word_char(line[1]);  // of C's preprocessor
  return line.starts_with('#') && !directive;
}

// The end of a comment or of a string over several lines that begins here; `line` becomes what
// stands before it.
std::string_view opens_block(std::string_view path, std::string_view& line) {
  const bool backquotes = path.ends_with("s") || path.ends_with("sx") || path.ends_with(".go");
  static constexpr std::array<std::string_view, 3> kQuotes{R"(""")", "'''", "`"};
  for (const auto quote : kQuotes) {
    if ((quote == "`" && !backquotes) || count(line, quote) % 2 == 0) continue;
    line = trim(line.substr(0, line.rfind(quote)));
    return quote;
  }
  const auto begin = line.rfind("/*");
  if (begin == std::string_view::npos || line.find("*/", begin) != std::string_view::npos)
    return "";
  line = trim(line.substr(0, begin));
  return "*/";
}

bool is_all_comment(std::string_view line) {
  return (line.starts_with("/*") && line.ends_with("*/")) ||
         (line.starts_with(R"(""")") && line.ends_with(R"(""")")) ||
         (line.starts_with("'''") && line.ends_with("'''"));
}

// Without comments and without strings over several lines, where dead code could hide.
std::vector<Line> code_lines(const Case& input, std::string_view path, std::string_view text) {
  std::vector<Line> out;
  std::string_view block;  // what ends the one that we are in
  for (const auto whole : lines(text)) {
    std::string_view line = trim(whole);
    if (!block.empty()) {
      const auto end = line.find(block);
      if (end == std::string_view::npos) continue;
      line = trim(line.substr(end + block.size()));
    }
    block = "";
    if (is_comment(line)) continue;
    block = opens_block(path, line);
    if (is_all_comment(line)) continue;
    if (auto without = bare(without_rename(line, input.claim)); !without.empty())
      out.push_back({std::string(line), std::move(without)});
  }
  return out;
}

std::string before(const Case& input, const std::string& path) {
  const auto found = input.contents.find(path);
  return found == input.contents.end() ? "" : found->second.first;
}

std::string after(const Case& input, const std::string& path) {
  const auto found = input.contents.find(path);
  return found == input.contents.end() ? "" : found->second.second;
}

// Of the program, the paths that the change or the mechanic touches.
std::set<std::string> program_paths(const Case& input) {
  std::set<std::string> out;
  const auto add = [&out](const std::string& path) {
    if (is_source_path(path) && !is_test_path(path)) out.insert(path);
  };
  for (const auto& change : input.changed) {
    add(change.path);
    add(change.old_path);
  }
  for (const auto& [path, text] : input.as_asked) add(path);
  return out;
}

}  // namespace

std::string text_as_asked(const Case& input, const std::string& path) {
  const auto found = input.as_asked.find(path);
  return found == input.as_asked.end() ? before(input, path) : found->second.value_or("");
}

bool stands_as_asked(const Case& input, const std::string& path) {
  if (!input.contents.contains(path) || input.unread.contains(path)) return false;
  const auto asked = input.as_asked.find(path);
  for (const auto& change : input.changed) {
    const bool made = change.path == path && (change.status == 'A' || change.status == 'R');
    const bool gone = (change.path == path && change.status == 'D') || change.old_path == path;
    if (made && (asked == input.as_asked.end() || !asked->second)) return false;
    if (gone && (asked == input.as_asked.end() || asked->second)) return false;
  }
  return without_rename(after(input, path), input.claim) ==
         without_rename(text_as_asked(input, path), input.claim);
}

std::vector<std::string> missing_of_what_was_asked(const Case& input) {
  const auto paths = program_paths(input);
  std::multiset<std::string> there;
  std::string all;
  for (const auto& path : paths) {
    for (auto& line : code_lines(input, path, after(input, path))) {
      all += line.bare;
      there.insert(std::move(line.bare));
    }
  }
  const auto take = [&](const std::string& line) {
    const auto found = there.find(line);
    if (found == there.end()) return line.size() >= kLongLine && count(all, line) > 0;
    there.erase(found);
    return true;
  };
  std::vector<std::string> out;
  for (const auto& path : paths) {
    std::multiset<std::string> not_asked_for;
    if (!is_rename(input.claim))
      for (auto& line : code_lines(input, path, before(input, path)))
        not_asked_for.insert(std::move(line.bare));
    for (const auto& line : code_lines(input, path, text_as_asked(input, path))) {
      if (const auto found = not_asked_for.find(line.bare); found != not_asked_for.end())
        not_asked_for.erase(found);
      else if (!take(line.bare) && out.size() < kMostMissing)
        out.push_back(inert(path) + ": " + shortened(inert(line.text), 100));
    }
  }
  return out;
}

}  // namespace nightjar::verify
