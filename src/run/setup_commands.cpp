#include "run/setup_commands.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/text.h"

namespace nightjar::run {

namespace {

using Words = std::vector<std::string>;

// By "&&", ";" and line ends; nullopt where the shell does more than run one after the other.
std::optional<std::vector<Words>> simple_commands(std::string_view line) {
  std::vector<Words> out(1);
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) out.back().push_back(word);
    word.clear();
  };
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (std::string_view("|<>$`(){}*?\\").find(c) != std::string_view::npos) return std::nullopt;
    const bool both = c == '&' && i + 1 < line.size() && line[i + 1] == '&';
    if (c == '&' && !both) return std::nullopt;
    if (both || c == ';' || c == '\n') {
      end_word();
      out.emplace_back();
      i += both;
    } else if (c == ' ' || c == '\t') {
      end_word();
    } else if (c != '\'' && c != '"') {
      word += c;
    }
  }
  end_word();
  std::erase_if(out, [](const Words& words) { return words.empty(); });
  return out;
}

bool holds(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool says_any(const project::Tree& tree, const char* path, const auto& marks) {
  const auto text = tree.read(path);
  return text && std::ranges::any_of(marks, [&text](std::string_view mark) {
           return text->find(mark) != std::string::npos;
         });
}

// Packages whose installation compiles or generates, also where it is editable.
bool python_package_is_built(const project::Tree& tree) {
  static constexpr std::array<std::string_view, 5> kSetup{"xtension", "ext_modules", "cythonize",
                                                          "cffi_modules", "cmdclass"};
  static constexpr std::array<std::string_view, 8> kProject{
      "maturin",  "scikit",      "mesonpy", "meson-python",
      "xtension", "ext-modules", "cython",  "build.hooks"};
  static constexpr std::array<std::string_view, 1> kPoetry{"[tool.poetry.build]"};
  return says_any(tree, "setup.py", kSetup) || says_any(tree, "pyproject.toml", kProject) ||
         says_any(tree, "setup.cfg", kSetup) || says_any(tree, "pyproject.toml", kPoetry);
}

bool is_local(std::string_view package) {
  return package.starts_with('.') || package.find('/') != std::string_view::npos ||
         package.find("file:") != std::string_view::npos;
}

bool names_local_packages(const project::Tree& tree, const std::string& requirements) {
  const auto text = tree.read(requirements);
  if (!text) return true;
  for (const auto whole : lines(*text)) {
    const std::string_view line = trim(whole);
    if (line.starts_with('#') || line.starts_with("--")) continue;
    if (line.starts_with('.') || line.starts_with("-r") || line.starts_with("-e") ||
        line.find("file:") != std::string_view::npos ||
        (line.find('/') != std::string_view::npos && line.find("://") == std::string_view::npos))
      return true;
  }
  return false;
}

// "pip install -e .[test] pytest": behind "install". An editable package is a link.
bool pip_only_installs(const Words& words, size_t begin, const project::Tree& tree) {
  if (begin >= words.size() || words[begin] != "install") return false;
  for (size_t i = begin + 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool more = i + 1 < words.size();
    if ((word == "-e" || word == "--editable") && more) {
      const std::string& package = words[++i];
      if ((package != "." && !package.starts_with(".[")) || python_package_is_built(tree))
        return false;
    } else if ((word == "-r" || word == "--requirement") && more) {
      if (names_local_packages(tree, words[++i])) return false;
    } else if (word.starts_with('-')) {
      if (word.starts_with("-r") || word.starts_with("-e") || word.starts_with("--editable=") ||
          word.starts_with("--requirement="))
        return false;
    } else if (is_local(word)) {
      return false;
    }
  }
  return true;
}

bool node_only_installs(const Words& words, const project::Tree& tree) {
  static constexpr std::array<std::string_view, 5> kScripts{
      "\"prepare\"", "\"postinstall\"", "\"preinstall\"", "\"install\"", "\"prepublish\""};
  // Packages within the repository have scripts of their own, or are copied.
  static constexpr std::array<std::string_view, 3> kLocal{"\"workspaces\"", "\"file:", "\"link:"};
  const std::string what = words.size() > 1 && !words[1].starts_with('-') ? words[1] : "install";
  if (what != "ci" && what != "install" && what != "i") return false;
  if (says_any(tree, "package.json", kLocal) || tree.read("pnpm-workspace.yaml") ||
      tree.read("binding.gyp"))
    return false;
  return holds(words, "--ignore-scripts") || !says_any(tree, "package.json", kScripts);
}

bool is_named(std::string_view name, std::string_view program) {
  return name.starts_with(program) &&
         name.substr(program.size()).find_first_not_of("0123456789.") == std::string_view::npos;
}

// ". .venv/bin/activate": what follows in the line finds its programs by it.
bool activates(const Words& words) {
  return (words[0] == "." || words[0] == "source") && words.size() == 2 &&
         words[1].ends_with("/bin/activate");
}

bool installs(const Words& words, const project::Tree& tree) {
  const std::string name = words[0].substr(words[0].rfind('/') + 1);
  const std::string first = words.size() > 1 ? words[1] : "",
                    second = words.size() > 2 ? words[2] : "";
  if (activates(words)) return true;
  if (name == "true" || name == "virtualenv") return true;
  if (is_named(name, "python") && first == "-m")
    return second == "venv" || (second == "pip" && pip_only_installs(words, 3, tree));
  if (is_named(name, "pip")) return pip_only_installs(words, 1, tree);
  if (name == "uv" && first == "pip") return pip_only_installs(words, 2, tree);
  if (name == "uv" && first == "venv") return true;
  if ((name == "uv" && first == "sync") ||
      ((name == "poetry" || name == "pdm" || name == "pipenv") &&
       (first == "install" || first == "sync")))
    return !python_package_is_built(tree) && !holds(words, "--no-editable");
  if (name == "npm" || name == "yarn" || name == "pnpm" || name == "bun")
    return node_only_installs(words, tree);
  return (name == "cargo" && first == "fetch") || (name == "bundle" && first == "install") ||
         (name == "go" && first == "mod" && second == "download");
}

bool by_lock_file(const Words& words) {
  const std::string name = words[0].substr(words[0].rfind('/') + 1);
  const std::string first = words.size() > 1 ? words[1] : "";
  if (name == "npm") return first == "ci";
  if (name == "uv") return first == "venv" || holds(words, "--frozen") || holds(words, "--locked");
  if (name == "yarn" || name == "pnpm" || name == "bun")
    return holds(words, "--frozen-lockfile") || holds(words, "--immutable");
  return name == "go" || (name == "cargo" && holds(words, "--locked"));
}

bool every(std::string_view command, const auto& is_so) {
  const auto commands = simple_commands(command);
  return commands && std::ranges::all_of(*commands, is_so);
}

// Where a line's second part begins: behind the last "&&" before which everything only installs. 0
// where there is none, or the shell itself is another one behind it.
size_t end_of_installing(std::string_view line, const project::Tree& tree) {
  size_t out = 0;
  if (line.find("||") != std::string_view::npos || line.find('#') != std::string_view::npos)
    return 0;
  for (size_t at = line.find("&&"); at != std::string_view::npos; at = line.find("&&", at + 2)) {
    const auto before = simple_commands(line.substr(0, at));
    const bool in_quotes = std::ranges::count(line.substr(0, at), '\'') % 2 != 0 ||
                           std::ranges::count(line.substr(0, at), '"') % 2 != 0;
    if (!before || before->empty() || in_quotes ||
        !std::ranges::all_of(*before, [&tree](const Words& words) {
          return installs(words, tree) && !activates(words);
        }))
      break;
    out = at + 2;
  }
  return out;
}

}  // namespace

bool only_installs(std::string_view command, const project::Tree& tree) {
  return every(command, [&tree](const Words& words) { return installs(words, tree); });
}

bool installs_from_lock_files(std::string_view command, const project::Tree& tree) {
  return every(command, [&tree](const Words& words) {
    return installs(words, tree) && by_lock_file(words);
  });
}

SetupParts in_parts(const std::vector<std::string>& setup, const project::Tree& tree) {
  SetupParts out;
  for (const auto& line : setup) {
    if (!out.building.empty()) {
      out.building.push_back(line);
    } else if (only_installs(line, tree)) {
      out.installing.push_back(line);
    } else {
      const size_t cut = end_of_installing(line, tree);
      if (cut) out.installing.emplace_back(trim(std::string_view(line).substr(0, cut - 2)));
      out.building.emplace_back(trim(std::string_view(line).substr(cut)));
    }
  }
  return out;
}

}  // namespace nightjar::run
