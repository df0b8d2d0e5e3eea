// models: what can be used, and one real request.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "cli/context.h"

namespace nightjar::cli {

namespace {

std::string price_text(const json::object& model) {
  const auto& prices = get_object(model, "prices");
  if (prices.empty()) return "-";
  return fmt::format("${:g} / ${:g}", get_double(prices, "input"), get_double(prices, "output"));
}

int list(const Context& context) {
  const json::value answer = context.service().get("/models");
  if (context.json) {
    context.print_json(answer);
    return kDone;
  }
  std::vector<std::vector<Cell>> rows;
  for (const auto& item : answer.is_array() ? answer.get_array() : json::array{}) {
    if (!item.is_object()) continue;
    const auto& model = item.get_object();
    rows.push_back({{inert(get_string(model, "name")),
                     get_bool(model, "default") ? Tone::Strong : Tone::Plain},
                    {inert(get_string(model, "wire"))},
                    {inert(get_string(model, "key"))},
                    {price_text(model)},
                    {inert(get_string(model, "base_url"))}});
  }
  if (rows.empty()) {
    context.print(
        "no model is reachable. Either set a key where the service starts\n"
        "(OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY, then nightjar stop),\n"
        "or describe one in config.toml:\n\n"
        "  [models.local]\n  wire = \"chat\"\n  model = \"NAME\"\n"
        "  base_url = \"http://127.0.0.1:8080/v1\"\n");
    return kDone;
  }
  context.print(table(context.out,
                      {{"MODEL"},
                       {"WIRE", 0, 2},
                       {"KEY FROM", 0, 3},
                       {"IN / OUT, PER MILLION", 0, 4},
                       {"WHERE", 16, 1}},
                      rows));
  return kDone;
}

int test(const Context& context, const std::string& name) {
  if (!context.json) context.say("asking " + (name.empty() ? "the default model" : name) + " ...");
  const json::value answer = context.service().post(
      "/models/test", json::object{{"name", valid_utf8(name)}}, Millis{90'000});
  if (context.json) {
    context.print_json(answer);
    return kDone;
  }
  const auto& model = answer.as_object();
  const auto& tokens = get_object(model, "tokens");
  context.print(fmt::format("{} answered \"{}\" in {} ({} tokens in, {} out)\n",
                            inert(get_string(model, "name")), inert(get_string(model, "text")),
                            human(Millis(get_int(model, "duration_ms"))), get_int(tokens, "input"),
                            get_int(tokens, "output")));
  return kDone;
}

// Whether the service has a model of this wire from its environment.
bool has_from_environment(const json::array& models, std::string_view wire) {
  return std::ranges::any_of(models, [wire](const json::value& item) {
    return item.is_object() && get_string(item.get_object(), "source") == "environment" &&
           get_string(item.get_object(), "wire") == wire;
  });
}

constexpr std::array<std::pair<const char*, std::string_view>, 3> kKeys{
    {{"OPENAI_API_KEY", "openai"},
     {"ANTHROPIC_API_KEY", "anthropic"},
     {"GEMINI_API_KEY", "gemini"}}};

}  // namespace

void say_of_keys_only_here(const Context& context) {
  std::string missing;
  const json::value known = context.service().get("/models");
  for (const auto& [variable, wire] : kKeys) {
    const char* here = std::getenv(variable);
    if (!here || !*here || !known.is_array()) continue;
    if (!has_from_environment(known.get_array(), wire))
      missing += (missing.empty() ? "" : ", ") + std::string(variable);
  }
  if (missing.empty()) return;
  context.say(
      fmt::format("{} is set in this shell, but the service was started without it and "
                  "gives no key to a run: nightjar stop, then assign again from here; or "
                  "put it into [models.NAME] of config.toml",
                  missing));
}

int run_models(const Context& context) {
  const auto& arguments = context.call.arguments;
  if (arguments.empty()) return list(context);
  if (arguments[0] != "test")
    throw wrong_use(fmt::format("nightjar models takes nothing, or: test [NAME]; not '{}'",
                                inert(arguments[0])));
  return test(context, arguments.size() > 1 ? arguments[1] : "");
}

}  // namespace nightjar::cli
