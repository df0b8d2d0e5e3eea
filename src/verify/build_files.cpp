#include "verify/build_files.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "verify/file_roles.h"
#include "verify/reading.h"

namespace nightjar::verify {

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::ranges::find(all, text) != all.end();
}

std::string words_in_line(const CmakeCall& call) { return call.name + " " + join(call.words, " "); }

// "VAR", where the line sets it: VAR = x, VAR += x, export VAR := x.
std::string variable_set_by(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos || line.starts_with('\t')) return "";
  std::string name = trimmed(line.substr(0, equals));
  while (!name.empty() && std::string_view(":+?!").find(name.back()) != std::string_view::npos)
    name.pop_back();
  name = trimmed(name);
  for (std::string_view word : {"export ", "override "})
    if (name.starts_with(word)) name = trimmed(name.substr(word.size()));
  const auto colon = name.rfind(':');  // "target: VAR = x"
  return colon == std::string::npos ? name : trimmed(name.substr(colon + 1));
}

// Names of a build file's line that stand for files: words without quotes and brackets.
std::vector<std::string> tokens(std::string_view line) {
  std::vector<std::string> out(1);
  for (const char c : line.substr(0, line.find('#'))) {
    if (std::string_view(" \t,'\"()[]\\").find(c) == std::string_view::npos)
      out.back() += c;
    else if (!out.back().empty())
      out.emplace_back();
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

class Additions {
 public:
  Additions(std::string_view path, const std::function<AddedFile(const std::string&)>& added)
      : folder_(path.substr(0, path.size() - file_name(path).size())), added_(added) {}

  NamedFiles named() const { return named_; }

  // All words of `before` in their order, and between them only names of added files.
  bool extends(const std::vector<std::string>& before, const std::vector<std::string>& after,
               bool also_tests) {
    size_t at = 0;
    std::vector<std::string> more;
    for (const auto& word : after) {
      if (at < before.size() && before[at] == word)
        ++at;
      else
        more.push_back(word);
    }
    return at == before.size() &&
           std::ranges::all_of(more,
                               [&](const auto& word) {
                                 const AddedFile what = file(word);
                                 return what == AddedFile::Source ||
                                        (also_tests && what == AddedFile::Test);
                               }) &&
           note(more);
  }

  // "b.c", or "b.o" that is made of it.
  AddedFile file(const std::string& word) const {
    if (const auto what = added_(folder_ + word); what != AddedFile::None) return what;
    if (!word.ends_with(".o") && !word.ends_with(".lo")) return AddedFile::None;
    const std::string stem = folder_ + word.substr(0, word.rfind('.'));
    for (const char* end : {".c", ".cc", ".cpp", ".cxx"})
      if (const auto what = added_(stem + end); what != AddedFile::None) return what;
    return AddedFile::None;
  }

  bool note(const std::vector<std::string>& words) {
    for (const auto& word : words) {
      const AddedFile what = file(word);
      named_.source = named_.source || what == AddedFile::Source;
      named_.tests = named_.tests || what == AddedFile::Test;
    }
    return true;
  }

 private:
  std::string folder_;
  const std::function<AddedFile(const std::string&)>& added_;
  NamedFiles named_;
};

class CmakeAdditions {
 public:
  CmakeAdditions(std::string_view before, Additions& additions)
      : before_(cmake_calls(before)), additions_(additions) {
    for (const auto& call : before_) known_.insert(call.words.begin(), call.words.end());
  }

  bool only(std::string_view after) {
    std::vector<CmakeCall> gone = before_, fresh;
    for (auto& call : cmake_calls(after)) {
      const auto found = std::ranges::find(gone, call);
      if (found != gone.end())
        gone.erase(found);
      else
        fresh.push_back(std::move(call));
    }
    for (const auto& call : gone)
      if (!extended(call, fresh)) return false;
    return std::ranges::all_of(fresh, [this](const auto& call) { return is_new(call); });
  }

 private:
  bool extended(const CmakeCall& call, std::vector<CmakeCall>& fresh) {
    if (call.words.empty() ||
        !is_one_of(call.name, {"add_library", "add_executable", "target_sources", "set"}))
      return false;
    const auto found = std::ranges::find_if(fresh, [&](const auto& other) {
      return other.name == call.name && other.words.front() == call.words.front() &&
             additions_.extends(call.words, other.words, false);
    });
    if (found == fresh.end()) return false;
    fresh.erase(found);
    return true;
  }

  // A target of added files, or a line about one.
  bool is_new(const CmakeCall& call) {
    if (call.words.empty()) return false;
    const std::string& target = call.words.front();
    if (is_one_of(call.name, {"add_library", "add_executable"})) {
      const std::vector<std::string> files(call.words.begin() + 1, call.words.end());
      const bool all = std::ranges::all_of(files, [this](const auto& word) {
        return is_one_of(word, {"STATIC", "SHARED", "OBJECT"}) ||
               additions_.file(word) != AddedFile::None;
      });
      if (known_.contains(target) || files.empty() || !all) return false;
      targets_.insert(target);
      return additions_.note(files);
    }
    if (call.name == "list")
      return call.words.size() > 2 && target == "APPEND" && !has(call.words[1], "CMAKE_") &&
             additions_.extends({"APPEND", call.words[1]}, call.words, false);
    if (is_one_of(call.name, {"target_link_libraries", "target_include_directories",
                              "gtest_discover_tests", "catch_discover_tests"}))
      return targets_.contains(target);
    if (call.name != "add_test") return false;
    const bool named = target == "NAME" && call.words.size() >= 4 && call.words[2] == "COMMAND";
    const size_t name = named ? 1 : 0, command = named ? 3 : 1;
    return call.words.size() > command && !known_.contains(call.words[name]) &&
           targets_.contains(call.words[command]);
  }

  std::vector<CmakeCall> before_;
  Additions& additions_;
  std::set<std::string> known_, targets_;
};

// Line by line: each that changed says what it said, and names added files.
bool lines_only_name_more(std::string_view before, std::string_view after, Additions& additions,
                          bool makefile) {
  std::multiset<std::string> held;
  for (const auto line : lines(before)) held.insert(trimmed(line));
  std::vector<std::string> fresh;
  for (const auto line : lines(after)) {
    const std::string text = trimmed(line);
    if (const auto found = held.find(text); found != held.end())
      held.erase(found);
    else if (makefile && line.starts_with('\t'))
      return false;  // a recipe
    else if (!text.empty())
      fresh.push_back(text);
  }
  for (const auto& gone : held) {
    if (gone.empty()) continue;
    const auto found = std::ranges::find_if(fresh, [&](const auto& line) {
      return additions.extends(tokens(gone), tokens(line), false);
    });
    if (found == fresh.end()) return false;
    fresh.erase(found);
  }
  return std::ranges::all_of(fresh, [&](const auto& line) {
    if (line.starts_with('#')) return true;
    auto words = tokens(line);
    if (makefile && words.size() > 2 && words[1] == "+=" &&
        !variable_set_by(line).ends_with("FLAGS"))
      words.erase(words.begin(), words.begin() + 2);
    return !words.empty() && additions.extends({}, words, true);
  });
}

}  // namespace

std::vector<CmakeCall> cmake_calls(std::string_view text) {
  std::vector<CmakeCall> out;
  std::string word;
  int depth = 0;
  bool quoted = false;
  const auto end_word = [&] {
    if (!word.empty() && depth > 0) out.back().words.push_back(word);
    if (depth > 0) word.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"')
        quoted = false;
      else
        word += c;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '(') {
      if (depth++ == 0) {
        out.push_back({lower(trimmed(word)), {}});
        word.clear();
      }
    } else if (c == ')') {
      end_word();
      if (depth > 0) --depth;
      word.clear();
    } else if (std::string_view(" \t\r\n;").find(c) != std::string_view::npos) {
      end_word();
      if (depth == 0 && c == '\n') word.clear();
    } else {
      word += c;
    }
  }
  return out;
}

