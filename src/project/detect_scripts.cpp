// Node packages and Python projects.
#include <array>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "project/detect.h"

namespace nightjar::project {

namespace {

// The last command of a script: what `npm test -- ...` hands its arguments to.
std::string last_command(std::string_view script) {
  size_t start = 0;
  for (std::string_view separator : {"&&", "||", ";", "|"}) {
    const auto at = script.rfind(separator);
    if (at != std::string_view::npos) start = std::max(start, at + separator.size());
  }
  return trimmed(script.substr(start));
}

// The test tool that a command starts: "cross-env A=1 npx jest --ci" is jest.
std::string tool_in(std::string_view command) {
  const auto words = split(trimmed(command), ' ');
  for (size_t i = 0; i < words.size(); ++i) {
    std::string name(base_name(words[i]));
    if (name.ends_with(".js") || name.ends_with(".mjs")) name = name.substr(0, name.rfind('.'));
    for (std::string_view tool : {"vitest", "jest", "mocha", "_mocha", "ava", "tap", "jasmine"}) {
      if (name == tool) return name == "_mocha" ? "mocha" : name;
    }
    if (name == "react-scripts" && i + 1 < words.size() && words[i + 1] == "test")
      return "react-scripts";
    if (words[i] == "--test") return "node";
    // These start other scripts, which get no arguments; "pnpm vitest" alone starts the tool
    // itself.
    const std::string next = i + 1 < words.size() ? words[i + 1] : "";
    const bool runs_scripts = name == "npm" || name == "run-s" || name == "npm-run-all" ||
                              name == "turbo" || name == "nx" || name == "lerna";
    const bool may_run_scripts = name == "yarn" || name == "pnpm" || name == "bun";
    if (runs_scripts ||
        (may_run_scripts && (next == "run" || next == "test" || next.starts_with('-'))))
      return "";
  }
  return "";
}

struct NodeCheck {
  std::string run, found;
};

// "jest && npm run lint": the arguments of `npm test` would go to the wrong command, so the script
// is written out with what makes its first command name its tests.
std::optional<NodeCheck> of_first_command(std::string_view script) {
  const auto end = script.find("&&");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string first = trimmed(script.substr(0, end));
  const std::string tool = tool_in(first);
  if (tool != "jest" && tool != "vitest") return std::nullopt;
  const bool once = tool == "jest" || contains(first, "vitest run") || contains(first, "--run");
  const std::string flags =
      tool == "jest" ? " --verbose" : (once ? "" : " --run") + std::string(" --reporter=verbose");
  return NodeCheck{"PATH=\"$PWD/node_modules/.bin:$PATH\"; export PATH; " + first + flags + " " +
                       std::string(script.substr(end)),
                   "npm package with " + tool};
}

NodeCheck of_script(std::string_view script, bool has_hooks) {
  const std::string last = last_command(script);
  const std::string tool = tool_in(last);
  if (tool.empty() && !has_hooks) {
    if (auto check = of_first_command(script)) return *check;
  }
  if (tool == "vitest") {
    const bool once = contains(last, "vitest run") || contains(last, "--run");
    return {std::string("npm test --") + (once ? "" : " --run") + " --reporter=verbose",
            "npm package with vitest"};
  }
  if (tool == "jest") return {"npm test -- --verbose", "npm package with jest"};
  if (tool == "react-scripts")
    return {"CI=true npm test -- --verbose", "npm package with jest (react-scripts)"};
  if (tool == "mocha") {
    // Other reporters may leave names out; what is given last counts.
    const bool own = contains(last, "--reporter") || contains(last, " -R ");
    return {own ? "npm test -- --reporter spec" : "npm test", "npm package with mocha"};
  }
  if (tool == "node") return {"npm test", "npm package with node's own test runner"};
  return {"npm test", tool.empty() ? "npm package with a test script" : "npm package with " + tool};
}

}  // namespace

bool detect_node(const Look& look, Config& config) {
  if (!look.has("package.json")) return false;
  const auto parsed = parse_json(look.text("package.json"));
  if (!parsed || !parsed->is_object()) return false;
  const auto& package = parsed->get_object();
  const std::string script = trimmed(get_string(get_object(package, "scripts"), "test"));
  const auto depends = [&package](std::string_view name) {
    return get_object(package, "devDependencies").contains(name) ||
           get_object(package, "dependencies").contains(name);
  };
  const bool placeholder = contains(script, "no test specified");
  NodeCheck check;
  if (!script.empty() && !placeholder) {
    const auto& scripts = get_object(package, "scripts");
    check = of_script(script, scripts.contains("pretest") || scripts.contains("posttest"));
  } else if (depends("vitest")) {
    check = {"npx vitest run --reporter=verbose", "npm package with vitest"};
  } else if (depends("jest")) {
    check = {"npx jest --verbose", "npm package with jest"};
  } else if (depends("mocha")) {
    check = {"npx mocha", "npm package with mocha"};
  } else if (look.any([](const std::string& path) {
               return !contains(path, "node_modules/") &&
                      (path.ends_with(".test.js") || path.ends_with(".test.mjs") ||
                       path.ends_with(".test.cjs"));
             })) {
    check = {"node --test", "npm package with node's own test runner"};
  } else {
    return false;
  }
  const bool needs_packages = !get_object(package, "dependencies").empty() ||
                              !get_object(package, "devDependencies").empty();
  if (needs_packages) config.share.emplace_back("node_modules");
  config.checks.push_back({"npm", std::move(check.run)});
  config.found.push_back(std::move(check.found));
  return true;
}

namespace {

constexpr size_t kMostTestsRead = 30;

bool is_python_test(std::string_view path) {
  if (contains(path, "node_modules/") || contains(path, "site-packages/")) return false;
  const auto name = base_name(path);
  return name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py") ||
                                   name == "tests.py" || name == "test.py");
}

struct PythonTests {
  std::vector<std::string> files;
  bool pytest = false;  // something only pytest understands
  bool unittest = false;
};

PythonTests look_at_tests(const Look& look) {
  PythonTests out;
  for (const auto& path : look.paths()) {
    if (base_name(path) == "conftest.py") out.pytest = true;
    if (is_python_test(path)) out.files.push_back(path);
  }
  for (size_t i = 0; i < out.files.size() && i < kMostTestsRead; ++i) {
    const std::string content = look.text(out.files[i]);
    const bool test_case = contains(content, "TestCase)");
    out.pytest = out.pytest || contains(content, "import pytest") ||
                 contains(content, "from pytest") ||
                 (!test_case && contains("\n" + content, "\ndef test"));
    out.unittest = out.unittest || test_case;
  }
  return out;
}

bool names_pytest(const Look& look) {
  if (look.has("pytest.ini") || look.has(".pytest.ini")) return true;
  for (const auto& path : look.paths()) {
    const bool requirements = path.ends_with(".txt") && contains(path, "requirements") &&
                              std::ranges::count(path, '/') <= 1;
    const bool manifest = path == "pyproject.toml" || path == "setup.cfg" || path == "setup.py" ||
                          path == "tox.ini" || path == "noxfile.py" || path == "Pipfile";
    if ((requirements || manifest) && contains(look.text(path), "pytest")) return true;
  }
  return false;
}

// "src/thing/__init__.py": without this the tests would see an installed copy, or nothing.
bool has_src_layout(const Look& look) {
  return !look.has("src/__init__.py") && look.any([](const std::string& path) {
    return path.starts_with("src/") && std::ranges::count(path, '/') == 2 &&
           path.ends_with("/__init__.py");
  });
}

std::string unittest_arguments(const Look& look, const PythonTests& tests) {
  const bool suffixed = std::ranges::none_of(
      tests.files, [](const auto& path) { return base_name(path).starts_with("test"); });
  const std::string pattern = suffixed ? " -p '*_test.py'" : "";
  for (std::string folder : {"tests", "test"}) {
    const bool below = std::ranges::any_of(
        tests.files, [&folder](const auto& path) { return path.starts_with(folder + "/"); });
    // Folders that are packages are found from the root, and their imports may need that.
    if (below && !look.has(folder + "/__init__.py")) return " -s " + folder + pattern;
  }
  return pattern;
}

}  // namespace

