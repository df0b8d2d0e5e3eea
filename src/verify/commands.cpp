#include "verify/commands.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "verify/build_files.h"
#include "verify/file_roles.h"

namespace nightjar::verify {

namespace {

using Words = std::vector<std::string>;

constexpr int kDeepest = 3;  // sh -c "sh -c '...'"

// What looks at its arguments and does not run them.
constexpr std::array<std::string_view, 18> kReaders{
    "grep", "egrep", "fgrep", "cat",  "test",   "[",      "diff",  "cmp",    "wc",
    "head", "tail",  "mypy",  "ruff", "flake8", "pylint", "black", "eslint", "echo"};
constexpr std::array<std::string_view, 14> kCompiled{".c",  ".cc",  ".cpp",   ".cxx",  ".h",
                                                     ".hh", ".hpp", ".go",    ".rs",   ".java",
                                                     ".kt", ".cs",  ".swift", ".scala"};

// The simple commands of a shell's line, by their words. Approximate: expansions stay as they are.
std::vector<Words> simple_commands(std::string_view text) {
  std::vector<Words> out(1);
  std::string word;
  bool begun = false;
  char quote = 0;
  const auto end_word = [&] {
    if (begun) out.back().push_back(word);
    word.clear();
    begun = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      begun = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      if (text[++i] != '\n') word += text[i];
      begun = true;
    } else if (std::string_view(" \t<>").find(c) != std::string_view::npos) {
      end_word();
    } else if (std::string_view(";&|()\n`").find(c) != std::string_view::npos) {
      end_word();
      if (!out.back().empty()) out.emplace_back();
    } else {
      word += c;
      begun = true;
    }
  }
  end_word();
  return out;
}

std::string plain(std::string_view path) {
  std::string out(path);
  while (out.starts_with("./")) out.erase(0, 2);
  return out;
}

// "./setup" for setup.js as well: how Node's options name a module.
bool names(std::string_view word, std::string_view path, const std::string& folder) {
  const std::string full = plain(folder + plain(word));
  if (full == path) return true;
  return word.starts_with("./") && path.starts_with(full + ".");
}

bool names_module(std::string_view module, std::string_view path, const std::string& folder) {
  std::string stem = folder + std::string(module);
  std::ranges::replace(stem, '.', '/');
  return path == stem + ".py" || path == stem + "/__main__.py" || path == stem + "/__init__.py";
}

bool is_among(std::string_view name, const auto& names) {
  return std::ranges::find(names, name) != names.end();
}

bool runs(const Words& words, std::string_view path, const std::string& folder, int depth);

bool any_runs(std::string_view command, std::string_view path, int depth) {
  if (depth > kDeepest) return false;
  std::string folder;
  for (const auto& words : simple_commands(command)) {
    if (words.size() == 2 && words[0] == "cd") {
      folder = plain(words[1]) + "/";
      continue;
    }
    if (runs(words, path, folder, depth)) return true;
  }
  return false;
}

bool runs(const Words& words, std::string_view path, const std::string& folder, int depth) {
  size_t first = 0;
  while (first < words.size() && words[first].find('=') != std::string::npos) {
    const auto value = words[first].substr(words[first].find('=') + 1);
    if (names(value, path, folder)) return true;
    ++first;
  }
  if (first == words.size() || is_among(file_name(words[first]), kReaders)) return false;
  bool module = false;
  for (size_t i = first; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "-m" && i + 1 < words.size() && !module) {
      module = true;
      if (names_module(words[++i], path, folder)) return true;
      continue;
    }
    if (word.find(' ') != std::string::npos && any_runs(word, path, depth + 1)) return true;
    const auto equals = word.find('=');
    if (equals != std::string::npos && names(word.substr(equals + 1), path, folder)) return true;
    if (!module && names(word, path, folder)) return true;
  }
  return false;
}

void add_scripts(std::string_view package, std::vector<std::string>& out) {
  const auto value = parse_json(package);
  if (!value || !value->is_object()) return;
  for (const auto& [name, script] : get_object(value->get_object(), "scripts")) {
    if (script.is_string()) out.emplace_back(script.get_string());
  }
}

}  // namespace

bool runs_file(std::string_view command, std::string_view path) {
  const auto name = file_name(path);
  const auto dot = name.rfind('.');
  if (dot != std::string_view::npos && is_among(name.substr(dot), kCompiled)) return false;
  return any_runs(command, path, 0);
}

std::vector<std::string> with_recipes(
    std::vector<std::string> commands,
    const std::function<std::optional<std::string>(const std::string&)>& read) {
  const auto any_says = [&commands](std::string_view program) {
    return std::ranges::any_of(commands, [program](const auto& command) {
      return command.find(program) != std::string::npos;
    });
  };
  std::vector<std::string> more;
  if (any_says("make")) {
    for (const char* path : {"GNUmakefile", "makefile", "Makefile"}) {
      const auto text = read(path);
      if (!text) continue;
      const std::string rules = test_rules(*text);
      for (const auto line : lines(rules)) {
        const auto start = line.find_first_not_of("\t@-");
        if (line.starts_with('\t') && start != std::string_view::npos)
          more.push_back(trimmed(line.substr(start)));
      }
      break;
    }
  }
  if (any_says("npm") || any_says("yarn") || any_says("node --run")) {
    if (const auto text = read("package.json")) add_scripts(*text, more);
  }
  commands.insert(commands.end(), more.begin(), more.end());
  return commands;
}

}  // namespace nightjar::verify