std::string test_rules(std::string_view text) {
  std::string rules;
  bool inside = false;
  for (const auto& line : lines(text)) {
    if (!line.starts_with('\t'))
      inside = line.starts_with("test") || line.starts_with("check") || line.starts_with('%') ||
               line.starts_with(".DEFAULT");
    if (inside) rules += std::string(line) + "\n";
  }
  std::string variables;
  for (const auto& line : lines(text)) {
    const std::string name = variable_set_by(line);
    if (name.empty()) continue;
    const bool used = has(rules, "$(" + name + ")") || has(rules, "${" + name + "}");
    if (used || is_one_of(name, {"SHELL", ".SHELLFLAGS", "MAKEFLAGS", "PATH", "VPATH"}) ||
        has(line, "NDEBUG"))
      variables += std::string(line) + "\n";
  }
  for (const auto& line : lines(text)) {
    if (line.starts_with("include ") || line.starts_with("-include "))
      variables += std::string(line) + "\n";
  }
  return variables + rules;
}

std::string test_calls(std::string_view text) {
  std::string out;
  const auto calls = cmake_calls(text);
  std::set<std::string> tests;  // targets that are tests
  for (const auto& call : calls) {
    if (call.name == "add_test" && !call.words.empty())
      tests.insert(call.words.begin(), call.words.end());
    if (call.name.ends_with("discover_tests") && !call.words.empty())
      tests.insert(call.words.front());
  }
  for (const auto& call : calls) {
    const bool about_tests =
        has(call.name, "test") || (call.name == "set_property" && !call.words.empty() &&
                                   is_one_of(call.words.front(), {"TEST", "GLOBAL", "DIRECTORY"}));
    const bool overrides =
        is_one_of(call.name, {"function", "macro"}) && !call.words.empty() &&
        (has(lower(call.words.front()), "test") || lower(call.words.front()).starts_with("add_") ||
         lower(call.words.front()).starts_with("target_"));
    const bool makes_a_test = is_one_of(call.name, {"add_executable", "set_target_properties"}) &&
                              !call.words.empty() && tests.contains(call.words.front());
    const bool bends = std::ranges::any_of(call.words, [](const auto& word) {
      return has(word, "NDEBUG") || has(word, "EMULATOR") || has(word, "LAUNCH") ||
             has(word, "CTEST_") || word == "CMAKE_BUILD_TYPE";
    });
    if (about_tests || overrides || makes_a_test || bends) out += words_in_line(call) + "\n";
  }
  return out;
}

bool is_cmake(std::string_view path) {
  return file_name(path) == "CMakeLists.txt" || path.ends_with(".cmake");
}

bool is_makefile(std::string_view path) {
  return is_one_of(file_name(path), {"Makefile", "makefile", "GNUmakefile", "Makefile.am"}) ||
         path.ends_with(".mk");
}

bool is_c_or_cpp(std::string_view path) {
  const auto name = file_name(path);
  const auto dot = name.rfind('.');
  return dot != std::string_view::npos &&
         is_one_of(name.substr(dot), {".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp"});
}

std::optional<NamedFiles> only_names_added_files(
    std::string_view path, std::string_view before, std::string_view after,
    const std::function<AddedFile(const std::string&)>& added) {
  if (before.empty() || after.empty()) return std::nullopt;
  Additions additions(path, added);
  bool only = false;
  if (is_cmake(path))
    only = CmakeAdditions(before, additions).only(after);
  else if (is_makefile(path) || file_name(path) == "meson.build")
    only = lines_only_name_more(before, after, additions, is_makefile(path));
  return only ? std::optional(additions.named()) : std::nullopt;
}

}  // namespace nightjar::verify
