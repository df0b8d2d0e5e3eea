#include "tools/patch.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.h"
#include "tools/line_ends.h"
#include "tools/match.h"

namespace nightjar::tools {

namespace {

constexpr std::string_view kShape =
    "; a patch looks like\n*** Begin Patch\n*** Update File: path/to/file\n@@ def function():\n "
    "context\n-old line\n+new line\n*** End Patch";

std::unexpected<std::string> bad(size_t line, std::string_view what) {
  return std::unexpected("line " + std::to_string(line + 1) +
                         " of the patch: " + std::string(what) + std::string(kShape));
}

bool take(std::string_view& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return false;
  line.remove_prefix(prefix.size());
  return true;
}

std::string without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

// The envelope of OpenAI's models.
class Envelope {
 public:
  explicit Envelope(std::vector<std::string_view> lines) : lines_(std::move(lines)) {}

  std::expected<std::vector<FilePatch>, std::string> parse() {
    for (at_ = 0; at_ < lines_.size();) {
      std::string_view line = trimmed_end(lines_[at_]);
      if (line.empty() || line == "*** Begin Patch") {
        ++at_;
      } else if (line == "*** End Patch") {
        break;
      } else if (take(line, "*** Add File: ")) {
        add(line);
      } else if (take(line, "*** Delete File: ")) {
        out_.push_back({FilePatch::What::Delete, trimmed(line), "", "", {}});
        ++at_;
      } else if (take(line, "*** Update File: ")) {
        if (auto error = update(line)) return std::unexpected(*error);
      } else {
        return bad(at_, "'" + shortened(inert(lines_[at_]), 80) + "' begins no file");
      }
    }
    if (out_.empty()) return std::unexpected("the patch names no file" + std::string(kShape));
    return std::move(out_);
  }

 private:
  static std::string_view trimmed_end(std::string_view line) {
    const size_t end = line.find_last_not_of(" \t\r");
    return end == std::string_view::npos ? "" : line.substr(0, end + 1);
  }

  void add(std::string_view path) {
    FilePatch file{FilePatch::What::Add, trimmed(path), "", "", {}};
    for (++at_; at_ < lines_.size() && !lines_[at_].starts_with("*** "); ++at_) {
      std::string_view line = lines_[at_];
      take(line, "+");
      file.content += without_return(line) + "\n";
    }
    out_.push_back(std::move(file));
  }

  std::optional<std::string> update(std::string_view path) {
    FilePatch file{FilePatch::What::Update, trimmed(path), "", "", {}};
    ++at_;
    if (at_ < lines_.size()) {
      std::string_view line = lines_[at_];
      if (take(line, "*** Move to: ")) {
        file.moved_to = trimmed(line);
        ++at_;
      }
    }
    Hunk hunk;
    const auto finish = [&] {
      if (!hunk.old_lines.empty() || !hunk.new_lines.empty()) file.hunks.push_back(hunk);
      hunk = {};
    };
    for (; at_ < lines_.size(); ++at_) {
      std::string_view line = lines_[at_];
      if (trimmed_end(line) == "*** End of File") {
        hunk.at_end = true;
      } else if (line.starts_with("*** ")) {
        break;
      } else if (line.starts_with("@@")) {
        if (!hunk.old_lines.empty() || !hunk.new_lines.empty()) finish();
        take(line, "@@");
        // "@@ -1,2 +1,2 @@ def f():" as well: numbers here are guesses of the model.
        if (const size_t end = line.find("@@"); line.starts_with(" -") && end != line.npos)
          line.remove_prefix(end + 2);
        if (const std::string anchor = trimmed(line); !anchor.empty())
          hunk.anchors.push_back(anchor);
      } else if (line.empty() || line == "\r") {
        hunk.old_lines.emplace_back();
        hunk.new_lines.emplace_back();
      } else if (line[0] == ' ' || line[0] == '-' || line[0] == '+') {
        if (line[0] != '+') hunk.old_lines.push_back(without_return(line.substr(1)));
        if (line[0] != '-') hunk.new_lines.push_back(without_return(line.substr(1)));
      } else {
        return bad(at_, "'" + shortened(inert(line), 80) + "' begins with neither a blank, - nor +")
            .error();
      }
    }
    finish();
    if (file.hunks.empty() && file.moved_to.empty())
      return bad(at_ - 1, "'" + inert(file.path) + "' is to be updated, and nothing changes")
          .error();
    out_.push_back(std::move(file));
    return std::nullopt;
  }

