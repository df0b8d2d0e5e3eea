#include "tools/glob.h"

#include <algorithm>

#include "base/text.h"

namespace nightjar::tools {

namespace {

constexpr size_t kMostAlternatives = 100;
constexpr std::ptrdiff_t kMostBraces = 20;

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

// How many components of the path the pattern can be at the end of. At most one row of a table at a
// time: hostile patterns must not take forever.
std::vector<bool> reach_of(const std::vector<std::string>& pattern,
                           const std::vector<std::string_view>& path) {
  std::vector<bool> reach(path.size() + 1, false), next(path.size() + 1);
  reach[0] = true;
  for (size_t p = 0; p < pattern.size(); ++p) {
    std::fill(next.begin(), next.end(), false);
    if (pattern[p] == "**") {
      const bool last = p + 1 == pattern.size();
      bool any = false;
      for (size_t i = 0; i <= path.size(); ++i) {
        if (last) next[i] = any;  // what lies below
        any = any || reach[i];
        if (!last) next[i] = any;
      }
    } else {
      for (size_t i = 0; i < path.size(); ++i)
        next[i + 1] = reach[i] && matches_name(pattern[p], path[i]);
    }
    reach.swap(next);
  }
  return reach;
}

bool is_plain(std::string_view pattern) {
  return pattern.find_first_of("*?[\\") == std::string_view::npos;
}

bool begins_with(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// Between commas and blanks, but for those in braces.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '{' ? 1 : c == '}' && depth > 0 ? -1 : 0;
    if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\t'))
      out.emplace_back();
    else if (c != ' ')
      out.back() += c;
  }
  return out;
}

// "a{b,c{d,e}}": ab, acd, ace.
void expand(const std::string& pattern, std::vector<std::string>& out) {
  if (out.size() >= kMostAlternatives) return;
  const size_t open = pattern.find('{');
  if (open == std::string::npos || std::ranges::count(pattern, '{') > kMostBraces) {
    out.push_back(pattern);
    return;
  }
  std::vector<std::string> alternatives(1);
  int depth = 1;
  size_t at = open + 1;
  for (; at < pattern.size(); ++at) {
    const char c = pattern[at];
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    if (depth == 0) break;
    if (c == ',' && depth == 1)
      alternatives.emplace_back();
    else
      alternatives.back() += c;
  }
  if (depth != 0) {  // no end: a brace in a name
    out.push_back(pattern);
    return;
  }
  for (const auto& one : alternatives)
    expand(pattern.substr(0, open) + one + pattern.substr(at + 1), out);
}

}  // namespace

const std::vector<std::string_view>& SplitPath::parts() const {
  if (!parts_.empty()) return parts_;
  for (std::string_view rest = path_;;) {
    const size_t slash = rest.find('/');
    parts_.push_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) return parts_;
    rest.remove_prefix(slash + 1);
  }
}

Glob::Glob(std::string_view pattern) {
  if (pattern.find('/') != std::string_view::npos) {
    kind_ = Kind::Path;
    if (pattern.starts_with('/')) pattern.remove_prefix(1);
    parts_ = split(pattern, '/');
  } else if (is_plain(pattern)) {
    text_ = pattern;
  } else if (pattern[0] == '*' && is_plain(pattern.substr(1))) {
    kind_ = Kind::Ending;
    text_ = pattern.substr(1);
  } else {
    kind_ = Kind::NamePattern;
    text_ = pattern;
  }
}

bool Glob::matches_name_of(std::string_view name) const {
  switch (kind_) {
    case Kind::Name:
      return name == text_;
    case Kind::Ending:
      return name.ends_with(text_);
    case Kind::NamePattern:
      return matches_name(text_, name);
    case Kind::Path:
      break;
  }
  return false;
}

bool Glob::matches(const SplitPath& path) const {
  if (kind_ != Kind::Path) return matches_name_of(path.name());
  if (is_plain(parts_[0]) && !begins_with(path.path(), parts_[0])) return false;
  return reach_of(parts_, path.parts()).back();
}

bool Glob::holds(const SplitPath& path) const {
  if (kind_ != Kind::Path)
    return matches_name_of(path.name()) ||
           std::ranges::any_of(path.parts(), [&](auto part) { return matches_name_of(part); });
  if (is_plain(parts_[0]) && !begins_with(path.path(), parts_[0])) return false;
  const auto reach = reach_of(parts_, path.parts());
  return std::find(reach.begin() + 1, reach.end(), true) != reach.end();
}

bool Glob::is_name() const {
  return kind_ == Kind::Name || (kind_ == Kind::Path && is_plain(parts_.back()));
}

Globs::Globs(std::string_view text) {
  for (std::string word : words_of(text)) {
    const bool away = word.starts_with('!');
    if (away) word.erase(0, 1);
    if (word.starts_with("./")) word.erase(0, 1);
    if (word.ends_with('/')) word += "**";
    if (word.empty()) continue;
    std::vector<std::string> all;
    expand(word, all);
    for (const auto& one : all) {
      if (!one.empty()) globs_.push_back({Glob(one), away});
    }
    only_away_ = only_away_ && away;
  }
}

bool Globs::matches(const SplitPath& path) const {
  for (auto one = globs_.rbegin(); one != globs_.rend(); ++one) {
    const bool folders = one->away || one->glob.is_name();
    if (folders ? one->glob.holds(path) : one->glob.matches(path)) return !one->away;
  }
  return only_away_;
}

bool glob_matches(std::string_view pattern, std::string_view path) {
  const std::string anchored = "/" + std::string(pattern);
  return Glob(anchored).matches(SplitPath(path));
}

}  // namespace nightjar::tools
