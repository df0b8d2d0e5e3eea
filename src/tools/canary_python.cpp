// unittest and pytest.
#include <algorithm>

#include "base/text.h"
#include "tools/canary_search.h"

namespace nightjar::tools::canary {

namespace {

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

Edits into_python(const Search& in, TSNode block) {
  if (in.how == Failing::Assertion) return falsified_python(in, block);
  auto body = statements(block);
  if (body.empty()) return {};
  const TSNode last = body.back();
  const bool is_left =
      leaves(in, last, {"pytest.skip", "pytest.xfail", "self.skipTest", "sys.exit"});
  const auto indent = indentation(in, is_left ? last : body.front());
  const std::string gap = indent ? "\n" + *indent : "; ";
  const std::string failure = "raise " + call(in, "AssertionError");
  if (is_left) return {{ts_node_start_byte(last), failure + gap}};
  return {{ts_node_end_byte(last), gap + failure}};
}

}  // namespace

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

}  // namespace nightjar::tools::canary
