// Models, and what a person says to a run that uses one.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "agent/recipes.h"
#include "base/paths.h"
#include "base/text.h"
#include "daemon/answer.h"
#include "daemon/assignment.h"
#include "daemon/list_prices.h"
#include "daemon/local_models.h"
#include "daemon/models.h"
#include "daemon/service.h"
#include "model/client.h"
#include "run/words.h"

namespace nightjar::daemon {

using core::State;
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

/// The run that a word is for: the newest one that has not ended for good.
const core::Run* open_run(const core::Task& task) {
  if (task.runs.empty() || core::is_ended(task.state)) return nullptr;
  const core::Run& run = task.runs.back();
  const bool open = run.ended == Time{} || run.state == State::Waiting;
  return open && !core::is_ended(run.state) ? &run : nullptr;
}

bool is_parked(const core::Run& run) { return run.state == State::Waiting && run.ended != Time{}; }

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
  if (chosen && !is_listed(*chosen)) add(*chosen, "config");  // its `model` names it
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

Answer<void> Service::say(const core::Task& task, std::string_view how, const json::object& body) {
  const core::Run* run = open_run(task);
  if (!run)
    return refuse(ErrorKind::Conflict,
                  fmt::format("no run of task {} is under way; nightjar request-changes starts the "
                              "next one",
                              task.id));
  if (run->agent != "native")
    return refuse(ErrorKind::Conflict,
                  fmt::format("the agent {} does not listen while it works", inert(run->agent)));
  const bool parked = is_parked(*run);
  std::string text;
  auto kind = agent::PersonsWord::Kind::Pause;
  if (how == "pause") {
    if (parked) return refuse(ErrorKind::Conflict, "the run waits already: " + run->reason);
  } else {
    auto given = read_text(body, "text", how == "tell" ? "message" : "answer");
    if (!given) return std::unexpected(given.error());
    text = std::move(*given);
    kind = how == "tell" ? agent::PersonsWord::Kind::Tell : agent::PersonsWord::Kind::Answer;
    if (how == "answer" && !parked)
      return refuse(ErrorKind::Conflict,
                    fmt::format("the run has asked nothing; nightjar tell {} reaches it", task.id));
  }
  const fs::path folder = places_.run_folder(run->id);
  fs::create_directories(folder);
  run::add_word(folder, kind, text);
  append(task.id, "told", {{"run", run->id}, {"kind", how}, {"text", text}});
  if (parked) append(task.id, "run_resumed", {{"run", run->id}});
  return {};
}

Answer<void> Service::resume(const core::Task& task, const json::object& body) {
  const core::Run* run = open_run(task);
  if (!run || !is_parked(*run))
    return refuse(ErrorKind::Conflict, fmt::format("no run of task {} waits for you{}", task.id,
                                                   run ? "" : "; nightjar retry starts another"));
  json::object event{{"run", run->id}};
  if (body.contains("rewind_turn")) {
    const std::int64_t turn = get_int(body, "rewind_turn", -1);
    if (run->agent != "native" || turn < 0 || turn > run->model.turns)
      return refuse(ErrorKind::Invalid,
                    fmt::format("there is no turn {} to go back to; the run has "
                                "made {}",
                                turn, run->model.turns));
    event["rewind_turn"] = turn;
  }
  json::object limits;
  for (const char* member : {"limit_cost_usd", "limit_tokens", "limit_turns", "limit_time_ms"}) {
    if (const auto* value = body.if_contains(member)) {
      if (!value->is_number() || value->to_number<double>() <= 0)
        return refuse(ErrorKind::Invalid, fmt::format("{} must be positive", member));
      if (std::string_view(member) == "limit_cost_usd" && run->agent == "native")
        if (const std::string why =
                spending_trouble(config_, task.spec.model, value->to_number<double>());
            !why.empty())
          return refuse(ErrorKind::Invalid, why);
      limits[std::string_view(member).substr(6)] = *value;
    }
  }
  if (!limits.empty()) event["limits"] = std::move(limits);
  append(task.id, "run_resumed", std::move(event));
  return {};
}

}  // namespace nightjar::daemon
