#include "git/path_rules.h"

#include <array>

#include "base/text.h"

namespace nightjar::git {

namespace {

constexpr size_t kLongestPath = 4000;
constexpr size_t kLongestName = 255;

// Code points that HFS+ leaves out when it compares names (git's own list, utf8.c: next_hfs_char).
std::string without_ignorable(std::string_view name) {
  static constexpr std::array<std::string_view, 16> kIgnorable{
      "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
      "\u202e", "\u206a", "\u206b", "\u206c", "\u206d", "\u206e", "\u206f", "\ufeff"};
  std::string out(name);
  for (const auto point : kIgnorable) {
    for (auto at = out.find(point); at != std::string::npos; at = out.find(point)) {
      out.erase(at, point.size());
    }
  }
  return out;
}

// As some file system would read the name: no case, no NTFS stream, no trailing dots and blanks.
std::string as_read(std::string_view part) {
  std::string plain = lower(without_ignorable(part));
  if (const auto colon = plain.find(':'); colon != std::string::npos) plain.resize(colon);
  while (!plain.empty() && (plain.back() == '.' || plain.back() == ' ')) plain.pop_back();
  return plain;
}

bool is_git_folder(std::string_view part) {
  const std::string name = as_read(part);
  return name == ".git" || name == "git~1";
}

// A backslash is an ordinary character here, but a separator elsewhere.
std::string why_part_refused(std::string_view part) {
  if (part.empty() || part == "." || part == "..") return "is not a plain relative path";
  if (part.size() > kLongestName) return "has a name that is too long";
  for (const auto& piece : split(part, '\\')) {
    if (is_git_folder(piece)) return "would be git's own folder on some system";
    if (piece == ".." && part != "..") return "climbs out of the repository on some system";
  }
  return "";
}

}  // namespace

std::string why_name_refused(const core::Change& change) {
  const std::string shown = "'" + shortened(inert(change.path), 300) + "'";
  if (change.path.empty()) return "a path of the change is empty";
  if (change.path.size() > kLongestPath) return "the path " + shown + " is too long";
  if (change.path.find('\0') != std::string::npos) return "the path " + shown + " holds a NUL";
  for (const auto& part : split(change.path, '/')) {
    const std::string reason = why_part_refused(part);
    if (!reason.empty()) return "the path " + shown + " " + reason;
  }
  if (change.what == core::Change::What::Other) return shown + " is a device, socket or pipe";
  if (change.what == core::Change::What::Symlink && change.content.size() > kLongestPath) {
    return "the link " + shown + " has a target that is too long";
  }
  return "";
}

bool is_modules_file(std::string_view path) {
  const std::string name = as_read(path.substr(path.rfind('/') + 1));
  return name == ".gitmodules" || name.starts_with("gitmod~");
}

bool leaves_the_tree(std::string_view link, std::string_view target) {
  if (target.empty() || target.front() == '/' || target.find('\0') != std::string_view::npos) {
    return true;
  }
  long depth = 0;
  for (const char c : link) depth += c == '/';
  bool below = false;
  for (const auto& part : split(target, '/')) {
    if (part == "..") {
      // After a name, which may be a link itself, nobody can say where `..` leads.
      if (below || --depth < 0) return true;
    } else if (!part.empty() && part != ".") {
      below = true;
    }
  }
  return false;
}

}  // namespace nightjar::git
