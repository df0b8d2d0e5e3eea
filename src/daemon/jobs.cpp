#include "daemon/jobs.h"

#include <utility>

#include "agent/agent.h"
#include "agent/recipes.h"
#include "base/paths.h"
#include "base/text.h"
#include "daemon/assignment.h"
#include "daemon/models.h"

namespace nightjar::daemon {

namespace {

json::object over(json::object base, const json::object& newer) {
  for (const auto& member : newer) base[member.key()] = member.value();
  return base;
}

// Handed over in a variable it would only be one that is not set.
std::string empty_key_trouble(const model::Endpoint& endpoint) {
  if (endpoint.key.from != model::KeySource::From::Literal) return "";
  const auto key = model::resolve_key(endpoint, [](const char*) { return nullptr; });
  return key ? "" : key.error();
}

// Prices may be gone since the limit was given, and it would hold no more.
std::string limit_trouble(const Config& config, const model::Endpoint& endpoint,
                          const core::Limits& limits) {
  if (limits.cost_usd <= 0) return "";
  const std::string why = spending_trouble(config, endpoint.name, limits.cost_usd);
  return why.empty() ? "" : why + "; settings are read when the service starts: nightjar stop";
}

std::string endpoint_trouble(const Config& config, const model::Endpoint& endpoint,
                             const core::Limits& limits) {
  const std::string why = empty_key_trouble(endpoint);
  return why.empty() ? limit_trouble(config, endpoint, limits) : why;
}

}  // namespace

run::Job job_for(const core::Task& task, const core::Run& run, const History& history,
                 const Config& config, const Places& places, bool network_allowed) {
  run::Job job;
  job.spec = task.spec;
  job.task = task.id;
  job.run = run.id;
  job.agent = run.agent;
  job.brief = run.brief;
  job.base_commit = run.base_commit.empty() ? task.spec.base_commit : run.base_commit;
  job.start_commit = job.base_commit;
  job.branch = "nightjar/" + task.id + "-" + slug(task.spec.title);
  for (const auto& earlier : task.runs) {
    if (earlier.id == run.id) break;
    if (earlier.branch.empty()) continue;
    job.branch = earlier.branch;
    job.expected_head = earlier.candidate;
  }
  if (task.pull_request.number != 0) {
    job.in_review = true;
    job.branch = task.pull_request.branch;
    job.expected_head = task.pull_request.head_commit;
    for (const auto& earlier : task.runs) {
      if (earlier.id == run.id) break;
      if (job.earlier.empty() || job.earlier.back() != earlier.brief)
        job.earlier.push_back(earlier.brief);
    }
    if (run.agent != "mechanic" || !agent::understand(job.brief, job.earlier).from_base)
      job.start_commit = task.pull_request.head_commit;
  }
  job.publish =
      task.spec.attempts <= 1 || run.id == history.selected || task.pull_request.number != 0;
  job.superseded =
      !history.selected.empty() && run.id != history.selected && task.pull_request.number == 0;
  job.network_allowed = task.spec.network_allowed || network_allowed;
  job.limits = task.spec.limits;
  if (!job.limits.time.count()) job.limits.time = config.limits.time;
  if (!job.limits.idle.count()) job.limits.idle = config.limits.idle;
  if (job.limits.cost_usd == 0) job.limits.cost_usd = config.limits.cost_usd;
  if (job.limits.tokens == 0) job.limits.tokens = config.limits.tokens;
  if (job.limits.turns == 0) job.limits.turns = config.limits.turns;
  job.limits = core::limits_from(over(core::to_json(job.limits), history.limits));
  if (run.agent == "native") {
    job.recipe = agent::recipe_of(task.spec.kind, config_file().parent_path() / "recipes").text;
    const std::string wanted = history.model.empty() ? task.spec.model : history.model;
    job.gateway = config.gateway;
    for (const auto& name : config.gateway_models)
      if (auto other = find_model(config, name)) job.gateway_models.push_back(std::move(*other));
    auto found = find_model(config, wanted);
    if (!found)
      job.model_trouble = found.error();
    else if (job.model_trouble = endpoint_trouble(config, *found, job.limits);
             job.model_trouble.empty())
      job.model = std::move(*found);
    if (job.model && !job.model->failover.empty())
      if (auto second = find_model(config, job.model->failover)) job.failover = std::move(*second);
  }
  job.resumes = history.resumes;
  job.rewind_turn = history.rewind_turn;
  job.memory_bytes = config.memory_bytes ? config.memory_bytes : default_memory();
  job.disk_bytes = config.disk_bytes;
  job.state = places.state;
  job.helper = places.helper;
  job.tool_path = places.tool_path;
  job.home = places.home;
  job.author = config.author;
  return job;
}

std::map<std::string, std::string> take_keys(run::Job& job) {
  std::map<std::string, std::string> out;
  const auto hand_over = [&out](model::Endpoint& model, const std::string& whose) {
    const std::string headers = "NIGHTJAR_" + whose + "_HEADERS",
                      key = "NIGHTJAR_" + whose + "_KEY";
    if (const std::string secrets = set_aside(model, headers); !secrets.empty())
      out[headers] = secrets;
    if (model.key.from != model::KeySource::From::Literal) return;
    out[key] = std::exchange(model.key.value, key);
    model.key.from = model::KeySource::From::Environment;
  };
  if (job.model) hand_over(*job.model, "MODEL");
  if (job.failover) hand_over(*job.failover, "FAILOVER");
  for (size_t i = 0; i < job.gateway_models.size(); ++i)
    hand_over(job.gateway_models[i], "GATEWAY" + std::to_string(i));
  return out;
}

}  // namespace nightjar::daemon
