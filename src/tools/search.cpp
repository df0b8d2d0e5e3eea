#include "tools/search.h"

#include <fcntl.h>
#include <re2/re2.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "tools/ignore.h"
#include "tools/match.h"

namespace nightjar::tools {

namespace {

constexpr int kMostLines = 300;
constexpr size_t kLongestLine = 400;
constexpr off_t kLargestFile = off_t{32} << 20;

// A file as it lies, without a copy.
class Mapped {
 public:
  explicit Mapped(const fs::path& file) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    struct stat info{};
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0 ||
        info.st_size > kLargestFile)
      return;
    size_ = static_cast<size_t>(info.st_size);
    void* bytes = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (bytes != MAP_FAILED) bytes_ = static_cast<const char*>(bytes);
  }
  ~Mapped() {
    if (bytes_) ::munmap(const_cast<char*>(bytes_), size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  std::string_view text() const { return bytes_ ? std::string_view(bytes_, size_) : ""; }

 private:
  const char* bytes_ = nullptr;
  size_t size_ = 0;
};

std::string shown(std::string_view line) {
  std::string out = inert(line.substr(0, kLongestLine));
  if (line.size() > kLongestLine) out += "…";
  return out;
}

class Searcher {
 public:
  Searcher(const Search& what, const RE2& pattern) : what_(what), pattern_(pattern) {}

  // False: enough.
  bool file(const std::string& path, std::string_view text) {
    if (text.empty() || text.substr(0, 8192).find('\0') != std::string_view::npos) return true;
    re2::StringPiece rest(text.data(), text.size());
    if (!RE2::PartialMatch(rest, pattern_)) return true;
    ++files_;
    if (what_.files_only) {
      out_ += path + "\n";
      return ++lines_ < kMostLines;
    }
    out_ += (out_.empty() ? "" : "\n") + path + "\n";
    size_t at = 0, number = 0, shown_to = 0;
    const auto lines = what_.context > 0 ? split_lines(text) : std::vector<std::string_view>{};
    // From match to match, not from line to line: most lines hold none.
    while (at < text.size()) {
      re2::StringPiece found;
      if (!pattern_.Match(re2::StringPiece(text.data(), text.size()), at, text.size(),
                          RE2::UNANCHORED, &found, 1))
        break;
      const auto place = static_cast<size_t>(found.data() - text.data());
      number +=
          static_cast<size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                         text.begin() + static_cast<std::ptrdiff_t>(place), '\n'));
      const size_t begin = place == 0 ? 0 : text.rfind('\n', place - 1) + 1;
      const size_t end = std::min(text.find('\n', place), text.size());
      if (lines_ >= kMostLines) {
        more_ = true;
        return false;
      }
      ++lines_;
      line(lines, number, text.substr(begin, end - begin), shown_to);
      at = end + 1;
      ++number;
    }
    return true;
  }

  Answer answer() const {
    Answer out;
    out.output = out_;
    if (files_ == 0) out.output = "nothing found";
    if (more_)
      out.output += "\n[only the first " + std::to_string(kMostLines) +
                    " lines are shown; narrow the search with path or glob]";
    out.output = shortened_middle(out.output, "");
    return out;
  }

 private:
  void line(const std::vector<std::string_view>& lines, size_t number, std::string_view text,
            size_t& shown_to) {
    const auto context = static_cast<size_t>(std::max(0, what_.context));
    if (context == 0) {
      out_ += std::to_string(number + 1) + ":" + shown(text) + "\n";
      return;
    }
    size_t from = number > context ? number - context : 0;
    if (from > shown_to && shown_to > 0) out_ += "--\n";
    from = std::max(from, shown_to);
    const size_t to = std::min(lines.size(), number + context + 1);
    for (size_t i = from; i < to; ++i)
      out_ += std::to_string(i + 1) + (i == number ? ":" : "-") + shown(lines[i]) + "\n";
    shown_to = std::max(shown_to, to);
  }

  const Search& what_;
  const RE2& pattern_;
  std::string out_;
  int lines_ = 0, files_ = 0;
  bool more_ = false;
};

}  // namespace

Answer search(const fs::path& root, const Search& what) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!what.ignore_case);
  options.set_literal(what.literal);
  options.set_never_nl(false);
  options.set_one_line(false);
  options.set_max_mem(int64_t{16} << 20);
  const std::string source = what.literal ? what.pattern : "(?m)" + what.pattern;
  const RE2 pattern(source, options);
  if (!pattern.ok())
    return failed("the pattern cannot be read: " + pattern.error() +
                  "; it is a regular expression of RE2's kind (no lookaround, no backreferences), "
                  "or give \"literal\": true");
  const std::string inside = fs::path(what.path).lexically_normal().string();
  if (inside.starts_with("..")) return failed("the path leads out of the work tree");
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(root / inside, failure)))
    return failed("there is no " + inert(what.path));
  Searcher searcher(what, pattern);
  const std::string glob = what.glob.find('/') == std::string::npos ? "**/" + what.glob : what.glob;
  walk_files(root, inside == "." ? "" : inside, [&](const std::string& path) {
    if (!what.glob.empty() && !glob_matches(glob, path)) return true;
    const Mapped mapped(root / path);
    return searcher.file(path, mapped.text());
  });
  return searcher.answer();
}

}  // namespace nightjar::tools
