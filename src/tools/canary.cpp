// Finds a test's body by its syntax tree, a language at a time, and puts a failure at its end.
#include "tools/canary.h"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "base/text.h"
#include "syntax/symbols.h"

namespace nightjar::tools {

namespace {

using syntax::Path;
using syntax::text_of;
using syntax::type_of;
using Names = std::vector<std::string>;

constexpr size_t kDeepest = 400;  // nested deeper, a text was not written by hand
// The parser's library cannot hold 65,536 pieces in one node, which text with errors may bring.
constexpr size_t kMostPieces = 50'000;
constexpr std::string_view kWhy = "\"this test must fail now\"";
constexpr char kAnything = '\x01';  // in a title: what is known only when the tests run

struct Insertion {
  size_t at = 0;
  std::string text;
};
using Edits = std::vector<Insertion>;

/// What a language's part looks at, and what it found. Two places are none: nobody knows which.
struct Search {
  std::string_view path, text;
  TSNode root;
  std::vector<Edits> found;

  std::string_view of(TSNode node) const { return text_of(node, text); }
};

TSNode child(TSNode node, std::string_view field) {
  return ts_node_is_null(node) ? node : syntax::child(node, field);
}

TSNode first_child(TSNode node) {
  return ts_node_is_null(node) ? node : ts_node_named_child(node, 0);
}

std::string call(std::string_view function) {
  return std::string(function) + "(" + std::string(kWhy) + ")";
}

bool ends_with(const Names& all, const Names& end) {
  return end.size() <= all.size() && std::equal(end.rbegin(), end.rend(), all.rbegin());
}

// Runners start in a folder of their own: one path may be the end of the other.
bool same_file(std::string_view path, std::string_view file) {
  take(file, "./");
  return ("/" + std::string(path)).ends_with("/" + std::string(file)) ||
         file.ends_with("/" + std::string(path));
}

Names components(std::string_view path) {
  Names out = split_by(path, "/");
  if (const auto dot = out.back().rfind('.'); dot != std::string::npos) out.back().resize(dot);
  return out;
}

// No less than the words, signs and line ends that a parser makes of it.
size_t pieces_in(std::string_view text) {
  size_t out = 3 * static_cast<size_t>(std::ranges::count(text, '\n'));
  for (size_t i = 0; i < text.size(); ++i) {
    const bool goes_on = is_word_char(text[i]) && i > 0 && is_word_char(text[i - 1]);
    out += text[i] != ' ' && !goes_on;
  }
  return out;
}

void walk(const Search& in, const std::function<void(const Path&)>& visit) {
  syntax::walk_all(in.root, [&](const Path& path) {
    visit(path);
    return path.size() < kDeepest;
  });
}

std::vector<TSNode> statements(TSNode block) {
  std::vector<TSNode> out;
  for (TSNode node = first_child(block); !ts_node_is_null(node);
       node = ts_node_next_named_sibling(node)) {
    if (type_of(node).find("comment") == std::string_view::npos) out.push_back(node);
  }
  return out;
}

// What stands before a node on its line, where that is nothing but white space.
std::optional<std::string> indentation(const Search& in, TSNode node) {
  const size_t begin = ts_node_start_byte(node);
  const size_t line = begin == 0 ? 0 : in.text.rfind('\n', begin - 1) + 1;  // npos + 1 is 0
  const std::string_view before = in.text.substr(line, begin - line);
  return trim(before).empty() ? std::optional(std::string(before)) : std::nullopt;
}

// As Go and Java name it at the top of a file.
std::string package_of(const Search& in) {
  for (const TSNode node : statements(in.root)) {
    if (type_of(node).starts_with("package_")) return std::string(in.of(first_child(node)));
  }
  return "";
}

// Nothing that follows it would run. `functions` do not come back.
bool leaves(const Search& in, TSNode statement, const Names& functions) {
  constexpr std::array<std::string_view, 4> kTypes{"return_statement", "throw_statement",
                                                   "raise_statement", "return_expression"};
  for (const TSNode node : {statement, first_child(statement)}) {
    if (std::ranges::find(kTypes, type_of(node)) != kTypes.end()) return true;
    if (type_of(statement) != "expression_statement") break;
  }
  const std::string_view called = in.of(statement).substr(0, in.of(statement).find('('));
  return !called.empty() && std::ranges::find(functions, called) != functions.end();
}

/// How a language with braces says it.
struct Failure {
  std::string statement;
  std::string before_the_end;  ///< the same where the compiler must not see what it leaves out
  Names leaving = {};          ///< functions that do not come back
  bool ends_lines = false;     ///< a line's end ends a statement, too
  bool last_is_value = false;  ///< where it is no statement, the body's last is its result
};

Edits into_block(const Search& in, TSNode block, const Failure& failure) {
  if (ts_node_is_null(block)) return {};
  const auto body = statements(block);
  if (body.empty()) return {{ts_node_start_byte(block) + 1, " " + failure.statement + " "}};
  const TSNode last = body.back();
  const auto indent = indentation(in, last);
  const std::string gap = indent ? "\n" + *indent : " ";
  const bool value = failure.last_is_value && type_of(last) != "expression_statement";
  if (value || leaves(in, last, failure.leaving)) {
    const bool open = failure.before_the_end.back() != ';' && failure.before_the_end.back() != '}';
    return {
        {ts_node_start_byte(last), failure.before_the_end + (open && !indent ? ";" : "") + gap}};
  }
  const size_t end = ts_node_end_byte(last);
  const bool closed = in.text[end - 1] == ';' ||
                      (failure.ends_lines ? indent.has_value() : in.text[end - 1] == '}');
  return {{end, (closed ? "" : ";") + gap + failure.statement}};
}

// ---- Python

// Classes and functions around a node and itself, from the outside in.
Names definitions_around(const Search& in, const Path& path) {
  Names out;
  for (const auto& frame : path) {
    if (frame.type == "class_definition" || frame.type == "function_definition")
      out.emplace_back(in.of(child(frame.node, "name")));
  }
  return out;
}

// The ways in which `test` may name something in this file: "a.py::TestX::test_y[1]",
// "package.a.TestX.test_y", "test_y (package.a.TestX)".
std::vector<Names> python_names(std::string_view path, std::string_view test) {
  if (const auto colons = test.find("::"); colons != std::string_view::npos) {
    if (!same_file(path, test.substr(0, colons))) return {};
    const auto inside = test.substr(colons + 2);
    return {split_by(inside.substr(0, std::min(inside.find('['), inside.find(" ("))), "::")};
  }
  std::string dotted(test.substr(0, std::min(test.find('['), test.find(' '))));
  if (const auto open = test.find(" ("); open != std::string_view::npos && test.ends_with(')')) {
    const auto inside = test.substr(open + 2, test.size() - open - 3);
    const std::string method = "." + dotted;
    if (inside.find('.') != std::string_view::npos)
      dotted = std::string(inside) + (inside.ends_with(method) ? "" : method);
  }
  Names parts = split_by(dotted, ".");
  Names module = components(path);
  if (module.back() == "__init__") module.pop_back();
  std::vector<Names> out;
  for (size_t n = 1; n < parts.size(); ++n) {
    const Names head(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(n));
    if (ends_with(module, head) || (n == 1 && head[0] == "__main__"))
      out.emplace_back(parts.begin() + static_cast<std::ptrdiff_t>(n), parts.end());
  }
  return out;
}

// An assertion of equality once more, against what equals nothing.
std::string unequal(const Search& in, TSNode statement) {
  const std::string nothing = "object()";
  if (type_of(statement) == "assert_statement") {
    const TSNode compared = first_child(statement);
    if (type_of(compared) != "comparison_operator" || ts_node_child_count(compared) != 3 ||
        in.of(ts_node_child(compared, 1)) != "==")
      return "";
    return "assert " + std::string(in.of(ts_node_child(compared, 0))) + " == " + nothing;
  }
  const TSNode called = first_child(statement);
  const std::string_view function = in.of(child(called, "function"));
  if (type_of(called) != "call" || !function.starts_with("self.assert") ||
      !(function.ends_with("Equal") || function.ends_with("Equals")) ||
      function.find("Not") != std::string_view::npos)
    return "";
  const auto arguments = statements(child(called, "arguments"));
  if (arguments.size() < 2 || type_of(arguments[0]) == "keyword_argument" ||
      type_of(arguments[0]).ends_with("splat"))
    return "";
  return std::string(function) + "(" + std::string(in.of(arguments[0])) + ", " + nothing + ")";
}

Edits into_python(const Search& in, TSNode block) {
  auto body = statements(block);
  if (body.empty()) return {};
  const TSNode last = body.back();
  const bool is_left =
      leaves(in, last, {"pytest.skip", "pytest.xfail", "self.skipTest", "sys.exit"});
  const auto indent = indentation(in, is_left ? last : body.front());
  const std::string gap = indent ? "\n" + *indent : "; ";
  std::string failure = "raise " + call("AssertionError");
  if (is_left) return {{ts_node_start_byte(last), failure + gap}};
  const std::string again = unequal(in, last);
  if (!again.empty()) failure = again + gap + failure;
  return {{ts_node_end_byte(last), gap + failure}};
}

void find_python(Search& in, std::string_view test) {
  const auto wanted = python_names(in.path, test);
  walk(in, [&](const Path& path) {
    if (path.back().type != "function_definition") return;
    const Names names = definitions_around(in, path);
    if (std::ranges::find(wanted, names) == wanted.end()) return;
    const TSNode around = ts_node_parent(path.back().node);
    const std::string_view head =
        type_of(around) == "decorated_definition" ? in.of(around) : std::string_view();
    const std::string_view marks = head.substr(0, head.find("def "));
    const bool may_fail = marks.find("xfail") != std::string_view::npos ||
                          marks.find("expectedFailure") != std::string_view::npos;
    in.found.push_back(may_fail ? Edits() : into_python(in, child(path.back().node, "body")));
  });
}

// ---- JavaScript and TypeScript

bool is_function(TSNode node) {
  const std::string_view type = type_of(node);
  return type == "arrow_function" || type.starts_with("function") ||
         type.starts_with("generator_function");
}

enum class Script { Other, Suite, Test, Failing };

// test(), it.only(), describe.each(...)(), t.test()
Script script_call(const Search& in, TSNode node) {
  constexpr std::array<std::string_view, 4> kSuites{"describe", "suite", "context", "fdescribe"};
  constexpr std::array<std::string_view, 4> kTests{"test", "it", "specify", "fit"};
  const auto kind = [&](std::string_view name) {
    if (std::ranges::find(kSuites, name) != kSuites.end()) return Script::Suite;
    return std::ranges::find(kTests, name) != kTests.end() ? Script::Test : Script::Other;
  };
  TSNode callee = child(node, "function");
  if (type_of(callee) == "call_expression") callee = child(callee, "function");
  bool failing = false;
  for (int i = 0; i < 4 && type_of(callee) == "member_expression"; ++i) {
    const std::string_view property = in.of(child(callee, "property"));
    failing = failing || property == "failing" || property == "fails" || property == "fail";
    if (const Script own = kind(property); own != Script::Other) return own;
    callee = child(callee, "object");
  }
  const Script own = type_of(callee) == "identifier" ? kind(in.of(callee)) : Script::Other;
  return own == Script::Test && failing ? Script::Failing : own;
}

// "adds %i", `adds ${n}`: what is filled in may be anything.
std::string title_of(const Search& in, TSNode node) {
  const std::string_view type = type_of(node);
  if (type == "identifier") return std::string(in.of(node));
  if (type != "string" && type != "template_string") return std::string(1, kAnything);
  const std::string_view quoted = in.of(node);
  const std::string_view raw = quoted.substr(1, std::max<size_t>(quoted.size(), 2) - 2);
  std::string out;
  for (size_t i = 0; i < raw.size(); ++i) {
    const char next = i + 1 < raw.size() ? raw[i + 1] : ' ';
    if (raw[i] == '\\') {
      ++i;
      out += next;
    } else if (raw[i] == '%' && std::isalpha(static_cast<unsigned char>(next))) {
      ++i;
      out += kAnything;
    } else if (raw[i] == '$' && (next == '{' || is_word_char(next))) {
      out += kAnything;
      if (next == '{')
        i = std::min(raw.find('}', i), raw.size());
      else
        while (i + 1 < raw.size() && (is_word_char(raw[i + 1]) || raw[i + 1] == '.')) ++i;
    } else {
      out += raw[i];
    }
  }
  return trimmed(out);
}

bool fits(std::string_view pattern, std::string_view text) {
  const Names pieces = split_by(pattern, std::string_view(&kAnything, 1));
  if (pieces.size() == 1) return pattern == text;
  if (!take(text, pieces.front()) || !text.ends_with(pieces.back())) return false;
  text.remove_suffix(pieces.back().size());
  for (size_t i = 1; i + 1 < pieces.size(); ++i) {
    const auto at = text.find(pieces[i]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + pieces[i].size());
  }
  return true;
}

// The name as it is and without the file that some runners put in front of it.
Names titles_named(std::string_view path, std::string_view test) {
  Names out{std::string(test)};
  const std::string_view base = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  const auto at = test.find(base);
  if (at == std::string_view::npos || !same_file(path, test.substr(0, at + base.size())))
    return out;
  std::string_view rest = test.substr(at + base.size());
  if (take(rest, " > ") || take(rest, ".")) out.emplace_back(rest);
  return out;
}

Edits into_script(const Search& in, TSNode function) {
  const TSNode body = child(function, "body");
  const std::string failure = "throw new " + call("Error") + ";";
  if (type_of(body) != "statement_block") {
    return {{ts_node_start_byte(body), "{ "}, {ts_node_end_byte(body), "; " + failure + " }"}};
  }
  // A test that ends with done() has ended then.
  TSNode parameter = child(function, "parameter");
  if (ts_node_is_null(parameter)) {
    const auto all = statements(child(function, "parameters"));
    if (!all.empty()) parameter = all.front();
  }
  const std::string_view done = in.of(parameter).substr(0, in.of(parameter).find(':'));
  return into_block(in, body, {failure, failure, {std::string(done)}, true});
}

void find_script(Search& in, std::string_view test) {
  const Names wanted = titles_named(in.path, test);
  std::vector<Edits> exact, by_pattern;
  walk(in, [&](const Path& path) {
    if (path.back().type != "call_expression") return;
    const Script kind = script_call(in, path.back().node);
    if (kind != Script::Test && kind != Script::Failing) return;
    Names titles;
    for (const auto& frame : path) {
      if (frame.type != "call_expression" || script_call(in, frame.node) == Script::Other) continue;
      const auto arguments = statements(child(frame.node, "arguments"));
      if (!arguments.empty()) titles.push_back(title_of(in, arguments.front()));
    }
    const auto arguments = statements(child(path.back().node, "arguments"));
    const auto body = std::ranges::find_if(arguments, is_function);
    if (body == arguments.end() || titles.back() == std::string(1, kAnything)) return;
    for (const std::string_view by : {" > ", " "}) {
      const std::string pattern = join(titles, by);
      if (std::ranges::none_of(wanted, [&](const auto& name) { return fits(pattern, name); }))
        continue;
      const bool open = pattern.find(kAnything) != std::string::npos;
      (open ? by_pattern : exact)
          .push_back(kind == Script::Failing ? Edits() : into_script(in, *body));
      return;
    }
  });
  in.found = exact.empty() ? by_pattern : exact;
}

// ---- Go

Edits into_go(const Search& in, TSNode function) {
  const auto parameters = statements(child(function, "parameters"));
  const std::string t(parameters.empty() ? "" : in.of(child(parameters.front(), "name")));
  const std::string failure = call(t.empty() || t == "_" ? "panic" : t + ".Fatal");
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

void find_go(Search& in, std::string_view test) {
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

// ---- Rust

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
  integration = from == parts.rend();
  if (integration) from = std::find(parts.rbegin(), parts.rend(), "tests");
  Names out(from.base(), parts.end());
  if (out.empty() || out.front() == "bin") return {};
  if (out.back() == "mod" || out.back() == "lib" || out.back() == "main") out.pop_back();
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
  const std::string failure = call("panic!") + ";";
  const bool gives = !ts_node_is_null(child(function, "return_type"));
  return into_block(in, child(function, "body"),
                    {failure, "if true { " + failure + " }", {}, false, gives});
}

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

// ---- C++: GoogleTest, and Catch2 or doctest

// "Suite.Name", "Instance/Suite.Name/0", "Suite/0.Name"
bool gtest_name_fits(std::string_view test, std::string_view suite, std::string_view name) {
  const auto dot = test.find('.');
  if (dot == std::string_view::npos) return false;
  const Names suites = split_by(test.substr(0, dot), "/");
  return split_by(test.substr(dot + 1), "/").front() == name &&
         std::ranges::find(suites, suite) != suites.end();
}

void find_native(Search& in, std::string_view test) {
  const auto put = [&in](TSNode block, const std::string& failure) {
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
        put(child(node, "body"), "FAIL() << " + std::string(kWhy) + ";");
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
    put(may_fail ? TSNode{} : block, call("FAIL") + ";");
  });
}

// ---- Java

void find_java(Search& in, std::string_view test) {
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
    const std::string failure = "throw new " + call("AssertionError") + ";";
    // The compiler refuses what it sees to be out of reach, but looks into no condition.
    in.found.push_back(
        marks.find("expected") != std::string_view::npos
            ? Edits()
            : into_block(in, child(path.back().node, "body"), {failure, "if (true) " + failure}));
  });
}

// In the order of syntax::Family.
constexpr std::array kFinders{find_python, find_script, find_native, find_go, find_java, find_rust};

}  // namespace

std::optional<std::string> with_canary(std::string_view path, std::string_view text,
                                       std::string_view test) {
  const auto lang = syntax::language_of(path);
  if (!lang || test.empty() || pieces_in(text) > kMostPieces) return std::nullopt;
  syntax::Syntax syntax;
  const syntax::Tree tree = syntax.parse_file(path, *lang, text);
  if (!tree) return std::nullopt;
  Search search{path, text, ts_tree_root_node(tree.get()), {}};
  kFinders[static_cast<size_t>(syntax::family_of(*lang))](search, test);
  if (search.found.size() != 1 || search.found.front().empty()) return std::nullopt;
  std::string out(text);
  auto& edits = search.found.front();
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) out.insert(edit->at, edit->text);
  const int before = syntax::syntax_of(syntax, path, text).errors;
  if (syntax::syntax_of(syntax, path, out).errors > before) return std::nullopt;
  return out;
}

}  // namespace nightjar::tools
