#include "tools/ignore.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"

namespace nightjar::tools {

namespace {

constexpr size_t kLargestIgnoreFile = size_t{1} << 20;
constexpr size_t kDeepest = 100;

// One component; no slash in either.
bool matches_name(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0;
  size_t star = std::string_view::npos, star_n = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_n = n;
      continue;
    }
    bool same = false;
    size_t next = p + 1;
    if (p < pattern.size()) {
      if (pattern[p] == '?') {
        same = true;
      } else if (pattern[p] == '[') {
        const size_t close = pattern.find(']', p + 2);
        if (close != std::string_view::npos) {
          const bool negated = pattern[p + 1] == '!' || pattern[p + 1] == '^';
          for (size_t i = p + 1 + negated; i < close; ++i) {
            if (i + 2 < close && pattern[i + 1] == '-') {
              same = same || (pattern[i] <= name[n] && name[n] <= pattern[i + 2]);
              i += 2;
            } else {
              same = same || pattern[i] == name[n];
            }
          }
          same = same != negated;
          next = close + 1;
        } else {
          same = name[n] == '[';
        }
      } else if (pattern[p] == '\\' && p + 1 < pattern.size()) {
        same = pattern[p + 1] == name[n];
        next = p + 2;
      } else {
        same = pattern[p] == name[n];
      }
    }
    if (same) {
      p = next;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_n;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches_parts(const std::vector<std::string>& pattern, size_t p,
                   const std::vector<std::string>& path, size_t n) {
  // At most one row of a table at a time: hostile patterns must not take forever.
  std::vector<bool> reach(path.size() + 1, false);
  reach[n] = true;
  for (; p < pattern.size(); ++p) {
    std::vector<bool> next(path.size() + 1, false);
    if (pattern[p] == "**") {
      bool any = false;
      for (size_t i = 0; i <= path.size(); ++i) {
        any = any || reach[i];
        next[i] = any;
      }
    } else {
      for (size_t i = 0; i < path.size(); ++i)
        next[i + 1] = reach[i] && matches_name(pattern[p], path[i]);
    }
    reach = std::move(next);
  }
  return reach[path.size()];
}

struct Folder {
  std::string path;  ///< relative to the root, "" or with a slash at its end
  IgnoreFile rules;
};

class Walk {
 public:
  Walk(const fs::path& root, const std::function<bool(const std::string&)>& visit)
      : root_(root), visit_(visit) {}

  void run(const std::string& inside) {
    // Rules of the folders above hold as well.
    std::string above;
    for (const auto& part : split(inside, '/')) {
      if (part.empty() || part == ".") continue;
      enter(above);
      above += part + "/";
    }
    const std::string start = above.empty() ? "" : above.substr(0, above.size() - 1);
    std::error_code failed;
    if (!start.empty() && !fs::is_directory(fs::symlink_status(root_ / start, failed))) {
      if (fs::exists(fs::symlink_status(root_ / start, failed))) visit_(start);
      return;
    }
    folder(above, 0);
  }

 private:
  void enter(const std::string& path) {
    std::string text;
    try {
      text = try_read_file(root_ / path / ".gitignore", kLargestIgnoreFile).value_or("");
    } catch (const std::exception&) {  // a folder of that name, no right to read it
    }
    folders_.push_back({path, IgnoreFile(text)});
  }

  bool ignored(const std::string& path, bool is_folder) const {
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
      const auto verdict =
          folder->rules.of(std::string_view(path).substr(folder->path.size()), is_folder);
      if (verdict != IgnoreFile::Verdict::Unsaid) return verdict == IgnoreFile::Verdict::Ignored;
    }
    return false;
  }

  bool folder(const std::string& path, size_t depth) {
    if (depth > kDeepest) return true;
    enter(path);
    std::vector<std::pair<std::string, bool>> entries;
    std::error_code failed;
    for (auto entry = fs::directory_iterator(root_ / path, failed);
         !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
      std::error_code ignored_error;
      const auto status = entry->symlink_status(ignored_error);
      const bool is_folder = fs::is_directory(status);
      if (!is_folder && !fs::is_regular_file(status) && !fs::is_symlink(status)) continue;
      entries.emplace_back(entry->path().filename().string(), is_folder);
    }
    std::ranges::sort(entries);
    for (const auto& [name, is_folder] : entries) {
      if (name == ".git" || ignored(path + name, is_folder)) continue;
      const bool go_on =
          is_folder ? this->folder(path + name + "/", depth + 1) : visit_(path + name);
      if (!go_on) return false;
    }
    folders_.pop_back();
    return true;
  }

  fs::path root_;
  const std::function<bool(const std::string&)>& visit_;
  std::vector<Folder> folders_;
};

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  return matches_parts(split(pattern, '/'), 0, split(path, '/'), 0);
}

IgnoreFile::IgnoreFile(std::string_view text) {
  for (const auto& raw : split(text, '\n')) {
    std::string line = raw;
    if (line.ends_with('\r')) line.pop_back();
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    Rule rule;
    if (line[0] == '!') {
      rule.kept = true;
      line.erase(0, 1);
    }
    if (line.ends_with('/')) {
      rule.folders_only = true;
      line.pop_back();
    }
    if (line.empty()) continue;
    // A slash before the end binds the pattern to this folder.
    const bool anchored = line.find('/') != std::string::npos;
    if (line[0] == '/') line.erase(0, 1);
    rule.pattern = anchored ? line : "**/" + line;
    rules_.push_back(std::move(rule));
  }
}

IgnoreFile::Verdict IgnoreFile::of(std::string_view path, bool folder) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && !folder) continue;
    if (glob_matches(rule->pattern, path)) return rule->kept ? Verdict::Kept : Verdict::Ignored;
  }
  return Verdict::Unsaid;
}

void walk_files(const fs::path& root, const std::string& inside,
                const std::function<bool(const std::string&)>& visit) {
  Walk(root, visit).run(inside);
}

}  // namespace nightjar::tools
