#include "daemon/assignment.h"

#include <fmt/core.h>

#include "base/text.h"
#include "daemon/models.h"
#include "git/repository.h"

namespace nightjar::daemon {

namespace {

std::string price_trouble(const Config& config, std::string_view model) {
  const auto used = find_model(config, model);
  if (!used || used->prices.known) return "";
  return fmt::format(
      "a limit in dollars needs prices, and those of '{}' are not known: give price_input and "
      "price_output in [models.NAME] of config.toml, or use limit_tokens (--limit-tokens)",
      inert(used->name));
}

/// Who goes on where the ticket's model cannot must be known, and have prices where those count.
std::string failover_trouble(const Config& config, std::string_view model, double dollars) {
  const auto used = find_model(config, model);
  if (!used || used->failover.empty()) return "";
  const std::string whose = fmt::format("the failover of '{}'", inert(used->name));
  const auto other = find_model(config, used->failover);
  if (!other) return whose + ": " + other.error();
  if (dollars > 0 && !other->prices.known)
    return fmt::format(
        "a limit in dollars needs prices, and those of '{}', {}, are not known: give price_input "
        "and price_output in [models.NAME] of config.toml",
        inert(other->name), whose);
  return "";
}

/// The same of those that the gateway offers beside it.
std::string gateway_trouble(const Config& config, double dollars) {
  for (const auto& name : config.gateway_models) {
    const auto other = find_model(config, name);
    if (!other) return "gateway: " + other.error();
    if (const std::string why = price_trouble(config, name); dollars > 0 && !why.empty())
      return "gateway: " + why;
  }
  return "";
}

constexpr size_t kLongestBrief = size_t{1} << 20;
constexpr size_t kLongestTitle = 120;
constexpr std::int64_t kMostAttempts = 16;

std::unexpected<server::Problem> invalid(std::string detail) {
  return std::unexpected(server::Problem{ErrorKind::Invalid, std::move(detail), {}});
}

bool is_id(std::string_view text) {
  return text.size() >= 6 && text.size() <= 16 &&
         text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

std::string known_kinds() {
  return "refactor, bugfix, feature, tests, migration, docs, chore, performance";
}

}  // namespace

server::Answer<std::string> read_text(const json::object& request, std::string_view member,
                                      std::string_view what) {
  const auto* value = request.if_contains(member);
  if (value && !value->is_string()) return invalid(fmt::format("'{}' must be a string", member));
  std::string text = trimmed(get_string(request, member));
  if (text.empty())
    return invalid(
        fmt::format("the {} is empty: say what is to be done, such as \"Rename class Parser to "
                    "Reader everywhere\"",
                    what));
  if (text.size() > kLongestBrief)
    return invalid(fmt::format("the {} is longer than {}", what, human_size(kLongestBrief)));
  if (has_control_characters(text)) {
    return invalid(
        fmt::format("the {} holds control characters: {}", what, shortened(inert(text), 200)));
  }
  return text;
}

std::string spending_trouble(const Config& config, std::string_view model, double dollars) {
  for (const std::string& reason :
       {dollars > 0 ? price_trouble(config, model) : "", failover_trouble(config, model, dollars),
        gateway_trouble(config, dollars)})
    if (!reason.empty()) return reason;
  return "";
}

Choice choose_agent(const agent::Understanding& understood, std::string_view agent,
                    std::string_view model, const Config& config) {
  const bool mechanic_may = agent.empty() ? model.empty() : agent == "mechanic";
  if (mechanic_may && understood.can_do) return {"mechanic", "", ""};
  if (agent == "mechanic") return {"", "", "the mechanic cannot do this: " + understood.reason};
  const auto found = find_model(config, model);
  if (found) return {"native", found->name, ""};
  return {"", "",
          agent.empty() && model.empty()
              ? "no agent here can do this: the mechanic: " + understood.reason +
                    "; the native agent: " + found.error()
              : found.error()};
}

server::Answer<Assignment> read_assignment(const json::object& request, const Config& config) {
  Assignment out;
  core::TaskSpec& spec = out.spec;
  auto brief = read_text(request, "brief", "brief");
  if (!brief) return std::unexpected(brief.error());
  spec.brief = std::move(*brief);
  const agent::Understanding understood = agent::understand(spec.brief, {});

  out.id = get_string(request, "id");
  if (request.contains("id") && !is_id(out.id))
    return invalid("an id has 6 to 16 of the characters 0-9 and a-z");

  const std::string title = trimmed(get_string(request, "title"));
  if (has_control_characters(title))
    return invalid("the title holds control characters: " + shortened(inert(title), 200));
  spec.title = shortened(!title.empty()      ? title
                         : understood.can_do ? understood.title
                                             : spec.brief,
                         kLongestTitle);

  if (const std::string kind = get_string(request, "kind"); !kind.empty()) {
    const auto known = core::kind_from(kind);
    if (!known)
      return invalid(
          fmt::format("there is no kind '{}'; there are: {}", inert(kind), known_kinds()));
    spec.kind = *known;
  } else {
    spec.kind = understood.can_do ? understood.kind : agent::guess_kind(spec.brief);
    spec.kind_guessed = true;
  }

  const std::string agent = get_string(request, "agent");
  if (!agent.empty() && agent != "mechanic" && agent != "native") {
    return invalid(
        fmt::format("there is no agent '{}' here; there are: mechanic, native", inert(agent)));
  }
  const std::string model = get_string(request, "model");
  if (!model.empty()) {
    if (agent == "mechanic") return invalid("the mechanic needs no model");
    if (const auto known = find_model(config, model); !known) return invalid(known.error());
  }
  spec.plan_first = get_bool(request, "plan_first");
  if (spec.plan_first && agent == "mechanic")
    return invalid("the mechanic makes no plan that could wait for you; leave out --plan-first");
  // The mechanic makes none.
  const std::string wanted = spec.plan_first && agent.empty() ? "native" : agent;
  Choice choice = choose_agent(understood, wanted, model, config);
  spec.agent = std::move(choice.agent);
  spec.model = std::move(choice.model);
  out.unable = std::move(choice.unable);

  const std::int64_t attempts = get_int(request, "attempts", 1);
  if (attempts < 1 || attempts > kMostAttempts)
    return invalid(fmt::format("attempts must be from 1 to {}", kMostAttempts));
  spec.attempts = static_cast<int>(attempts);
  const std::int64_t limit = get_int(request, "limit_time_ms", 0);
  if (limit < 0) return invalid("limit_time_ms must be positive");
  spec.limits.time = Millis(limit);
  spec.limits.cost_usd = get_double(request, "limit_cost_usd");
  spec.limits.tokens = get_int(request, "limit_tokens");
  spec.limits.turns = static_cast<int>(get_int(request, "limit_turns"));
  if (spec.limits.cost_usd < 0 || spec.limits.tokens < 0 || spec.limits.turns < 0)
    return invalid("a limit must be positive");
  if (spec.agent == "native") {
    const double dollars = spec.limits.cost_usd > 0 ? spec.limits.cost_usd : config.limits.cost_usd;
    if (const std::string why = spending_trouble(config, spec.model, dollars); !why.empty())
      return invalid(why);
  }
  for (const auto& command : get_strings(request, "checks")) {
    if (trimmed(command).empty()) return invalid("a check's command is empty");
    if (has_control_characters(command))
      return invalid("a check's command holds control characters: " +
                     shortened(inert(command), 200));
    spec.check_commands.push_back(command);
  }
  spec.network_allowed = get_bool(request, "allow_network");

  const fs::path repo = get_string(request, "repo");
  if (!repo.is_absolute()) return invalid("'repo' must be an absolute path");
  const auto inspection = git::inspect(repo, get_string(request, "base"));
  if (!inspection) return invalid(inspection.error());
  spec.repo = inspection->root.string();
  spec.base = inspection->base;
  spec.base_commit = inspection->base_commit;
  spec.detached = inspection->branch.empty() && get_string(request, "base").empty();
  spec.person = inspection->person;
  out.uncommitted = inspection->uncommitted;
  return out;
}

}  // namespace nightjar::daemon
