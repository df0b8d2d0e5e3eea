// recipes: what they say, and where the person's own would lie.
#include <fmt/core.h>

#include "base/text.h"
#include "cli/context.h"

namespace nightjar::cli {

namespace {

std::string summary(const json::array& recipes, const Context& context) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& item : recipes) {
    if (!item.is_object()) continue;
    const auto& recipe = item.get_object();
    const std::string problem = get_string(recipe, "problem");
    rows.push_back({{inert(get_string(recipe, "kind"))},
                    {!problem.empty()          ? "built in: " + inert(problem)
                     : get_bool(recipe, "own") ? "yours"
                                               : "built in",
                     problem.empty() ? Tone::Plain : Tone::Attention},
                    {inert(get_string(recipe, "file"))}});
  }
  return table(context.out, {{"KIND"}, {"FROM", 8, 1}, {"YOUR OWN", 16, 2}}, rows);
}

}  // namespace

int run_recipes(const Context& context) {
  const json::value answer = context.service().get("/recipes");
  const json::array& all = answer.is_array() ? answer.get_array() : json::array{};
  if (context.call.arguments.empty()) {
    if (context.json)
      context.print_json(answer);
    else
      context.print(summary(all, context));
    return kDone;
  }
  const std::string& kind = context.call.arguments[0];
  for (const auto& item : all) {
    if (!item.is_object() || get_string(item.get_object(), "kind") != kind) continue;
    if (context.json)
      context.print_json(item);
    else
      context.print(inert(get_string(item.get_object(), "text"), true));
    return kDone;
  }
  throw wrong_use(fmt::format("there is no kind '{}'; nightjar recipes lists them", inert(kind)));
}

}  // namespace nightjar::cli