  std::vector<std::string_view> lines_;
  size_t at_ = 0;
  std::vector<FilePatch> out_;
};

// diff -u and git diff. Counts in the headers are not trusted: models miscount.
class Unified {
 public:
  explicit Unified(std::vector<std::string_view> lines) : lines_(std::move(lines)) {}

  std::expected<std::vector<FilePatch>, std::string> parse() {
    while (at_ < lines_.size()) {
      if (lines_[at_].starts_with("--- ") && at_ + 1 < lines_.size() &&
          lines_[at_ + 1].starts_with("+++ ")) {
        if (auto error = file()) return std::unexpected(*error);
      } else {
        header(lines_[at_++]);
      }
    }
    if (out_.empty()) return std::unexpected("the patch names no file" + std::string(kShape));
    return std::move(out_);
  }

 private:
  void header(std::string_view line) {
    if (take(line, "rename from ")) from_ = trimmed(line);
    if (take(line, "rename to ") && !from_.empty())
      out_.push_back({FilePatch::What::Update, from_, trimmed(line), "", {}});
  }

  static std::string path_of(std::string_view line) {
    line.remove_prefix(4);
    line = line.substr(0, line.find('\t'));
    std::string path = trimmed(line);
    if (path.starts_with("a/") || path.starts_with("b/")) path.erase(0, 2);
    return path;
  }

  std::optional<std::string> file() {
    const std::string before = path_of(lines_[at_]), after = path_of(lines_[at_ + 1]);
    at_ += 2;
    FilePatch file{FilePatch::What::Update, before, "", "", {}};
    const bool renamed = !out_.empty() && out_.back().path == before &&
                         out_.back().moved_to == after && out_.back().hunks.empty();
    if (renamed) {
      out_.pop_back();
      file.moved_to = after;
    } else if (before == "/dev/null") {
      file.what = FilePatch::What::Add;
      file.path = after;
    } else if (after == "/dev/null") {
      file.what = FilePatch::What::Delete;
    } else if (after != before) {
      file.moved_to = after;
    }
    while (at_ < lines_.size() && lines_[at_].starts_with("@@")) {
      Hunk hunk = hunk_from(lines_[at_++]);
      while (at_ < lines_.size() && in_hunk(lines_[at_])) {
        const std::string_view line = lines_[at_++];
        if (line.starts_with("\\")) continue;  // "\ No newline at end of file"
        const std::string content = without_return(line.empty() ? line : line.substr(1));
        if (line.empty() || line[0] != '+') hunk.old_lines.push_back(content);
        if (line.empty() || line[0] != '-') hunk.new_lines.push_back(content);
      }
      // A blank line that ends the text belongs to nobody.
      if (at_ >= lines_.size() && !hunk.old_lines.empty() && hunk.old_lines.back().empty() &&
          !hunk.new_lines.empty() && hunk.new_lines.back().empty() && lines_.back().empty()) {
        hunk.old_lines.pop_back();
        hunk.new_lines.pop_back();
      }
      file.hunks.push_back(std::move(hunk));
    }
    if (file.what == FilePatch::What::Add) {
      for (const auto& hunk : file.hunks) {
        for (const auto& line : hunk.new_lines) file.content += line + "\n";
      }
      file.hunks.clear();
    } else if (file.what == FilePatch::What::Update && file.hunks.empty() &&
               file.moved_to.empty()) {
      return bad(at_ - 1, "'" + inert(file.path) + "' has no hunk").error();
    }
    out_.push_back(std::move(file));
    return std::nullopt;
  }

