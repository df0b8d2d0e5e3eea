#include "git/path_rules.h"

#include <array>

#include "base/text.h"

namespace nightjar::git {

namespace {

constexpr size_t kLongestPath = 4096;

// Code points that HFS+ leaves out when it compares names (git's own list, utf8.c: next_hfs_char).
std::string without_ignorable(std::string_view name) {
  static constexpr std::array<std::string_view, 16> kIgnorable{
      "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
      "\u202e", "\u206a", "\u206b", "\u206c", "\u206d", "\u206e", "\u206f", "\ufeff"};
  std::string out(name);
  for (const auto point : kIgnorable) {
    for (auto at = out.find(point); at != std::string::npos; at = out.find(point)) out.erase(at, point.size());
  }
  return out;
}

bool reads_as(std::string_view part, std::string_view name) {
  std::string plain = lower(without_ignorable(part));
  if (const auto colon = plain.find(':'); colon != std::string::npos) plain.resize(colon);  // NTFS streams
  while (!plain.empty() && (plain.back() == '.' || plain.back() == ' ')) plain.pop_back();
  return plain == name;
}

bool is_git_folder(std::string_view part) { return reads_as(part, ".git") || reads_as(part, "git~1"); }

bool leaves_the_tree(std::string_view path, std::string_view target) {
  if (target.empty() || target.front() == '/') return true;
  long depth = 0;
  for (const char c : path) depth += c == '/';
  for (const auto& part : split(target, '/')) {
    if (part == "..") {
      if (--depth < 0) return true;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
  }
  return false;
}

}  // namespace

std::string why_refused(const core::Change& change) {
  const std::string shown = "'" + inert(change.path) + "'";
  if (change.path.empty() || change.path.size() > kLongestPath || change.path.find('\0') != std::string::npos) return "a path is empty or too long: " + shortened(shown, 200);
  for (const auto& part : split(change.path, '/')) {
    if (part.empty() || part == "." || part == "..") return "the path " + shown + " is not a plain relative path";
    if (is_git_folder(part)) return "the path " + shown + " would be git's own folder somewhere";
    for (const char c : part) {
      if (c == '\\' && part.find("..") != std::string::npos) return "the path " + shown + " holds a backslash path";
    }
  }
  if (reads_as(split(change.path, '/').back(), ".gitmodules")) return "the change touches .gitmodules";
  if (change.what == core::Change::What::Other) return shown + " is a device, socket or pipe";
  if (change.what == core::Change::What::Symlink && leaves_the_tree(change.path, change.content)) {
    return "the link " + shown + " leads out of the repository, to '" + inert(change.content) + "'";
  }
  return "";
}

}  // namespace nightjar::git
