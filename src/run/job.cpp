#include "run/job.h"

#include <cstdlib>

namespace nightjar::run {

json::object to_json(const Job& job) {
  json::object out{{"spec", core::to_json(job.spec)},
                   {"task", job.task},
                   {"run", job.run},
                   {"agent", job.agent},
                   {"brief", job.brief},
                   {"earlier", to_array(job.earlier)},
                   {"base_commit", job.base_commit},
                   {"start_commit", job.start_commit},
                   {"branch", job.branch},
                   {"expected_head", job.expected_head},
                   {"in_review", job.in_review},
                   {"publish", job.publish},
                   {"superseded", job.superseded},
                   {"network_allowed", job.network_allowed},
                   {"limits", core::to_json(job.limits)},
                   {"memory_bytes", job.memory_bytes},
                   {"disk_bytes", job.disk_bytes},
                   {"state", job.state.string()},
                   {"helper", job.helper.string()},
                   {"tool_path", job.tool_path},
                   {"home", job.home.string()},
                   {"author_name", job.author.name},
                   {"author_mail", job.author.mail},
                   {"gateway", job.gateway},
                   {"recipe", valid_utf8(job.recipe)},
                   {"resumes", job.resumes}};
  if (job.rewind_turn) out["rewind_turn"] = *job.rewind_turn;
  json::array models;
  for (const auto& model : job.gateway_models) models.push_back(model::to_json(model));
  if (!models.empty()) out["gateway_models"] = std::move(models);
  if (!job.model_trouble.empty()) out["model_trouble"] = valid_utf8(job.model_trouble);
  if (job.model) out["model"] = model::to_json(*job.model);
  if (job.failover) out["failover"] = model::to_json(*job.failover);
  return out;
}

Job job_from(const json::object& o) {
  Job job;
  job.spec = core::task_spec_from(get_object(o, "spec"));
  job.task = get_string(o, "task");
  job.run = get_string(o, "run");
  job.agent = get_string(o, "agent");
  job.brief = get_string(o, "brief");
  job.earlier = get_strings(o, "earlier");
  job.base_commit = get_string(o, "base_commit");
  job.start_commit = get_string(o, "start_commit");
  job.branch = get_string(o, "branch");
  job.expected_head = get_string(o, "expected_head");
  job.in_review = get_bool(o, "in_review");
  job.publish = get_bool(o, "publish", true);
  job.superseded = get_bool(o, "superseded");
  job.network_allowed = get_bool(o, "network_allowed");
  job.limits = core::limits_from(get_object(o, "limits"));
  job.gateway = get_bool(o, "gateway");
  job.recipe = get_string(o, "recipe");
  job.resumes = static_cast<int>(get_int(o, "resumes"));
  if (o.contains("rewind_turn")) job.rewind_turn = static_cast<int>(get_int(o, "rewind_turn"));
  if (const auto& model = get_object(o, "model"); !model.empty())
    job.model = model::endpoint_from(model);
  job.model_trouble = get_string(o, "model_trouble");
  if (const auto& model = get_object(o, "failover"); !model.empty())
    job.failover = model::endpoint_from(model);
  for (const auto& item : get_array(o, "gateway_models"))
    if (item.is_object()) job.gateway_models.push_back(model::endpoint_from(item.get_object()));
  const auto environment = [](const char* name) { return std::getenv(name); };
  for (auto* model : {&job.model, &job.failover})
    if (*model) model::take_back(**model, environment);
  for (auto& model : job.gateway_models) model::take_back(model, environment);
  job.memory_bytes = static_cast<std::uint64_t>(get_int(o, "memory_bytes"));
  job.disk_bytes = static_cast<std::uint64_t>(get_int(o, "disk_bytes"));
  job.state = get_string(o, "state");
  job.helper = get_string(o, "helper");
  job.tool_path = get_string(o, "tool_path");
  job.home = get_string(o, "home");
  job.author.name = get_string(o, "author_name", job.author.name);
  job.author.mail = get_string(o, "author_mail", job.author.mail);
  return job;
}

}  // namespace nightjar::run