  bool in_hunk(std::string_view line) const {
    if (line.starts_with("--- ") && at_ + 1 < lines_.size() && lines_[at_ + 1].starts_with("+++ "))
      return false;
    return line.empty() || line[0] == ' ' || line[0] == '-' || line[0] == '+' || line[0] == '\\' ||
           line == "\r";
  }

  static Hunk hunk_from(std::string_view line) {
    Hunk out;
    const size_t minus = line.find('-');
    if (minus != std::string_view::npos)
      std::from_chars(line.data() + minus + 1, line.data() + line.size(), out.line);
    return out;
  }

  std::vector<std::string_view> lines_;
  size_t at_ = 0;
  std::string from_;
  std::vector<FilePatch> out_;
};

std::string shown(const std::vector<std::string_view>& lines, size_t from) {
  std::string out;
  for (size_t i = from; i < std::min(lines.size(), from + 8); ++i)
    out += "  " + std::to_string(i + 1) + " | " + shortened(inert(lines[i]), 160) + "\n";
  return out;
}

std::unexpected<std::string> no_place(const std::vector<std::string_view>& lines,
                                      const FilePatch& patch, size_t number,
                                      const std::vector<std::string_view>& wanted) {
  std::string out = inert(patch.path) + ": hunk " + std::to_string(number + 1) +
                    " does not fit: these lines are not there:\n";
  for (size_t i = 0; i < std::min<size_t>(wanted.size(), 6); ++i)
    out += "  " + shortened(inert(wanted[i]), 160) + "\n";
  const auto near = nearest(lines, wanted, 1);
  if (!near.empty()) out += "nearest:\n" + shown(lines, near[0].place.line);
  return std::unexpected(out);
}

}  // namespace

std::expected<std::vector<FilePatch>, std::string> parse_patch(std::string_view text) {
  // Some models put it into a fence or a here-document.
  auto lines = split_lines(text);
  const auto begins = [](std::string_view line) {
    return line.starts_with("*** Begin Patch") || line.starts_with("*** Update File: ") ||
           line.starts_with("*** Add File: ") || line.starts_with("*** Delete File: ");
  };
  const auto first = std::ranges::find_if(lines, begins);
  const auto diff = std::ranges::find_if(lines, [](auto line) {
    return line.starts_with("--- ") || line.starts_with("rename from ");
  });
  if (first != lines.end() && first <= diff) {
    lines.erase(lines.begin(), first);
    return Envelope(std::move(lines)).parse();
  }
  if (diff == lines.end())
    return std::unexpected("this is neither a patch nor a unified diff" + std::string(kShape));
  return Unified(std::move(lines)).parse();
}

std::expected<std::string, std::string> apply_hunks(std::string_view original,
                                                    const FilePatch& patch) {
  const LineEnds ends(original);
  const std::string text = ends.plain(original);
  const auto lines = split_lines(text);
  std::string out;
  size_t done = 0;  // lines that are in `out`
  const auto copy_to = [&](size_t line) {
    for (; done < line; ++done) out += std::string(lines[done]) + "\n";
  };
  for (size_t number = 0; number < patch.hunks.size(); ++number) {
    const Hunk& hunk = patch.hunks[number];
    size_t from = done;
    for (const auto& anchor : hunk.anchors) {
      const auto found = std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(from),
                                      lines.end(), [&](auto line) {
                                        const std::string there = trimmed(line);
                                        return there == anchor || there.starts_with(anchor);
                                      });
      if (found == lines.end())
        return std::unexpected(
            inert(patch.path) + ": hunk " + std::to_string(number + 1) +
            " stands below a line that is not there: " + shortened(inert(anchor), 160));
      from = static_cast<size_t>(found - lines.begin());
      // The anchor may be repeated as the first line of the context.
      if (hunk.old_lines.empty() || trimmed(hunk.old_lines[0]) != anchor) ++from;
    }
    std::vector<std::string_view> wanted(hunk.old_lines.begin(), hunk.old_lines.end());
    std::vector<std::string_view> with(hunk.new_lines.begin(), hunk.new_lines.end());
    if (wanted.empty()) {  // new lines alone: below the anchor, at the named line, or at the end
      const size_t at = !hunk.anchors.empty()           ? from
                        : hunk.line > 0 && !hunk.at_end ? std::min(hunk.line, lines.size())
                                                        : lines.size();
      copy_to(std::max(at, done));
      for (const auto line : with) out += std::string(line) + "\n";
      continue;
    }
    Matches matches = find_lines(lines, wanted, from);
    while (matches.places.empty() && wanted.size() > 1 && wanted.back().empty() && !with.empty() &&
           with.back().empty()) {  // blank context at the end that the file does not have
      wanted.pop_back();
      with.pop_back();
      matches = find_lines(lines, wanted, from);
    }
    if (matches.places.empty()) return no_place(lines, patch, number, wanted);
    Place place = matches.places[0];
    if (hunk.at_end) place = matches.places.back();
    if (matches.places.size() > 1 && hunk.line > 0) {
      const auto distance = [&](const Place& one) {
        return one.line + 1 > hunk.line ? one.line + 1 - hunk.line : hunk.line - one.line - 1;
      };
      place = *std::ranges::min_element(matches.places, {}, distance);
    }
    copy_to(place.line);
    if (matches.likeness == Likeness::Indentation) {
      const std::vector<std::string_view> found(
          lines.begin() + static_cast<std::ptrdiff_t>(place.line),
          lines.begin() + static_cast<std::ptrdiff_t>(place.line + place.count));
      for (const auto& line : reindented(found, wanted, with)) out += line + "\n";
    } else {
      for (const auto line : with) out += std::string(line) + "\n";
    }
    done = place.line + place.count;
  }
  copy_to(lines.size());
  if (!text.empty() && !text.ends_with('\n') && out.ends_with('\n')) out.pop_back();
  return ends.restored(out);
}

