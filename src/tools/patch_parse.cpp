#include "tools/patch.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
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

std::string without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

bool begins_patch(std::string_view line) {
  return line.starts_with("*** Begin Patch") || line.starts_with("*** Update File: ") ||
         line.starts_with("*** Add File: ") || line.starts_with("*** Delete File: ");
}

// "@@ -12,3 +12,4 @@": 12.
std::optional<size_t> line_number(std::string_view header) {
  size_t out = 0;
  const size_t minus = header.find('-');
  if (minus == std::string_view::npos ||
      std::from_chars(header.data() + minus + 1, header.data() + header.size(), out).ec !=
          std::errc{})
    return std::nullopt;
  return out;
}

// "t\303\244.txt" in its quotes, as git and diff write names with bytes that are not plain.
std::optional<std::string> unquoted(std::string_view text) {
  constexpr std::string_view kLetters = "abtnvfr\"\\", kBytes = "\a\b\t\n\v\f\r\"\\";
  if (!take(text, "\"")) return std::nullopt;
  std::string out;
  while (!text.empty() && text[0] != '"') {
    if (!take(text, "\\")) {
      out += text[0];
      text.remove_prefix(1);
    } else if (const size_t letter = kLetters.find(text.substr(0, 1));
               !text.empty() && letter != std::string_view::npos) {
      out += kBytes[letter];
      text.remove_prefix(1);
    } else {
      unsigned byte = 0;
      const std::string_view digits = text.substr(0, 3);
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), byte, 8);
      if (error != std::errc{} || end != digits.data() + 3 || byte == 0 || byte > 0xff)
        return std::nullopt;
      out += static_cast<char>(byte);
      text.remove_prefix(3);
    }
  }
  return text == "\"" ? std::optional(out) : std::nullopt;
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
        next_envelope();
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

  // There may be another; what lies between is no patch: the end of a fence or a here-document.
  void next_envelope() {
    for (++at_; at_ < lines_.size() && !begins_patch(lines_[at_]);) ++at_;
  }

  void add(std::string_view path) {
    FilePatch file{FilePatch::What::Add, trimmed(path), "", "", {}};
    ++at_;
    const bool with_plus = at_ < lines_.size() && lines_[at_].starts_with('+');
    for (; at_ < lines_.size() && !lines_[at_].starts_with("*** "); ++at_) {
      std::string_view line = lines_[at_];
      if (!take(line, "+") && with_plus && line.starts_with("```")) continue;
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
        // "@@ -1,2 +1,2 @@ def f():" as well.
        if (const size_t end = line.find("@@"); line.starts_with(" -") && end != line.npos) {
          hunk.line = line_number(line);
          line.remove_prefix(end + 2);
        }
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
      if (begins_file(at_)) {
        if (auto error = file()) return std::unexpected(*error);
      } else if (auto error = header(lines_[at_++])) {
        return std::unexpected(*error);
      }
    }
    finish_header();
    if (out_.empty()) return std::unexpected("the patch names no file" + std::string(kShape));
    return std::move(out_);
  }

 private:
  // What git says of a file before its hunks, or instead of them.
  struct Header {
    std::string path, from, to;
    std::optional<unsigned> mode;
    bool fresh = false, gone = false;
  };

  bool begins_file(size_t at) const {
    return lines_[at].starts_with("--- ") && at + 1 < lines_.size() &&
           lines_[at + 1].starts_with("+++ ");
  }

  std::optional<std::string> header(std::string_view line) {
    if (take(line, "diff --git ")) {
      finish_header();
      const std::string both = without_return(line);
      const size_t half = both.size() / 2;  // "a/NAME b/NAME"
      if (both.size() > 4 && both.size() % 2 == 1 && both[half] == ' ')
        header_.path = name_in(std::string_view(both).substr(half + 1));
    } else if (take(line, "rename from ")) {
      header_.from = name_in(line);
      if (header_.from.empty()) return no_name(at_ - 1);
    } else if (take(line, "rename to ")) {
      header_.to = name_in(line);
      if (header_.to.empty()) return no_name(at_ - 1);
    } else if (take(line, "new file mode ")) {
      header_.fresh = true;
      header_.mode = mode_in(line);
    } else if (take(line, "new mode ")) {
      header_.mode = mode_in(line);
    } else if (line.starts_with("deleted file mode ")) {
      header_.gone = true;
    } else if (line.starts_with("GIT binary patch") || line.starts_with("Binary files ")) {
      return bad(at_ - 1, "a binary file cannot be patched").error();
    }
    return std::nullopt;
  }

  static std::optional<unsigned> mode_in(std::string_view text) {
    const std::string mode = trimmed(text);
    if (mode == "100755") return 0755U;
    if (mode == "100644") return 0644U;
    return std::nullopt;
  }

  // A file without hunks: moved, empty, or with another mode alone.
  void finish_header() {
    const Header header = std::exchange(header_, {});
    FilePatch file{FilePatch::What::Update, header.path, "", "", {}, header.mode};
    if (!header.from.empty() && !header.to.empty()) {
      file.path = header.from;
      file.moved_to = header.to;
    } else if (header.path.empty() || !(header.fresh || header.gone || header.mode)) {
      return;
    } else if (header.fresh) {
      file.what = FilePatch::What::Add;
    } else if (header.gone) {
      file.what = FilePatch::What::Delete;
    }
    out_.push_back(std::move(file));
  }

  static std::string no_name(size_t line) {
    return bad(line, "the name of the file cannot be read").error();
  }

  /// Empty where it is quoted wrongly.
  static std::string name_in(std::string_view text) {
    std::string path = trimmed(text);
    if (path.starts_with('"')) path = unquoted(path).value_or("");
    if (path.starts_with("a/") || path.starts_with("b/")) path.erase(0, 2);
    return path;
  }

  static std::string path_of(std::string_view line) {
    line.remove_prefix(4);
    return name_in(line.substr(0, line.find('\t')));
  }

  std::optional<std::string> file() {
    const std::string before = path_of(lines_[at_]), after = path_of(lines_[at_ + 1]);
    if (before.empty() || after.empty()) return no_name(before.empty() ? at_ : at_ + 1);
    at_ += 2;
    FilePatch file{FilePatch::What::Update, before, "", "", {}, std::exchange(header_, {}).mode};
    if (before == "/dev/null") {
      file.what = FilePatch::What::Add;
      file.path = after;
    } else if (after == "/dev/null") {
      file.what = FilePatch::What::Delete;
    } else if (after != before) {
      file.moved_to = after;
    }
    while (at_ < lines_.size() && lines_[at_].starts_with("@@")) file.hunks.push_back(hunk());
    if (file.what == FilePatch::What::Add) {
      for (const auto& hunk : file.hunks) {
        for (const auto& line : hunk.new_lines) file.content += line + "\n";
        if (!hunk.ends_line.value_or(true) && file.content.ends_with('\n')) file.content.pop_back();
      }
      file.hunks.clear();
    } else if (file.what == FilePatch::What::Update && file.hunks.empty() &&
               file.moved_to.empty()) {
      return bad(at_ - 1, "'" + inert(file.path) + "' has no hunk").error();
    }
    out_.push_back(std::move(file));
    return std::nullopt;
  }

  Hunk hunk() {
    Hunk out;
    out.line = line_number(lines_[at_++]);
    char last = ' ';
    while (at_ < lines_.size() && in_hunk(lines_[at_])) {
      const std::string_view line = lines_[at_++];
      if (line.starts_with("\\")) {  // "\ No newline at end of file", of the line before
        out.ends_line = last == '-';
        continue;
      }
      last = line.empty() ? ' ' : line[0];
      const std::string content = without_return(line.empty() ? line : line.substr(1));
      if (line.empty() || line[0] != '+') out.old_lines.push_back(content);
      if (line.empty() || line[0] != '-') out.new_lines.push_back(content);
    }
    // A blank line that ends the text belongs to nobody.
    if (at_ >= lines_.size() && !out.old_lines.empty() && out.old_lines.back().empty() &&
        !out.new_lines.empty() && out.new_lines.back().empty() && lines_.back().empty()) {
      out.old_lines.pop_back();
      out.new_lines.pop_back();
    }
    return out;
  }

  bool in_hunk(std::string_view line) const {
    if (begins_file(at_)) return false;
    return line.empty() || line[0] == ' ' || line[0] == '-' || line[0] == '+' || line[0] == '\\' ||
           line == "\r";
  }

  std::vector<std::string_view> lines_;
  size_t at_ = 0;
  Header header_;
  std::vector<FilePatch> out_;
};

}  // namespace

std::expected<std::vector<FilePatch>, std::string> parse_patch(std::string_view text) {
  // Some models put it into a fence or a here-document.
  auto lines = split_lines(text);
  const auto first = std::ranges::find_if(lines, begins_patch);
  const auto diff = std::ranges::find_if(lines, [](auto line) {
    return line.starts_with("--- ") || line.starts_with("diff --git ") ||
           line.starts_with("rename from ");
  });
  if (first != lines.end() && first <= diff) {
    const bool fenced =
        std::any_of(lines.begin(), first, [](auto line) { return line.starts_with("```"); });
    lines.erase(lines.begin(), first);
    while (!lines.empty() && trimmed(lines.back()).empty()) lines.pop_back();
    if (fenced && lines.back().starts_with("```")) lines.pop_back();
    return Envelope(std::move(lines)).parse();
  }
  if (diff == lines.end())
    return std::unexpected("this is neither a patch nor a unified diff" + std::string(kShape));
  return Unified(std::move(lines)).parse();
}

}  // namespace nightjar::tools
