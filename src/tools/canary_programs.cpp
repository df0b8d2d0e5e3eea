// Programs that are their own test: their main, or the script as a whole.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "tools/canary_search.h"

namespace nightjar::tools::canary {

namespace {

Edits into_main(const Search& in) {
  TSNode body{};
  int mains = 0;
  walk(in, [&](const Path& path) {
    const TSNode node = path.back().node;
    if (path.back().type != "function_definition") return;
    if (in.of(child(child(node, "declarator"), "declarator")) != "main") return;
    body = child(node, "body");
    ++mains;
  });
  if (mains != 1) return {};
  if (in.how == Failing::Assertion) return falsified_native(in, body);
  const auto all = statements(body);
  if (all.empty() || type_of(all.back()) != "return_statement")
    return into_block(in, body, {"return 97;", "return 97;"});
  // What the return gives may be what tests: it is asked for still.
  const TSNode value = first_child(all.back());
  if (ts_node_is_null(value)) return {};
  return {{ts_node_start_byte(value), "(("}, {ts_node_end_byte(value), "), 97)"}};
}

// `sys.exit(main())`, `raise SystemExit(main())`: what is handed over is asked for still.
Edits python_end(const Search& in, TSNode block) {
  const auto all = statements(block);
  if (all.empty()) return {};
  TSNode last = all.back();
  const std::string failure = "raise " + call(in, "AssertionError");
  if (type_of(last) == "if_statement") {
    const TSNode condition = child(last, "condition");
    const bool begins = in.of(condition).find("__main__") != std::string_view::npos;
    if (begins) return python_end(in, child(last, "consequence"));
  }
  const auto indent = indentation(in, last);
  if (!indent) return {};
  const std::string gap = "\n" + *indent;
  TSNode leaving = first_child(last);
  const std::string_view said = in.of(leaving).substr(0, in.of(leaving).find('('));
  const bool leaves_by_call = type_of(last) == "expression_statement" &&
                              (said == "sys.exit" || said == "exit" || said == "quit");
  const bool runner = said == "unittest.main" || said == "pytest.main";
  if (runner) return {};
  if (leaves_by_call || type_of(last) == "raise_statement") {
    const auto arguments = type_of(leaving) == "call" ? statements(child(leaving, "arguments"))
                                                      : std::vector<TSNode>();
    std::string asked;
    if (!arguments.empty()) asked = std::string(in.of(arguments.front())) + gap;
    return {{ts_node_start_byte(last), asked + failure + gap}};
  }
  return {{ts_node_end_byte(last), gap + failure}};
}

// What runs later than the end of a script would be cut off by its failure.
bool goes_on_later(std::string_view text) {
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"async ", ".then(", "setTimeout", "setImmediate",
                                              "nextTick", "Promise", "setInterval"},
      [text](auto word) { return text.find(word) != std::string_view::npos; });
}

bool is_function(std::string_view type) {
  return type == "function_declaration" || type == "function_expression" ||
         type == "arrow_function" || type == "method_definition" ||
         type.starts_with("generator_function");
}

// Functions of assertion libraries, also where they were given a name of their own.
bool is_assertion(std::string_view name) {
  constexpr std::array<std::string_view, 14> kNames{
      "equal",        "strictEqual", "deepEqual", "deepStrictEqual", "ok",
      "match",        "rejects",     "notEqual",  "notStrictEqual",  "notDeepEqual",
      "doesNotMatch", "throws",      "fail",      "ifError"};
  return name.find("assert") != std::string_view::npos ||
         name.find("expect") != std::string_view::npos ||
         std::ranges::find(kNames, name) != kNames.end();
}

// What may end the script as failed.
bool decides(const Search& in, TSNode node) {
  const std::string_view type = type_of(node);
  if (type == "throw_statement") return true;
  if (type == "assignment_expression" || type == "augmented_assignment_expression")
    return in.of(child(node, "left")).find("exitCode") != std::string_view::npos;
  if (type != "call_expression") return false;
  const std::string_view called = in.of(child(node, "function"));
  if (called.starts_with("expect(")) return true;
  if (called.find('(') != std::string_view::npos) return false;
  return called == "process.exit" || is_assertion(called) ||
         is_assertion(called.substr(called.rfind('.') + 1));  // npos + 1 is 0
}

bool in_a_loop(const Path& path) {
  return std::ranges::any_of(path, [](const auto& frame) {
    return frame.type == "for_statement" || frame.type == "for_in_statement" ||
           frame.type == "while_statement" || frame.type == "do_statement";
  });
}

// It is called where it stands, handed to then(), or is called by its name in one place.
bool runs_once(const Search& in, const Path& to_function) {
  const TSNode function = to_function.back().node;
  const std::string_view name = in.of(child(function, "name"));
  if (!name.empty()) {
    size_t said = 0;
    walk(in, [&](const Path& path) {
      said += path.back().type == "identifier" && in.of(path.back().node) == name;
    });
    return said == 2;
  }
  for (size_t i = to_function.size() - 1; i-- > 0;) {
    const auto& frame = to_function[i];
    if (frame.type == "parenthesized_expression") continue;
    if (frame.type == "arguments") continue;
    if (frame.type != "call_expression") return false;
    const bool called = to_function[i + 1].type == "parenthesized_expression";
    return called || in.of(child(frame.node, "function")).ends_with(".then");
  }
  return false;
}