std::expected<std::vector<TreeChange>, std::string> apply_patch(
    const std::vector<FilePatch>& patches,
    const std::function<std::optional<std::string>(const std::string&)>& read) {
  std::map<std::string, std::optional<std::string>> after;
  std::vector<std::string> order;
  const auto current = [&](const std::string& path) {
    const auto known = after.find(path);
    return known == after.end() ? read(path) : known->second;
  };
  const auto set = [&](const std::string& path, std::optional<std::string> content) {
    if (!after.contains(path)) order.push_back(path);
    after[path] = std::move(content);
  };
  for (const auto& patch : patches) {
    if (patch.path.empty()) return std::unexpected("a file of the patch has no name");
    const auto content = current(patch.path);
    if (patch.what == FilePatch::What::Add) {
      if (content)
        return std::unexpected(inert(patch.path) +
                               " is there already: update it, or delete it first");
      set(patch.path, patch.content);
      continue;
    }
    if (!content) return std::unexpected("there is no file " + inert(patch.path));
    if (patch.what == FilePatch::What::Delete) {
      set(patch.path, std::nullopt);
      continue;
    }
    auto changed = apply_hunks(*content, patch);
    if (!changed) return std::unexpected(changed.error());
    if (!patch.moved_to.empty() && patch.moved_to != patch.path) {
      if (current(patch.moved_to))
        return std::unexpected(inert(patch.moved_to) + " is there already: nothing can move there");
      set(patch.path, std::nullopt);
      set(patch.moved_to, std::move(*changed));
    } else {
      set(patch.path, std::move(*changed));
    }
  }
  std::vector<TreeChange> out;
  for (const auto& path : order) out.push_back({path, after[path]});
  return out;
}

}  // namespace nightjar::tools
