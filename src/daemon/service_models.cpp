// Models and recipes.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "agent/recipes.h"
#include "base/paths.h"
#include "base/text.h"
#include "daemon/answer.h"
#include "daemon/list_prices.h"
#include "daemon/local_models.h"
#include "daemon/models.h"
#include "daemon/service.h"
#include "model/client.h"

namespace nightjar::daemon {

using server::Answer;

namespace {

constexpr Millis kLongestTest = std::chrono::seconds(60);
constexpr int kTriesOfATest = 2;

const char* variable(const char* name) { return std::getenv(name); }

std::string_view key_words(const model::KeySource& key) {
  switch (key.from) {
    case model::KeySource::From::Environment:
      return "environment";
    case model::KeySource::From::File:
      return "file";
    case model::KeySource::From::Command:
      return "command";
    case model::KeySource::From::Literal:
      return "config";
    case model::KeySource::From::Nothing:
      break;
  }
  return "none";
}

}  // namespace

json::array Service::models() {
  json::array out;
  const auto other = other_server();
  const auto chosen = default_model(config_, other);
  const auto add = [&](const model::Endpoint& endpoint, std::string_view source) {
    json::object one{{"name", endpoint.name},
                     {"wire", to_string(endpoint.wire)},
                     {"model", endpoint.model},
                     {"base_url", endpoint.base_url},
                     {"key", key_words(endpoint.key)},
                     {"default", chosen && chosen->name == endpoint.name},
                     {"source", source},
                     {"problem", nullptr}};
    const auto own = config_.models.find(endpoint.name);
    const bool is_own = own != config_.models.end() && own->second.prices.known;
    if (endpoint.prices.known)
      one["prices"] =
          json::object{{"input", endpoint.prices.input},
                       {"cached", endpoint.prices.cached},
                       {"cache_write", endpoint.prices.cache_write},
                       {"output", endpoint.prices.output},
                       {"list_of", is_own ? json::value(nullptr) : json::value(kListPricesOf)}};
    else
      one["prices"] = nullptr;
    out.push_back(std::move(one));
  };
  const auto known = known_models(config_);
  for (const auto& endpoint : known)
    add(endpoint, config_.models.contains(endpoint.name) ? "config" : "environment");
  const auto is_listed = [&](const model::Endpoint& endpoint) {
    return std::ranges::find(known, endpoint.name, &model::Endpoint::name) != known.end() ||
           (other && std::ranges::find(other->names, endpoint.model) != other->names.end() &&
            endpoint.name == "chat/" + endpoint.model);
  };
  if (chosen && !is_listed(*chosen))  // `model` names it, or an address without a key
    add(*chosen, config_.model.empty() ? "environment" : "config");
  if (other) {
    model::Endpoint one = other->endpoint;
    for (const auto& name : other->names) {
      one.model = name;
      one.name = "chat/" + name;
      add(one, "environment");
    }
    one.model.clear();
    one.name = "openai/NAME, chat/NAME";
    if (other->names.empty()) add(one, "environment");
  }
  for (const auto& endpoint : local_models(model::local_servers())) {
    if (!chosen || chosen->name != endpoint.name) add(endpoint, "local");
  }
  for (const auto& trouble : model_troubles(config_)) {
    const bool is_setting = trouble.setting == "model";
    out.push_back(json::object{{"name", valid_utf8(is_setting ? trouble.model : trouble.setting)},
                               {"wire", ""},
                               {"model", ""},
                               {"base_url", ""},
                               {"key", "none"},
                               {"default", is_setting},
                               {"source", is_setting ? "config" : "environment"},
                               {"prices", nullptr},
                               {"problem", valid_utf8(trouble.problem)}});
  }
  return out;
}

json::array Service::recipes() {
  json::array out;
  for (const auto& recipe : agent::recipes(config_file().parent_path() / "recipes")) {
    out.push_back(json::object{
        {"kind", core::to_string(recipe.kind)},
        {"text", recipe.text},
        {"file", recipe.file.string()},
        {"own", recipe.own},
        {"problem",
         recipe.problem.empty() ? json::value(nullptr) : json::value(valid_utf8(recipe.problem))}});
  }
  return out;
}

Answer<json::object> Service::test_model(std::string_view name) {
  return answer([&]() -> Answer<json::object> {
    const auto endpoint = find_model(config_, name);
    if (!endpoint) return refuse(ErrorKind::Invalid, endpoint.error());
    const auto key = model::resolve_key(*endpoint, variable);
    if (!key) return refuse(ErrorKind::Denied, key.error());
    // No patience: a person waits.
    model::Client client(*endpoint, *key, {Millis(200), Millis(1000)});
    const model::Wire& wire = client.wire();
    const std::string body = model::whole_body(wire, wire.prefix(*endpoint, {}),
                                               wire.user("Answer with the single word: ready"));
    const auto begun = std::chrono::steady_clock::now();
    const model::CallHooks hooks{
        {}, {}, {}, [](const model::Waiting& waiting) { return waiting.tries >= kTriesOfATest; }};
    const model::Outcome outcome = client.call(body, hooks, in(kLongestTest), {});
    if (!outcome) {
      const auto& failure = outcome.error();
      return refuse(
          failure.kind == model::Failure::Kind::BadKey ? ErrorKind::Denied : ErrorKind::Unavailable,
          fmt::format("{} at {}: {} ({})", endpoint->name, endpoint->base_url, failure.words,
                      to_string(failure.kind)));
    }
    return json::object{
        {"name", endpoint->name},
        {"model", valid_utf8(outcome->model.empty() ? endpoint->model : outcome->model)},
        {"text", shortened(inert(outcome->text), 200)},
        {"duration_ms",
         std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun).count()},
        {"tokens", json::object{{"input", outcome->usage.input},
                                {"cached", outcome->usage.cached},
                                {"output", outcome->usage.output}}}};
  });
}

}  // namespace nightjar::daemon
