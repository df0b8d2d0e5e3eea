// Go, Rust, C++ and Java, where a compiler must take the failure as well.
#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "tools/canary_search.h"

namespace nightjar::tools::canary {

// --- Go

namespace {

Edits into_go(const Search& in, TSNode function) {
  const auto parameters = statements(child(function, "parameters"));
  const std::string t(parameters.empty() ? "" : in.of(child(parameters.front(), "name")));
  const std::string failure = call(in, t.empty() || t == "_" ? "panic" : t + ".Fatal");
  return into_block(
      in, child(function, "body"),
      {failure, failure, {"panic", "os.Exit", t + ".Skip", t + ".SkipNow", t + ".Fuzz"}, true});
}

// What runs a subtest: the one function given to Run, or the one with its name; else the test.
TSNode go_subtest(const Search& in, TSNode function, std::string_view name) {
  std::vector<TSNode> all, by_name;
  syntax::walk_all(function, [&](const Path& path) {
    const TSNode node = path.back().node;
    const std::string_view called = in.of(child(child(node, "function"), "field"));
    if (path.back().type == "call_expression" && (called == "Run" || called == "Fuzz")) {
      const auto arguments = statements(child(node, "arguments"));
      if (!arguments.empty() && type_of(arguments.back()) == "func_literal") {
        all.push_back(arguments.back());
        const std::string title = replaced(in.of(arguments.front()), " ", "_");
        if (title == "\"" + std::string(name) + "\"") by_name.push_back(arguments.back());
      }
      return false;
    }
    return path.size() < kDeepest;
  });
  if (by_name.size() == 1) return by_name.front();
  return all.size() == 1 ? all.front() : function;
}

// The package of "example.com/calc.TestAdd" against the file's folder, or its package clause.
bool go_package_fits(const Search& in, std::string_view package) {
  Names parts = split_by(package, "/");
  if (parts.size() > 1 && parts.back().size() > 1 && parts.back()[0] == 'v' &&
      std::isdigit(static_cast<unsigned char>(parts.back()[1])))
    parts.pop_back();
  const Names folder = components(in.path);
  if (package.empty() || (folder.size() > 1 && folder[folder.size() - 2] == parts.back()))
    return true;
  std::string clause = package_of(in);
  if (clause.ends_with("_test")) clause.resize(clause.size() - 5);
  if (folder.size() > 1) return false;
  return clause == "main" || replaced(parts.back(), "-", "").find(clause) != std::string::npos;
}

}  // namespace

void find_go(Search& in, std::string_view test) {
  if (in.how == Failing::Assertion) return;
  for (const TSNode node : statements(in.root)) {
    if (type_of(node) != "function_declaration") continue;
    const std::string_view name = in.of(child(node, "name"));
    if (!name.starts_with("Test") && !name.starts_with("Fuzz") && !name.starts_with("Example"))
      continue;
    for (size_t at = test.find(name); at != std::string_view::npos; at = test.find(name, at + 1)) {
      const size_t end = at + name.size();
      const bool starts = at == 0 || test[at - 1] == '.' || test[at - 1] == '/';
      if (!starts || (end < test.size() && test[end] != '/')) continue;
      if (!go_package_fits(in, test.substr(0, at == 0 ? 0 : at - 1))) continue;
      const auto sub = split_by(test.substr(std::min(end + 1, test.size())), "/")[0];
      in.found.push_back(into_go(in, sub.empty() ? node : go_subtest(in, node, sub)));
      break;
    }
  }
}

// --- Rust

namespace {

std::string rust_attributes(const Search& in, TSNode function) {
  std::string out;
  for (TSNode node = ts_node_prev_named_sibling(function); !ts_node_is_null(node);
       node = ts_node_prev_named_sibling(node)) {
    const std::string_view type = type_of(node);
    if (type != "attribute_item" && type.find("comment") == std::string_view::npos) break;
    if (type == "attribute_item") out += in.of(node);
  }
  return out;
}

// The modules that the file's place gives: src/a/b.rs is a::b, tests/it.rs is the crate `it`.
Names rust_modules(std::string_view path, bool& integration) {
  const Names parts = components(path);
  auto from = std::find(parts.rbegin(), parts.rend(), "src");
  if (from == parts.rend()) from = std::find(parts.rbegin(), parts.rend(), "tests");
  integration = from != parts.rend() && *from == "tests";
  Names out(from == parts.rend() ? std::prev(parts.end()) : from.base(), parts.end());
  if (out.empty() || out.front() == "bin") return {};
  const bool is_crate = integration && out.size() == 1;
  if (!is_crate && (out.back() == "mod" || out.back() == "lib" || out.back() == "main"))
    out.pop_back();
  return out;
}

bool rust_name_fits(const Search& in, const Names& test, const Names& inside) {
  if (!ends_with(test, inside)) return false;
  bool integration = false;
  const Names modules = rust_modules(in.path, integration);
  const Names before(test.begin(), test.end() - static_cast<std::ptrdiff_t>(inside.size()));
  if (before == modules || (integration && before.empty())) return true;
  return !integration && before.size() == modules.size() + 1 && ends_with(before, modules);
}

Edits into_rust(const Search& in, TSNode function) {
  if (in.how == Failing::Assertion) return falsified_rust(in, child(function, "body"));
  const std::string failure = call(in, "panic!") + ";";
  const bool gives = !ts_node_is_null(child(function, "return_type"));
  return into_block(in, child(function, "body"),
                    {failure, "if true { " + failure + " }", {}, false, gives});
}

}  // namespace

void find_rust(Search& in, std::string_view test) {
  const Names wanted = split_by(test, "::");
  const Names outer(wanted.begin(), wanted.end() - 1);  // of a case: the function
  walk(in, [&](const Path& path) {
    if (path.back().type != "function_item") return;
    Names inside;
    for (const auto& frame : path) {
      if (frame.type == "mod_item" || frame.type == "function_item")
        inside.emplace_back(in.of(child(frame.node, "name")));
    }
    const std::string marks = rust_attributes(in, path.back().node);
    const bool cases =
        marks.find("test_case") != std::string::npos || marks.find("rstest") != std::string::npos;
    if (marks.find("test") == std::string::npos) return;
    if (!rust_name_fits(in, wanted, inside) && !(cases && rust_name_fits(in, outer, inside)))
      return;
    const bool may_fail = marks.find("should_panic") != std::string::npos;
    in.found.push_back(may_fail ? Edits() : into_rust(in, path.back().node));
  });
}

// --- C++: GoogleTest, and Catch2 or doctest

namespace {

// "Suite.Name", "Instance/Suite.Name/0", "Suite/0.Name"
bool gtest_name_fits(std::string_view test, std::string_view suite, std::string_view name) {
  const auto dot = test.find('.');
  if (dot == std::string_view::npos) return false;
  const Names suites = split_by(test.substr(0, dot), "/");
  return split_by(test.substr(dot + 1), "/").front() == name &&
         std::ranges::find(suites, suite) != suites.end();
}

}  // namespace

void find_native(Search& in, std::string_view test) {
  const auto put = [&in](TSNode block, const std::string& failure) {
    if (in.how == Failing::Assertion) return in.found.push_back(falsified_native(in, block));
    const Names leaving{"GTEST_SKIP", "SKIP", "std::exit", "exit"};
    in.found.push_back(into_block(in, block, {failure, failure, leaving}));
  };
  walk(in, [&](const Path& path) {
    const TSNode node = path.back().node;
    if (path.back().type == "function_definition") {
      const TSNode head = child(node, "declarator");
      const std::string_view macro = in.of(child(head, "declarator"));
      const auto names = statements(child(head, "parameters"));
      if ((macro.starts_with("TEST") || macro.starts_with("TYPED_TEST")) && names.size() == 2 &&
          gtest_name_fits(test, in.of(names[0]), in.of(names[1])))
        put(child(node, "body"), "FAIL() << \"" + in.why + "\";");
      return;
    }
    // TEST_CASE("title") is read as a call, with its body behind it.
    if (path.back().type != "expression_statement") return;
    const TSNode called = first_child(node);
    const TSNode block = ts_node_next_named_sibling(node);
    if (in.of(child(called, "function")) != "TEST_CASE" || type_of(block) != "compound_statement")
      return;
    const auto arguments = statements(child(called, "arguments"));
    if (arguments.empty() || type_of(arguments.front()) != "string_literal") return;
    const std::string_view quoted = in.of(arguments.front());
    const std::string title(quoted.substr(1, quoted.size() - 2));
    if (test != title && !test.ends_with("." + title) && !test.starts_with(title + "/")) return;
    const bool may_fail = in.of(called).find("fail]") != std::string_view::npos;
    put(may_fail ? TSNode{} : block, call(in, "FAIL") + ";");
  });
}

// --- Java

void find_java(Search& in, std::string_view test) {
  if (in.how == Failing::Assertion) return;
  const std::string package = package_of(in);
  // "x.ParserTest$Deep.down(String)[1]", "x.ParserTest.reads()"
  const std::string wanted = replaced(test.substr(0, test.find_first_of("([{ ")), "$", ".");
  walk(in, [&](const Path& path) {
    if (path.back().type != "method_declaration") return;
    Names names;
    if (!package.empty()) names.push_back(package);
    for (const auto& frame : path) {
      if (frame.type == "class_declaration" || frame.type == "method_declaration")
        names.emplace_back(in.of(child(frame.node, "name")));
    }
    if (join(names, ".") != wanted) return;
    const TSNode first = first_child(path.back().node);
    const std::string_view marks = type_of(first) == "modifiers" ? in.of(first) : "";
    const bool is_test = marks.find("Test") != std::string_view::npos ||
                         in.of(child(path.back().node, "name")).starts_with("test");
    if (!is_test) return;
    const std::string failure = "throw new " + call(in, "AssertionError") + ";";
    // The compiler refuses what it sees to be out of reach, but looks into no condition.
    in.found.push_back(
        marks.find("expected") != std::string_view::npos
            ? Edits()
            : into_block(in, child(path.back().node, "body"), {failure, "if (true) " + failure}));
  });
}

}  // namespace nightjar::tools::canary
