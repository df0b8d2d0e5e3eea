#include "verify/parts.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "verify/build_files.h"
#include "verify/changed_tests.h"
#include "verify/commands.h"
#include "verify/file_roles.h"
#include "verify/reading.h"
#include "verify/standard_names.h"

namespace nightjar::verify {

namespace {

constexpr std::array<std::string_view, 52> kLanguages{
    "py",  "pyx",    "pyi",   "js",  "jsx", "mjs", "cjs", "ts",    "tsx",  "mts",   "cts",
    "vue", "svelte", "astro", "c",   "cc",  "cpp", "cxx", "h",     "hh",   "hpp",   "hxx",
    "inl", "ipp",    "m",     "mm",  "cu",  "go",  "rs",  "java",  "kt",   "scala", "groovy",
    "clj", "rb",     "php",   "pl",  "pm",  "cs",  "fs",  "swift", "dart", "ex",    "exs",
    "erl", "hs",     "ml",    "lua", "r",   "jl",  "zig", "sh"};

// Folders of data that tests compare with, and of what others wrote.
constexpr std::array<std::string_view, 18> kNoPrograms{
    "__mocks__", "__fixtures__", "__snapshots__", "fixtures",     "fixture",  "expected",
    "golden",    "goldens",      "snapshots",     "test_data",    "testdata", "baselines",
    "vendor",    "third_party",  "third-party",   "node_modules", "mocks",    "testutil"};

// Run by a build or by a test runner, not by the program.
constexpr std::array<std::string_view, 12> kRunByTools{
    "conftest.py",   "sitecustomize.py", "usercustomize.py", "build.rs",
    "magefile.go",   "gulpfile.js",      "Gruntfile.js",     "setupTests.js",
    "setupTests.ts", "setupFile.js",     "wscript",          "karma.conf.js"};
constexpr std::array<std::string_view, 6> kRunByToolsAtTheRoot{
    "setup.py", "noxfile.py", "tasks.py", "fabfile.py", "dodo.py", "toxfile.py"};
// Of those the names that a program has as well: what else they say tells which it is.
constexpr std::string_view kTasks = "tasks.py";

bool is_among(std::string_view name, const auto& names) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view extension(std::string_view path) {
  const auto name = file_name(path);
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

std::string last_word_of(std::string_view id) {
  const auto at = id.find_last_of(":.> ");
  return std::string(at == std::string_view::npos ? id : id.substr(at + 1));
}

class Sorter {
 public:
  Sorter(const Case& input, const BaseView& base) : input_(input), base_(base) {
    for (const auto& change : input.changed) {
      if (change.status == 'A' || change.status == 'R') fresh_.insert(change.path);
      if (change.status == 'D') gone_.insert(change.path);
      if (change.status == 'R') gone_.insert(change.old_path);
    }
    commands_ = with_recipes(base.commands, base.read);
  }

  Parts run() {
    for (const auto& change : input_.changed) {
      out_[change.path] = part(change.path);
      if (change.status == 'R') out_[change.old_path] = part(change.old_path);
    }
    for (auto& [path, part] : out_)
      if (part == Part::Other) part = build_file(path);
    return std::move(out_);
  }

 private:
  const std::pair<std::string, std::string>& texts(const std::string& path) const {
    static const std::pair<std::string, std::string> none;
    const auto found = input_.contents.find(path);
    return found == input_.contents.end() ? none : found->second;
  }

  Part part(const std::string& path) {
    if (input_.unread.contains(path) || configures_tests(path) || takes_a_name(path) ||
        is_run(path))
      return Part::Other;
    const auto& [before, after] = texts(path);
    const bool among_tests = is_test_path(path) || is_taken_in_by_tests(path);
    if ((among_tests || lies_among_data(path)) && is_used_by_programs(path, before))
      return Part::Source;
    if (among_tests) return of_tests(path);
    const bool script = extension(path).empty() && before.starts_with("#!");
    if (!is_source_path(path) && !script && !is_plain_tasks(path, before)) return Part::Other;
    return holds_tests_of_the_base(path, before) || asserts_for_tests(path, before, after)
               ? Part::Other
               : Part::Source;
  }

  // A changed file beside tests that holds none of them is their helper or their data.
  Part of_tests(const std::string& path) const {
    if (gone_.contains(path)) return Part::Other;
    if (fresh_.contains(path)) return Part::NewTests;
    const auto& after = texts(path).second;
    const bool tests = is_test_name(path) || extension(path) == "t" ||
                       !look_at_tests(after).declared.empty() ||
                       after.find("main(") != std::string::npos;
    return tests ? Part::NewTests : Part::Other;
  }

  // Rust's "#[cfg(test)] mod check;" in the base: check.rs beside it, or check/mod.rs.
  bool is_taken_in_by_tests(const std::string& path) {
    if (extension(path) != "rs" || !base_.programs) return false;
    const auto name = file_name(path);
    const auto folders = split(path, '/');
    const bool of_folder = name == "mod.rs" && folders.size() > 1;
    const std::string module =
        of_folder ? folders[folders.size() - 2] : std::string(name.substr(0, name.size() - 3));
    for (const auto& [other, text] : base_.programs()) {
      if (extension(other) != "rs") continue;
      bool marked = false;
      for (const auto whole : lines(text)) {
        const std::string line = replaced(trim(whole), "pub(crate) ", "");
        if (line.ends_with("mod " + module + ";") && (marked || line.starts_with("#[cfg(test)]")))
          return true;
        if (!line.empty() && !line.starts_with("#[") && !line.starts_with("//")) marked = false;
        marked = marked || (line.starts_with("#[cfg(") && line.find("test") != std::string::npos);
      }
    }
    return false;
  }

  // A program's own tasks.py, not invoke's.
  bool is_plain_tasks(const std::string& path, std::string_view before) const {
    return path == kTasks && !fresh_.contains(path) && !before.empty() &&
           before.find("invoke") == std::string_view::npos &&
           before.find("@task") == std::string_view::npos;
  }

  // "expected/", "fixtures/": mostly data, now and then a program's own name.
  static bool lies_among_data(std::string_view path) {
    if (!is_source_path(file_name(path))) return false;
    const auto folders = split(path, '/');
    return std::ranges::any_of(folders,
                               [](const auto& folder) { return is_among(folder, kNoPrograms); });
  }

  // "spec/model.py" may be the program's own: then other parts of the program take it in, and it
  // holds no tests.
  bool is_used_by_programs(const std::string& path, std::string_view before) const {
    if (fresh_.contains(path) || gone_.contains(path) || !base_.programs || is_test_name(path) ||
        !is_source_path(file_name(path)) || before.empty())
      return false;
    const auto look = look_at_tests(before);
    if (!look.declared.empty() || !look.assertions.empty()) return false;
    const auto name = file_name(path);
    const auto stem = name.substr(0, name.rfind('.'));
    const auto folders = split(path, '/');
    const std::string& folder = folders[std::max<size_t>(folders.size(), 2) - 2];
    for (const auto& [other, text] : base_.programs()) {
      if (other == path) continue;
      for (const auto line : lines(text)) {
        const bool takes_in = line.find("import") != std::string_view::npos ||
                              line.find("require(") != std::string_view::npos ||
                              line.find("#include") != std::string_view::npos;
        if (takes_in && line.find(stem) != std::string_view::npos &&
            line.find(folder) != std::string_view::npos)
          return true;
      }
    }
    return false;
  }

  bool exists(const std::string& path) const {
    return fresh_.contains(path) || (!gone_.contains(path) && base_.read(path));
  }

  // "calc/__init__.py" beside a calc.py that stays is loaded in its place.
  bool takes_a_name(const std::string& path) const {
    if (!fresh_.contains(path)) return takes_a_runners_place(path);
    const auto has = [this](const std::string& other) { return exists(other); };
    if (takes_a_standard_name(path, has)) return true;
    constexpr std::string_view kInit = "/__init__.py";
    return path.ends_with(kInit) && exists(path.substr(0, path.size() - kInit.size()) + ".py");
  }

  bool is_run(const std::string& path) const {
    if (is_test_path(path)) return false;  // what tests are worth is seen by running them
    return std::ranges::any_of(commands_,
                               [&path](const auto& command) { return runs_file(command, path); });
  }

  // Tests that their names do not give away. Rust keeps them beside the code: those stay.
  bool holds_tests_of_the_base(const std::string& path, std::string_view before) {
    if (extension(path) == "rs") return false;
    const auto declared = look_at_tests(before).declared;
    if (declared.empty()) return false;
    if (names_.empty()) {
      for (const auto& report : input_.baseline)
        for (const auto& [test, status] : report.tests) {
          names_.insert(test);
          names_.insert(last_word_of(test));
        }
    }
    return std::ranges::any_of(declared, [this](const auto& test) {
      return names_.contains(test.text) || names_.contains(last_word_of(test.text));
    });
  }

  // An assertion of the base is gone from a function that the base's tests call for its own sake.
  bool asserts_for_tests(const std::string& path, std::string_view before,
                         std::string_view after) const {
    std::set<std::string> kept;
    for (const auto& line : look_at_tests(after).assertions) kept.insert(line.text);
    for (const auto& line : look_at_tests(before).assertions) {
      if (kept.contains(line.text)) continue;
      const std::string function = function_around(before, line.number);
      if (!function.empty() && tests_rest_on(path, function)) return true;
    }
    return false;
  }

  static std::string function_around(std::string_view text, int number) {
    std::string out;
    int at = 0;
    for (const auto whole : lines(text)) {
      if (++at > number) break;
      const std::string_view line = trim(whole);
      for (std::string_view word :
           {"def ", "function ", "func ", "fn ", "const ", "exports.", "sub "}) {
        const auto found = line.find(word);
        if (found > 20) continue;  // nowhere, or no head of a function
        const auto rest = line.substr(found + word.size());
        size_t end = 0;
        while (end < rest.size() && is_word_char(rest[end])) ++end;
        if (end > 0) out = rest.substr(0, end);
      }
    }
    return out;
  }

  bool tests_rest_on(const std::string& path, const std::string& function) const {
    if (!base_.tests) return false;
    for (const auto& [unused, text] : base_.tests()) {
      const auto stem = file_name(path).substr(0, file_name(path).rfind('.'));
      if (text.find(stem) == std::string::npos) continue;
      for (const auto whole : lines(text)) {
        const std::string_view line = trim(whole);
        const auto call = line.find(function + "(");
        const bool alone = call != std::string_view::npos &&
                           std::ranges::all_of(line.substr(0, call),
                                               [](char c) { return is_word_char(c) || c == '.'; });
        if (alone) return true;
      }
    }
    return false;
  }

  Part build_file(const std::string& path) const {
    if (!is_cmake(path) && !is_makefile(path) && file_name(path) != "meson.build")
      return Part::Other;
    const auto& [before, after] = texts(path);
    const auto named = only_names_added_files(path, before, after, [this](const std::string& file) {
      const auto found = out_.find(file);
      if (found == out_.end() || !fresh_.contains(file)) return AddedFile::None;
      if (found->second == Part::Source) return AddedFile::Source;
      return found->second == Part::NewTests ? AddedFile::Test : AddedFile::None;
    });
    if (!named) return Part::Other;
    if (named->source && named->tests) return Part::BuildBoth;
    return named->tests ? Part::NewTests : Part::Source;
  }

  const Case& input_;
  const BaseView& base_;
  std::vector<std::string> commands_;
  std::set<std::string, std::less<>> fresh_, gone_, names_;
  Parts out_;
};

}  // namespace

bool is_source_path(std::string_view path) {
  const auto name = file_name(path);
  if (!is_among(lower(extension(path)), kLanguages) || is_among(name, kRunByTools)) return false;
  if (name == path && is_among(name, kRunByToolsAtTheRoot)) return false;
  for (std::string_view part : {".config.", ".setup.", ".conf.", "-setup.", "_setup."})
    if (name.find(part) != std::string_view::npos) return false;
  for (const auto& part : split(path, '/')) {
    if (part.starts_with('.') || part.ends_with(".dist-info") || part.ends_with(".egg-info"))
      return false;
    if (is_among(part, kNoPrograms)) return false;
  }
  return true;
}

Parts parts_of(const Case& input, const BaseView& base) { return Sorter(input, base).run(); }

std::vector<core::Change> changes_of(const std::vector<core::Change>& changes, const Parts& parts,
                                     const std::function<bool(const std::string&, Part)>& wanted) {
  std::vector<core::Change> out;
  for (const auto& change : changes) {
    if (change.what != core::Change::What::Deleted) {
      const auto found = parts.find(change.path);
      if (wanted(change.path, found == parts.end() ? Part::Other : found->second))
        out.push_back(change);
      continue;
    }
    std::vector<core::Change> files;
    bool all = true;
    const std::string folder = change.path + "/";
    for (auto at = parts.lower_bound(change.path); at != parts.end(); ++at) {
      if (at->first != change.path && !at->first.starts_with(folder)) {
        if (at->first > folder && !at->first.starts_with(change.path)) break;
        continue;
      }
      if (wanted(at->first, at->second))
        files.push_back({.path = at->first, .what = core::Change::What::Deleted});
      else
        all = false;
    }
    if (all && !files.empty())
      out.push_back(change);
    else
      out.insert(out.end(), files.begin(), files.end());
  }
  return out;
}

}  // namespace nightjar::verify
