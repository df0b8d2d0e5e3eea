#include "tools/canary_search.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace nightjar::tools::canary {

TSNode child(TSNode node, std::string_view field) {
  return ts_node_is_null(node) ? node : syntax::child(node, field);
}

TSNode first_child(TSNode node) {
  return ts_node_is_null(node) ? node : ts_node_named_child(node, 0);
}

std::string call(const Search& in, std::string_view function) {
  return std::string(function) + "(\"" + in.why + "\")";
}

bool ends_with(const Names& all, const Names& end) {
  return end.size() <= all.size() && std::equal(end.rbegin(), end.rend(), all.rbegin());
}

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

std::optional<std::string> indentation(const Search& in, TSNode node) {
  const size_t begin = ts_node_start_byte(node);
  const size_t line = begin == 0 ? 0 : in.text.rfind('\n', begin - 1) + 1;  // npos + 1 is 0
  const std::string_view before = in.text.substr(line, begin - line);
  return trim(before).empty() ? std::optional(std::string(before)) : std::nullopt;
}

std::string package_of(const Search& in) {
  for (const TSNode node : statements(in.root)) {
    if (type_of(node).starts_with("package_")) return std::string(in.of(first_child(node)));
  }
  return "";
}

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

Edits into_block(const Search& in, TSNode block, const Failure& failure) {
  if (ts_node_is_null(block)) return {};
  const auto body = statements(block);
  if (body.empty()) return {{ts_node_start_byte(block) + 1, " " + failure.statement + " "}};
  const TSNode last = body.back();
  const auto indent = indentation(in, last);
  const std::string gap = indent ? "\n" + *indent : " ";
  const bool value = failure.last_is_value && (type_of(last) != "expression_statement" ||
                                               in.text[ts_node_end_byte(last) - 1] != ';');
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

}  // namespace nightjar::tools::canary
