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

// A star stands for the note below the table.
std::string price_text(const json::object& model) {
  const auto& prices = get_object(model, "prices");
  if (prices.empty()) return "-";
  return fmt::format("${:g} / ${:g}{}", get_double(prices, "input"), get_double(prices, "output"),
                     get_string(prices, "list_of").empty() ? "" : " *");
}

std::string price_note(const json::array& models) {
  for (const auto& item : models) {
    if (!item.is_object()) continue;
    const std::string day = get_string(get_object(item.get_object(), "prices"), "list_of");
    if (!day.empty())
      return fmt::format(
          "\n* the vendor's list price of {}; price_input and price_output in [models.NAME] of "
          "config.toml count more\n",
          inert(day));
  }
  return "";
}

std::string problems(const json::array& models) {
  std::string out;
  for (const auto& problem : problems_of_models(models)) out += inert(problem) + "\n";
  return out;
}

int list(const Context& context) {
  const json::value answer = context.service().get("/models");
  if (context.json) {
    context.print_json(answer);
    return kDone;
  }
  const json::array models = answer.is_array() ? answer.get_array() : json::array{};
  const std::string wrong = problems(models);
  std::vector<std::vector<Cell>> rows;
  for (const auto& item : models) {
    if (!item.is_object() || !get_string(item.get_object(), "problem").empty()) continue;
    const auto& model = item.get_object();
    const bool is_default = get_bool(model, "default");
    rows.push_back({{inert(get_string(model, "name")) + (is_default ? " (default)" : ""),
                     is_default ? Tone::Strong : Tone::Plain},
                    {inert(get_string(model, "wire"))},
                    {inert(get_string(model, "key"))},
                    {price_text(model)},
                    {inert(get_string(model, "base_url"))}});
  }
  if (rows.empty() && !wrong.empty()) {
    context.print(wrong);
    return kDone;
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
                      rows) +
                price_note(models) + (wrong.empty() ? "" : "\n" + wrong));
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

struct Key {
  const char* variable;
  std::array<std::string_view, 2> vendors;  ///< before the slash of a model's name
};
constexpr std::array<Key, 3> kKeys{{{"OPENAI_API_KEY", {"openai", "chat"}},
                                    {"ANTHROPIC_API_KEY", {"anthropic", "anthropic"}},
                                    {"GEMINI_API_KEY", {"gemini", "gemini"}}}};

}  // namespace

std::vector<std::string> problems_of_models(const json::array& models) {
  std::vector<std::string> out;
  for (const auto& item : models) {
    if (!item.is_object()) continue;
    if (auto problem = get_string(item.get_object(), "problem"); !problem.empty())
      out.push_back(std::move(problem));
  }
  return out;
}

std::string changed_config(const Client& client) {
  const auto health = client.health();
  const std::string file = health ? get_string(*health, "config_changed") : "";
  if (file.empty()) return "";
  return fmt::format(
      "{} was changed since the service started, which goes by the old one: nightjar stop, and it "
      "is read again with the next command (runs go on meanwhile)",
      inert(file));
}

void say_of_changed_config(const Context& context) {
  if (const std::string remark = changed_config(context.client); !remark.empty())
    context.say(remark);
}

void say_of_keys_only_here(const Context& context, std::string_view model) {
  const auto health = context.client.health();
  if (!health || !health->contains("keys")) return;
  const auto there = get_strings(*health, "keys");
  std::string missing;
  for (const auto& [variable, vendors] : kKeys) {
    const char* here = std::getenv(variable);
    const bool is_asked =
        model.empty() ||
        std::ranges::find(vendors, model.substr(0, model.find('/'))) != vendors.end();
    if (!here || !*here || !is_asked || std::ranges::find(there, variable) != there.end()) continue;
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
  say_of_changed_config(context);
  if (arguments.empty()) return list(context);
  if (arguments[0] != "test")
    throw wrong_use(fmt::format("nightjar models takes nothing, or: test [NAME]; not '{}'",
                                inert(arguments[0])));
  return test(context, arguments.size() > 1 ? arguments[1] : "");
}

}  // namespace nightjar::cli