bool detect_python(const Look& look, Config& config) {
  const bool manifest = look.has("pyproject.toml") || look.has("setup.py") ||
                        look.has("setup.cfg") || look.has("Pipfile") ||
                        look.has("requirements.txt") || look.has("tox.ini");
  const PythonTests tests = look_at_tests(look);
  // Other languages keep helper scripts in Python; tests of those, without a manifest, are no
  // project.
  const bool only_language = config.checks.empty();
  if (tests.files.empty() || (!manifest && !only_language)) return false;
  const std::string path = has_src_layout(look) ? "PYTHONPATH=src " : "";
  if (manifest) config.share.insert(config.share.end(), {".venv", "venv"});
  if (look.has("manage.py") && !names_pytest(look) && contains(look.text("manage.py"), "django")) {
    config.checks.push_back({"python", "python3 manage.py test -v 2"});
    config.found.emplace_back("Django project");
  } else if (names_pytest(look) || tests.pytest || !tests.unittest) {
    config.checks.push_back({"python", path + "python3 -m pytest -q"});
    config.found.emplace_back("Python project with pytest");
  } else {
    config.checks.push_back(
        {"python", path + "python3 -m unittest discover -v" + unittest_arguments(look, tests)});
    config.found.emplace_back("Python project with unittest");
  }
  return true;
}

}  // namespace nightjar::project