// The order of the text is that of what happens only within one function that runs once: where
// that holds all that decides, its last assertion is asked when everything else was.
Edits last_of_one_function(const Search& in) {
  TSNode function = in.root;
  bool unsure = false;
  uint32_t last = 0;
  walk(in, [&](const Path& path) {
    if (!decides(in, path.back().node)) return;
    Path around;
    for (size_t i = 0; i < path.size(); ++i) {
      const auto& frame = path[i];
      const bool passes_on = frame.type == "call_expression" && i + 1 < path.size() &&
                             path[i + 1].type == "arguments" &&
                             in.of(child(frame.node, "function")).ends_with(".catch");
      if (passes_on || frame.type == "catch_clause") return;  // only says what has failed
      if (is_function(frame.type)) around = Path(path.begin(), path.begin() + i + 1);
    }
    const TSNode own = around.empty() ? in.root : around.back().node;
    unsure = unsure || (last > 0 && own.id != function.id) || in_a_loop(path) ||
             (!around.empty() && !runs_once(in, around));
    function = own;
    last = std::max(last, ts_node_start_byte(path.back().node) + 1);
  });
  if (unsure || last == 0) return {};
  const bool whole = function.id == in.root.id;
  Edits edits = falsified_script(in, whole ? in.root : child(function, "body"));
  return edits.empty() || last - 1 > edits.front().at ? Edits() : edits;
}

Edits script_end(const Search& in) {
  const auto all = statements(in.root);
  if (all.empty() || goes_on_later(in.text)) return {};
  const TSNode last = all.back();
  const std::string failure = "throw new " + call(in, "Error") + ";";
  const TSNode called = first_child(last);
  if (type_of(last) == "expression_statement" && type_of(called) == "call_expression" &&
      in.of(child(called, "function")) == "process.exit") {
    const auto arguments = statements(child(called, "arguments"));
    const std::string asked =
        arguments.empty() ? "" : std::string(in.of(arguments.front())) + ";\n";
    return {{ts_node_start_byte(last), ";" + asked + failure + "\n"}};
  }
  return {{ts_node_end_byte(last), "\n;" + failure}};
}

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

// Whether a line of a shell's script is an assertion: it ends the script, or prints a result.
bool decides_in_shell(std::string_view line) {
  return line.starts_with("[ ") || line.find("ok") != std::string_view::npos ||
         line.find("exit") != std::string_view::npos || line.find("fail") != std::string_view::npos;
}

// The last `[ ... = word ]` asks for another word.
std::optional<std::string> other_word(std::string_view text) {
  for (size_t close = text.rfind(" ]"); close != std::string_view::npos && close > 0;
       close = text.rfind(" ]", close - 1)) {
    const std::string_view before = text.substr(0, close);
    const size_t line = text.rfind('\n', close) + 1;  // npos + 1 is 0
    if (!decides_in_shell(trim(text.substr(line, text.find('\n', close) - line)))) continue;
    const size_t start = before.rfind(' ') + 1;  // npos + 1 is 0
    std::string_view word = before.substr(start);
    const std::string_view left = trim(before.substr(0, start));
    const size_t quoted =
        word.size() > 2 && (word[0] == '"' || word[0] == '\'') && word.back() == word[0];
    if (quoted) word = word.substr(1, word.size() - 2);
    if (!is_word(word) || left.size() < 3) continue;
    std::string out(text);
    if (left.ends_with(" -eq") && word[0] >= '0' && word[0] <= '9') {
      out.replace(start + quoted, 1, word[0] == '9' ? "8" : std::string(1, word[0] + 1));
      return out;
    }
    const bool equal = (left.ends_with(" =") || left.ends_with(" ==")) && !left.ends_with("!=");
    if (!equal) continue;
    out.insert(start + quoted, "no");
    return out;
  }
  return std::nullopt;
}

}  // namespace

Edits into_program(const Search& in, syntax::Lang lang) {
  switch (syntax::family_of(lang)) {
    case syntax::Family::Native:
      return into_main(in);
    case syntax::Family::Python:
      return in.how == Failing::Assertion ? falsified_python(in, in.root) : python_end(in, in.root);
    case syntax::Family::Script:
      if (in.how == Failing::Assertion)
        return goes_on_later(in.text) ? last_of_one_function(in) : falsified_script(in, in.root);
      return script_end(in);
    default:
      return {};
  }
}

std::optional<std::string> failing_shell(std::string_view text, Failing how) {
  if (how == Failing::Assertion) return other_word(text);
  std::string out(text);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  const size_t line = out.rfind('\n') + 1;  // npos + 1 is 0
  const std::string_view last = trim(std::string_view(out).substr(line));
  if (last.starts_with("exec ") || last.ends_with('\\') || last.find("<<") != std::string::npos)
    return std::nullopt;
  if (last.starts_with("exit")) {
    out.insert(line, "exit 97\n");
    return out + "\n";
  }
  return out + "\nexit 97\n";
}

}  // namespace nightjar::tools::canary
