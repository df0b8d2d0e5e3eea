#include "tools/search.h"

#include <algorithm>
#include <expected>
#include <functional>
#include <optional>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "tools/crew.h"
#include "tools/glob.h"
#include "tools/match.h"
#include "tools/matcher.h"
#include "tools/walk.h"

namespace nightjar::tools {

namespace {

constexpr size_t kMostLines = 300;
constexpr size_t kLongestLine = 400, kBeforeMatch = 100;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Of a long line the part around the match.
std::string shown(std::string_view line, size_t begin, size_t end) {
  size_t from = 0;
  if (line.size() > kLongestLine && end > kLongestLine)
    from = begin > kBeforeMatch ? begin - kBeforeMatch : 0;
  size_t to = std::min(line.size(), from + kLongestLine);
  while (from > 0 && from < to && continues(line[from])) ++from;
  while (to < line.size() && to > from && continues(line[to])) --to;
  return (from > 0 ? "…" : "") + inert(line.substr(from, to - from)) +
         (to < line.size() ? "…" : "");
}

class Searcher {
 public:
  Searcher(const Search& what, const Matcher& matcher) : what_(what), matcher_(matcher) {}

  std::optional<Found> look(std::string_view text) const {
    if (text.empty() || text.substr(0, 8192).find('\0') != std::string_view::npos)
      return std::nullopt;
    Found out;
    size_t at = 0, number = 0, shown_to = 0;
    std::vector<std::string_view> lines;
    // From match to match, not from line to line: most lines hold none.
    while (at < text.size() && out.matches.size() <= kMostLines) {
      const auto found = matcher_.find(text, at);
      if (!found || (found->begin == text.size() && text.ends_with('\n'))) break;
      if (what_.files_only) return out;
      if (lines.empty() && what_.context > 0) lines = split_lines(text);
      number += static_cast<size_t>(
          std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                     text.begin() + static_cast<std::ptrdiff_t>(found->begin), '\n'));
      const size_t begin = found->begin == 0 ? 0 : text.rfind('\n', found->begin - 1) + 1;
      const size_t end = std::min(text.find('\n', found->begin), text.size());
      const std::string line = shown(text.substr(begin, end - begin), found->begin - begin,
                                     std::min(found->end, end) - begin);
      out.matches.push_back(with_context(lines, number, line, shown_to));
      at = end + 1;
      ++number;
    }
    if (out.matches.empty()) return std::nullopt;
    return out;
  }

 private:
  std::string with_context(const std::vector<std::string_view>& lines, size_t number,
                           const std::string& line, size_t& shown_to) const {
    const std::string own = std::to_string(number + 1) + ":" + line + "\n";
    const auto context = static_cast<size_t>(std::max(0, what_.context));
    if (context == 0) return own;
    std::string out;
    size_t from = number > context ? number - context : 0;
    if (from > shown_to && shown_to > 0) out += "--\n";
    from = std::max(from, shown_to);
    const size_t to = std::min(lines.size(), number + context + 1);
    for (size_t i = from; i < to; ++i)
      out += i == number ? own : std::to_string(i + 1) + "-" + shown(lines[i], 0, 0) + "\n";
    shown_to = std::max(shown_to, to);
    return out;
  }

  const Search& what_;
  const Matcher& matcher_;
};

Answer answer_of(const std::vector<Found>& all, const Search& what) {
  Answer out;
  size_t lines = 0;
  const auto more = [&out] {
    out.output += "\n[only the first " + std::to_string(kMostLines) +
                  " lines are shown; narrow the search with path or glob]";
    out.output = shortened_middle(out.output);
    return out;
  };
  for (const auto& found : all) {
    if (lines >= kMostLines) return more();
    if (what.files_only) {
      out.output += what.shown + inert(found.path) + "\n";
      ++lines;
      continue;
    }
    out.output += (out.output.empty() ? "" : "\n") + what.shown + inert(found.path) + "\n";
    for (const auto& match : found.matches) {
      if (lines++ >= kMostLines) return more();
      out.output += match;
    }
  }
  if (all.empty()) out.output = "nothing found";
  out.output = shortened_middle(out.output);
  return out;
}

// The path below the root; where a link leads, if it stays in the tree.
std::expected<std::string, std::string> inside_of(const fs::path& root, const std::string& path) {
  std::string inside = fs::path(path).lexically_normal().string();
  if (inside.starts_with("..")) return std::unexpected("the path leads out of the work tree");
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(root / inside, failure)))
    return std::unexpected("there is no " + inert(path));
  const fs::path real = fs::canonical(root / inside, failure);
  if (failure) return inside;
  const fs::path above = fs::canonical(root, failure);
  inside = real.lexically_relative(above).string();
  if (failure || inside.starts_with(".."))
    return std::unexpected(inert(path) + " is a link out of the work tree, to " +
                           inert(real.string()));
  while (inside.ends_with('/')) inside.pop_back();
  return inside == "." ? "" : inside;
}

// A glob may be meant from the root or from the folder that is searched.
class Narrow {
 public:
  Narrow(const std::string& glob, const std::string& inside)
      : globs_(glob), skip_(inside.empty() ? 0 : inside.size() + 1) {}
  bool passes(const WalkedFile& file) const {
    if (globs_.empty()) return true;
    const std::string path = file.path();
    if (globs_.matches(SplitPath(path))) return true;
    return skip_ > 0 && path.size() > skip_ &&
           globs_.matches(SplitPath(std::string_view(path).substr(skip_)));
  }

 private:
  Globs globs_;
  size_t skip_;
};

}  // namespace

Answer search(const fs::path& root, const Search& what) {
  const auto inside = inside_of(root, what.path);
  if (!inside) return failed(inside.error());
  const Narrow narrow(what.glob, *inside);
  if (what.pattern.empty() && what.files_only) {  // the names alone: nothing is read
    std::vector<Found> all;
    walk(root, *inside, [&](WalkedFile&& file) {
      if (narrow.passes(file)) all.push_back({file.path(), {}});
      return all.size() <= kMostLines;
    });
    return answer_of(all, what);
  }
  const Matcher matcher(what.pattern, what.literal, what.ignore_case);
  if (const std::string error = matcher.error(); !error.empty())
    return failed("the pattern cannot be read: " + error +
                  "; it is a regular expression of RE2's kind (no lookaround, no backreferences), "
                  "or give \"literal\": true");
  const Searcher searcher(what, matcher);
  Crew crew([&](std::string_view text) { return searcher.look(text); }, kMostLines);
  const auto all = crew.run([&](const std::function<bool(WalkedFile&&)>& add) {
    walk(root, *inside,
         [&](WalkedFile&& file) { return !narrow.passes(file) || add(std::move(file)); });
  });
  return answer_of(all, what);
}

}  // namespace nightjar::tools
