#include "tools/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "syntax/symbols.h"
#include "tools/edit.h"
#include "tools/match.h"
#include "tools/patch.h"
#include "tools/toolbox.h"
#include "tools/walk.h"
#include "tools/write_back.h"

namespace nightjar::tools {

namespace {

constexpr size_t kLargestText = size_t{16} << 20;
constexpr size_t kLargestPicture = size_t{5} << 20;
constexpr std::int64_t kLines = 2000;
constexpr size_t kLongestLine = 2000;
constexpr size_t kMostNames = 400;
constexpr size_t kMostSymbols = 400;

std::string picture_type(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.starts_with("GIF8")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return "image/webp";
  return "";
}

bool is_binary(std::string_view bytes) {
  return bytes.substr(0, 8192).find('\0') != std::string_view::npos;
}

std::string folder_listing(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (auto entry = fs::directory_iterator(folder, failed);
       !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    std::error_code ignored;
    names.push_back(inert(entry->path().filename().string()) +
                    (entry->is_directory(ignored) ? "/" : ""));
  }
  std::ranges::sort(names);
  std::string out;
  for (size_t i = 0; i < names.size() && i < kMostNames; ++i) out += names[i] + "\n";
  if (names.size() > kMostNames)
    out += "[and " + std::to_string(names.size() - kMostNames) + " more]\n";
  return out.empty() ? "(an empty folder)" : out;
}

std::string numbered(std::string_view text, std::int64_t offset, std::int64_t limit) {
  const auto lines = split_lines(text);
  const auto count = static_cast<std::int64_t>(lines.size());
  if (offset > count && count > 0) return "[the file has " + std::to_string(count) + " lines]";
  std::string out;
  std::int64_t at = std::max<std::int64_t>(offset, 1);
  const std::int64_t end = std::min(count, at - 1 + limit);
  for (; at <= end; ++at) {
    const std::string_view line = lines[static_cast<size_t>(at - 1)];
    const std::string row =
        std::to_string(at) + "\t" + std::string(line.substr(0, kLongestLine)) +
        (line.size() > kLongestLine ? "… [" + std::to_string(line.size()) + " bytes]" : "") + "\n";
    if (out.size() + row.size() > 2 * kMostShown) break;
    out += row;
  }
  if (at <= count)
    out += "[lines " + std::to_string(at) + " to " + std::to_string(count) +
           " are left out; read them with offset " + std::to_string(at) + "]";
  return out.empty() ? "(an empty file)" : out;
}

std::string lazy(const std::string& line) {
  return "nothing was written: the new text leaves lines out (" + shortened(inert(line), 80) +
         "); give them whole";
}

std::string no_text(const std::string& name, std::string_view bytes) {
  return name + " is no text (" + human_size(bytes.size()) + ")";
}

// Without the links on the way to it, and `through` the one that it may be itself.
fs::path real_name(const fs::path& path, bool through) {
  std::error_code failed;
  const fs::path out = through ? fs::canonical(path, failed)
                               : fs::weakly_canonical(path.parent_path(), failed) / path.filename();
  return failed ? path : out;
}

std::optional<unsigned> mode_of(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_mode & 07777U;
}

}  // namespace

fs::path Files::place(const std::string& path) const {
  return (root_ / fs::path(path)).lexically_normal();
}

std::string Files::shown(const fs::path& path) const {
  const std::string relative = path.lexically_relative(root_).string();
  return inert(relative.empty() || relative.starts_with("..") ? path.string() : relative);
}

std::optional<std::string> Files::content(const fs::path& path) const {
  std::error_code failed;
  // Pipes and devices would be read for ever.
  if (!fs::is_regular_file(fs::status(path, failed))) return std::nullopt;
  try {
    return try_read_file(path, kLargestText);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string Files::instead_of_content(const fs::path& path) const {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (fs::is_directory(status)) return shown(path) + " is a folder";
  if (!fs::exists(status) && fs::is_symlink(fs::symlink_status(path, failed)))
    return shown(path) + " is a link to " + inert(fs::read_symlink(path, failed).string()) +
           ", which is not there";
  if (!fs::exists(status) && path.string().starts_with(std::string(kScratch) + "/"))
    return shown(path) +
           " is not there: what is kept of long outputs goes with its sandbox; run "
           "the command again";
  if (!fs::exists(status))
    return "there is no file " + shown(path) + "; search with files_only finds names";
  if (!fs::is_regular_file(status)) return shown(path) + " is no regular file";
  const auto size = fs::file_size(path, failed);
  if (!failed && size > kLargestText)
    return shown(path) + " has " + human_size(size) +
           ": too much for this tool; use the shell to look at parts of it or to change it";
  return shown(path) + " cannot be read";
}

// What cannot be read must not count as absent: it would be written over.
std::optional<std::string> Files::obstacle_at(const fs::path& path) const {
  std::error_code failed;
  if (!fs::exists(fs::symlink_status(path, failed)) || content(path)) return std::nullopt;
  return instead_of_content(path);
}

std::string Files::syntax_note(const std::string& path, std::string_view before,
                               std::string_view after) {
  if (after.size() > (size_t{2} << 20)) return "";
  const auto now = syntax::syntax_of(syntax_, path, after);
  if (now.errors == 0) return "";
  // What was broken before (or is read so by the parser) is not this edit's.
  if (now.errors <= syntax::syntax_of(syntax_, path, before).errors) return "";
  return "\n[syntax error at line " + std::to_string(now.first->line) + ", column " +
         std::to_string(now.first->column) + ": " + now.first->what + "]";
}

Answer Files::read(const json::object& arguments) {
  const std::string path = get_string(arguments, "path");
  if (path.empty()) return failed("say which path");
  const fs::path file = place(path);
  std::error_code ignored;
  Answer out;
  if (fs::is_directory(file, ignored)) {
    out.output = folder_listing(file);
    return out;
  }
  const auto text = content(file);
  if (!text) return failed(instead_of_content(file));
  if (const std::string type = picture_type(*text); !type.empty()) {
    if (text->size() > kLargestPicture)
      return failed("the picture has " + human_size(text->size()) + ": too much to show");
    out.output = shown(file) + ": a picture, " + human_size(text->size());
    out.image_type = type;
    out.image = base64(*text);
    return out;
  }
  if (is_binary(*text)) return failed(no_text(shown(file), *text));
  const std::int64_t limit =
      std::clamp<std::int64_t>(get_int(arguments, "limit", kLines), 1, 100000);
  out.output = numbered(*text, get_int(arguments, "offset", 1), limit);
  return out;
}

Answer Files::write(const json::object& arguments) {
  const std::string path = get_string(arguments, "path");
  const auto* given = arguments.if_contains("content");
  if (path.empty() || !given || !given->is_string()) return failed("say which path and content");
  const fs::path file = place(path);
  return written(file, content(file), std::string_view(given->get_string()));
}

Answer Files::written(const fs::path& file, std::optional<std::string> before,
                      std::string_view text) {
  if (before) {
    if (const auto line = left_out(*before, text)) return failed(lazy(*line));
  }
  write_back({{file, text, {}}});
  Answer out;
  out.changed = true;
  out.diff = small_diff(before.value_or(""), text);
  out.output = (before ? "overwrote " : "wrote ") + shown(file) + ", " +
               count_of(split_lines(text).size(), "line") +
               syntax_note(file.string(), before.value_or(""), text);
  return out;
}

Answer Files::edit(const json::object& arguments) {
  const std::string path = get_string(arguments, "path");
  if (path.empty()) return failed("say which path");
  const auto* piece = arguments.if_contains("old");
  const auto* fresh = arguments.if_contains("new");
  if (!piece || !piece->is_string() || !fresh || !fresh->is_string())
    return failed(
        "give both old and new, as strings: the text that stands there, and the text that is to "
        "stand there instead (an empty one takes it away)");
  const std::string_view old(piece->get_string()), with(fresh->get_string());
  const fs::path file = place(path);
  const auto before = content(file);
  std::error_code ignored;
  if (old.empty() && !with.empty() && !fs::exists(fs::symlink_status(file, ignored)))
    return written(file, std::nullopt, with);
  if (!before) return failed(instead_of_content(file));
  if (is_binary(*before)) return failed(no_text(shown(file), *before));
  const auto edited = edit_text(*before, old, with, get_bool(arguments, "all"));
  if (!edited) return failed(shown(file) + ": " + edited.error());
  if (const auto line = left_out(*before, edited->text)) return failed(lazy(*line));
  write_back({{file, edited->text, {}}});
  Answer out;
  out.changed = true;
  out.diff = small_diff(*before, edited->text);
  out.output = "edited " + shown(file) + " at line " + std::to_string(edited->first_line);
  if (edited->places > 1) out.output += " and " + std::to_string(edited->places - 1) + " more";
  if (!edited->note.empty()) out.output += "\n[" + edited->note + "]\n" + out.diff;
  out.output += syntax_note(path, *before, edited->text);
  return out;
}

Answer Files::patch(std::string_view text, const fs::path& folder) {
  auto patches = parse_patch(text);
  if (!patches) return failed(patches.error());
  // One name for one file, however the patch names it.
  const auto name = [&](const std::string& path, bool through) {
    if (path.empty()) return path;
    const fs::path file =
        real_name(folder.empty() ? place(path) : place((folder / path).string()), through);
    std::error_code ignored;
    const std::string relative = file.lexically_relative(fs::canonical(root_, ignored)).string();
    return relative.empty() || relative.starts_with("..") ? file.string() : relative;
  };
  for (auto& patch : *patches) {
    // A link that is changed stays one; what is moved or removed is the link itself.
    const bool stays = patch.what == FilePatch::What::Update && patch.moved_to.empty();
    patch.path = name(patch.path, stays);
    patch.moved_to = name(patch.moved_to, false);
    for (const auto& path : {patch.path, patch.moved_to}) {
      const auto obstacle = path.empty() ? std::nullopt : obstacle_at(place(path));
      if (obstacle) return failed("nothing was changed: " + *obstacle);
    }
    const auto before = patch.hunks.empty() ? std::nullopt : content(place(patch.path));
    if (before && is_binary(*before))
      return failed("nothing was changed: " + no_text(shown(place(patch.path)), *before));
  }
  const auto changes =
      apply_patch(*patches, [this](const std::string& path) { return content(place(path)); });
  if (!changes) return failed("nothing was changed: " + changes.error());
  Answer out;
  std::string notes;
  std::vector<FileWrite> writes;
  for (const auto& change : *changes) {
    const fs::path file = place(change.path);
    const auto before = content(file);
    FileWrite write{file, {}, {}};
    if (change.content) {
      write.content = *change.content;
      write.mode = change.mode;
      if (!write.mode && !change.mode_of.empty()) write.mode = mode_of(place(change.mode_of));
      if (const auto line = left_out(before.value_or(""), *change.content); line && before)
        return failed(lazy(*line));
      notes += syntax_note(change.path, before.value_or(""), *change.content);
      out.output += (before ? "changed " : "wrote ") + shown(file) + "\n";
    } else {
      out.output += "removed " + shown(file) + "\n";
    }
    out.diff += shown(file) + "\n" + small_diff(before.value_or(""), change.content.value_or(""));
    writes.push_back(std::move(write));
  }
  write_back(writes);
  out.changed = true;
  out.output += trimmed(notes);
  return out;
}

Answer Files::outline(const json::object& arguments, const std::function<bool()>& stopped) {
  const std::string path = get_string(arguments, "path", ".");
  const fs::path file = place(path);
  std::error_code ignored;
  Answer out;
  size_t count = 0;
  bool whole = true;
  const auto stop_heard = [&] {
    if (stopped && stopped()) whole = false;
    return !whole;
  };
  const auto add = [&](const std::string& name, bool indented, int most_depth) {
    const auto text = content(place(name));
    if (!text || text->size() > (size_t{2} << 20)) return;
    std::string part;
    const syntax::SymbolLimits limits{kMostSymbols + 1 - count, most_depth, stop_heard};
    for (const auto& symbol : syntax::symbols_of(syntax_, name, *text, limits)) {
      if (++count > kMostSymbols) break;
      part += std::string(indented ? 2 : 0, ' ') +
              std::string(static_cast<size_t>(symbol.depth) * 2, ' ') +
              std::to_string(symbol.line) + "-" + std::to_string(symbol.end_line) + " " +
              symbol.head + "\n";
    }
    if (part.empty()) return;
    out.output += (indented ? name + "\n" : "") + part;
  };
  if (fs::is_directory(file, ignored)) {
    const std::string inside = file.lexically_relative(root_).string();
    if (inside.starts_with("..")) return failed("the folder is not in the work tree");
    walk_files(root_, inside == "." ? "" : inside, [&](const std::string& name) {
      if (stop_heard()) return false;
      if (syntax::language_of(name)) add(name, true, 1);
      return whole && count <= kMostSymbols;
    });
  } else {
    if (!content(file)) return failed(instead_of_content(file));
    add(path, false, 100);
  }
  if (count > kMostSymbols)
    out.output += "[only the first " + std::to_string(kMostSymbols) + " symbols are shown]";
  if (!whole)
    append_line(out.output, "[stopped before all was looked at]");
  else if (out.output.empty())
    out.output = "no symbols were found; search or read it";
  return out;
}

std::string small_diff(std::string_view before, std::string_view after, size_t most) {
  const auto a = split_lines(before), b = split_lines(after);
  size_t begin = 0;
  while (begin < a.size() && begin < b.size() && a[begin] == b[begin]) ++begin;
  size_t end_a = a.size(), end_b = b.size();
  while (end_a > begin && end_b > begin && a[end_a - 1] == b[end_b - 1]) {
    --end_a;
    --end_b;
  }
  if (begin == end_a && begin == end_b) return "";
  constexpr size_t kAround = 3;
  const size_t from = begin > kAround ? begin - kAround : 0;
  std::string out = "@@ line " + std::to_string(begin + 1) + " @@\n";
  const auto add = [&](char mark, std::string_view line) {
    if (out.size() < most) out += mark + std::string(line.substr(0, 400)) + "\n";
  };
  for (size_t i = from; i < begin; ++i) add(' ', a[i]);
  for (size_t i = begin; i < end_a; ++i) add('-', a[i]);
  for (size_t i = begin; i < end_b; ++i) add('+', b[i]);
  for (size_t i = end_a; i < std::min(a.size(), end_a + kAround); ++i) add(' ', a[i]);
  if (out.size() >= most) out += "[... more]\n";
  return out;
}

}  // namespace nightjar::tools
