#include "git/objects.h"

#include "base/error.h"
#include "base/text.h"

namespace nightjar::git {

namespace {

std::string on_nul_lines(const std::vector<std::string>& names) {
  std::string input;
  for (const auto& name : names) {
    input += name;
    input += '\0';
  }
  return input;
}

// "<id> <type> <size>\n[content\n]" or "<name> missing\n", one for each name; a name may hold
// newlines.
std::vector<std::optional<Object>> parse(std::string_view text,
                                         const std::vector<std::string>& names, bool contents) {
  std::vector<std::optional<Object>> out;
  out.reserve(names.size());
  for (const auto& name : names) {
    const auto after_name = text.starts_with(name) ? text.substr(name.size()) : std::string_view();
    const bool missing = after_name.starts_with(" missing\n");
    if (missing || after_name.starts_with(" ambiguous\n")) {
      text = after_name.substr(after_name.find('\n') + 1);
      out.emplace_back();
      continue;
    }
    const auto newline = text.find('\n');
    const auto words = split(text.substr(0, newline), ' ');
    if (newline == std::string_view::npos) {
      throw Error(ErrorKind::Internal, "git cat-file ended early at " + inert(name));
    }
    text.remove_prefix(newline + 1);
    if (words.size() == 2) {  // a submodule's commit, which is elsewhere
      out.emplace_back();
      continue;
    }
    Object object{words.at(0), words.at(1), ""};
    if (contents) {
      const size_t size = std::stoull(words.at(2));
      if (text.size() < size + 1) {
        throw Error(ErrorKind::Internal, "git cat-file ended early at " + inert(name));
      }
      object.content = text.substr(0, size);
      text.remove_prefix(size + 1);
    }
    out.emplace_back(std::move(object));
  }
  return out;
}

}  // namespace

std::vector<TreeChange> tree_changes(const Git& git, std::string_view from, std::string_view to) {
  const auto parts = fields(output(git, {"diff-tree", "-r", "-z", "--raw", "--no-renames",
                                         "--no-abbrev", std::string(from), std::string(to)}));
  std::vector<TreeChange> out;
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    const auto words = split(parts[i], ' ');  // ":<old mode> <new mode> <old id> <new id> <status>"
    if (words.size() != 5) throw Error(ErrorKind::Internal, "git diff-tree gave a strange line");
    out.push_back({words[0].substr(1), words[1], words[2], words[3], parts[i + 1]});
  }
  return out;
}

std::vector<std::optional<Object>> read_objects(const Git& git,
                                                const std::vector<std::string>& names) {
  if (names.empty()) return {};
  return parse(output(git, {"cat-file", "--batch", "-z"}, on_nul_lines(names)), names, true);
}

std::vector<std::optional<Object>> look_up(const Git& git, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  return parse(output(git, {"cat-file", "--batch-check", "-z"}, on_nul_lines(names)), names, false);
}

std::string c_quoted(std::string_view path) {
  std::string out = "\"";
  for (const char c : path) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::vector<std::string> folders_above(std::string_view path) {
  std::vector<std::string> out;
  for (auto slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    out.emplace_back(path.substr(0, slash));
  }
  return out;
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace nightjar::git
