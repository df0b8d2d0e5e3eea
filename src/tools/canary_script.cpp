// JavaScript and TypeScript: node:test, Jest, Vitest, Mocha.
#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "tools/canary_search.h"

namespace nightjar::tools::canary {

namespace {

constexpr char kAnything = '\x01';  // in a title: what is known only when the tests run

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
  if (in.how == Failing::Assertion) return falsified_script(in, body);
  const std::string failure = "throw new " + call(in, "Error") + ";";
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

}  // namespace

void find_script(Search& in, std::string_view test) {
  // Vitest says in front which of several projects it is: "|app| test/app.test.ts > adds".
  if (const auto end = test.find("| ", 1); test.starts_with('|') && end != std::string_view::npos)
    test.remove_prefix(end + 2);
  const Names wanted = titles_named(in.path, test);
  std::vector<Edits> exact, by_pattern, by_variable;
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
    if (body == arguments.end()) return;
    // A table's tests: the title is a variable, and may be any of them.
    if (type_of(arguments.front()) == "identifier" || titles.back() == std::string(1, kAnything)) {
      by_variable.push_back(kind == Script::Failing ? Edits() : into_script(in, *body));
      return;
    }
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
  in.found = !exact.empty() ? exact : !by_pattern.empty() ? by_pattern : by_variable;
}

}  // namespace nightjar::tools::canary
