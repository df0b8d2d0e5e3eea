#include "run/agents_place.h"

#include <fcntl.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "proc/process.h"
#include "run/failures.h"
#include "run/words.h"

namespace nightjar::run {

namespace {

constexpr int kGatewayPort = 8756;
// In the stage's folder: the tree there is what it began with, and not a half of that.
constexpr std::string_view kReadyMark = "ready";

// One a repository, whichever run wrote it last.
fs::path known_tags(const Context& context) {
  return context.job.state / "maps" / (context.mirror.path().stem().string() + ".tags");
}

}  // namespace

void show_to_agent(const Context& context, sandbox::Policy& policy, std::string_view commit) {
  policy.programs.push_back(proc::own_executable());
  const fs::path checkout = context.mirror.checkout(checkouts_of(context.job), commit);
  const fs::path texts = checkouts_of(context.job) / (std::string(commit) + ".texts");
  if (!fs::exists(texts)) agent::write_texts(checkout, texts);
  policy.tools.push_back({checkout, fs::path(agent::kBaseFolder)});
  policy.tools.push_back({texts, fs::path(agent::kBaseTexts)});
  if (!context.job.model) return;
  policy.programs.push_back(context.job.helper.parent_path() / "nightjar-toolbox");
  const fs::path blobs = checkouts_of(context.job) / (std::string(commit) + ".blobs");
  if (!fs::exists(blobs)) write_durably(blobs, context.mirror.listing(commit));
  policy.tools.push_back({blobs, fs::path(agent::kBaseBlobs)});
  if (fs::exists(known_tags(context)))
    policy.tools.push_back({known_tags(context), fs::path(agent::kKnownTags)});
}

AgentsPlace::AgentsPlace(Context& context)
    : context_(context),
      job_(context.job),
      checkpoints_(context.job, context.mirror, context.journal) {}

std::unique_ptr<sandbox::Session> AgentsPlace::open(const agent::Agent& agent) {
  open_model(agent);
  const bool goes_on =
      agent.keeps_its_place() && !rewinds() && fs::exists(context_.stage_path("work") / kReadyMark);
  scratch_ = context_.stage_folder("work", goes_on);
  auto session = start_sandbox();
  if (!agent.keeps_its_place()) return session;
  if (!goes_on || session->tree_kind() == "overlay on tmpfs") {
    const auto commit = rewinds() ? checkpoints_.at(*job_.rewind_turn) : checkpoints_.newest();
    if (commit) session->apply(context_.mirror.changes_between(job_.start_commit, *commit));
    if (rewinds())
      context_.journal.append("rewound",
                              {{"resume", job_.resumes},
                               {"turn", *job_.rewind_turn},
                               {"commit", commit.value_or(job_.start_commit)},
                               {"plan", plan_at(context_.journal.events(), *job_.rewind_turn)}});
    context_.journal.progress("tree_ready", {{"round", context_.round}});
    write_whole(scratch_ / kReadyMark, "");
  }
  checkpoints_.begin(scratch_ / "tree", !goes_on);
  return session;
}

std::unique_ptr<sandbox::Session> AgentsPlace::start_sandbox() {
  sandbox::Policy policy = stage_policy(job_, *context_.environment, context_.mirror,
                                        job_.start_commit, scratch_, false);
  show_to_agent(context_, policy, job_.start_commit);
  // Python trusts code that it cached when the source has the same length and second; an agent
  // edits faster than that.
  policy.env["PYTHONDONTWRITEBYTECODE"] = "1";
  gateway_.reset();
  listener_.reset();
  const bool open = job_.gateway && model_;
  if (open) policy.env.merge(gateway::gateway_variables(kGatewayPort));
  auto session = context_.start_sandbox(policy);
  if (!open) return session;
  listener_ = session->listen(kGatewayPort);
  gateway_settings_ = {.upstreams = upstreams(), .record = context_.folder / "gateway"};
  return session;
}

// Anew where the agent that it was open for has come to an end, in the same sandbox.
void AgentsPlace::open_gateway() {
  if (!listener_ || gateway_) return;
  Fd listener(::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 0));
  if (!listener) throw_errno("fcntl");
  gateway_.emplace(std::move(listener), gateway_settings_, meter());
}

// The key is resolved where it is used, and kept in memory alone.
void AgentsPlace::open_model(const agent::Agent& agent) {
  if (!agent.keeps_its_place() || model_) return;
  using From = model::KeySource::From;
  const bool is_read_here =
      job_.model && (job_.model->key.from == From::File || job_.model->key.from == From::Command);
  const auto wait_for_person = [is_read_here](const std::string& why) {
    end_run(core::State::Waiting,
            why + (is_read_here ? "; then nightjar resume ID goes on"
                                : "; once config.toml or the service's variables say better: "
                                  "nightjar stop, then nightjar resume ID goes on"),
            core::WaitingFor::Person);
  };
  if (!job_.model) {
    if (!job_.model_trouble.empty()) wait_for_person(job_.model_trouble);
    return;
  }
  const auto environment = [](const char* name) { return getenv(name); };
  auto key = model::resolve_key(*job_.model, environment);
  if (!key) wait_for_person(key.error());
  model_ = agent::ModelAccess{*job_.model, std::move(*key)};
  if (!job_.failover) return;
  if (auto second = model::resolve_key(*job_.failover, environment))
    failover_ = agent::ModelAccess{*job_.failover, std::move(*second)};
  else
    context_.journal.note("no failover: " + second.error());
}

// The run's own model first: the first one of a wire answers on it.
std::vector<gateway::Upstream> AgentsPlace::upstreams() {
  std::vector<gateway::Upstream> out{{model_->endpoint, model_->key}};
  for (const auto& endpoint : job_.gateway_models) {
    auto key = model::resolve_key(endpoint, [](const char* name) { return getenv(name); });
    if (key)
      out.push_back({endpoint, std::move(*key)});
    else
      context_.journal.note("not behind the gateway: " + key.error());
  }
  return out;
}

gateway::Meter& AgentsPlace::meter() {
  if (!meter_)
    meter_.emplace(context_.folder / "gateway" / "usage.jsonl",
                   gateway::Budget{job_.limits.cost_usd, job_.limits.tokens});
  return *meter_;
}

bool AgentsPlace::rewinds() const {
  if (!job_.rewind_turn) return false;
  const auto done = context_.journal.last("rewound");
  return !done || get_int(done->body, "resume") != job_.resumes;
}

agent::Assignment AgentsPlace::assignment(sandbox::Session& session) {
  open_gateway();
  agent::Assignment out{job_.spec, job_.brief, job_.earlier};
  out.from_base = job_.start_commit == job_.base_commit;
  out.deadline = context_.stages.deadline();
  out.round = context_.round;
  out.lost = context_.stages.lost();
  out.resumes = job_.resumes;
  out.recipe = job_.recipe;
  out.keep_tags = [this](const std::string& tags) {
    fs::create_directories(known_tags(context_).parent_path());
    write_durably(known_tags(context_), tags);
  };
  out.folder = context_.folder;
  out.limits = job_.limits;
  out.limits.time = context_.stages.limit();
  out.baseline = context_.baseline;
  out.work_tree = job_.spec.repo;
  out.model = model_;
  out.failover = failover_;
  out.tell = [this](std::vector<agent::Happening> all) {
    std::vector<Draft> drafts;
    for (auto& [kind, body] : all) drafts.push_back({kind, std::move(body)});
    context_.journal.progress(std::move(drafts));
  };
  if (job_.rewind_turn) out.rewind = agent::Rewind{*job_.rewind_turn, job_.resumes};
  if (job_.gateway) {
    out.others_spent = [this](agent::Spent own) {
      meter().set_besides(own.cost_usd, own.tokens);
      const auto sum = meter().sum();
      return agent::OthersSpent{sum.usage, sum.cost_usd, sum.cost_known};
    };
    out.end_others = [this] { gateway_.reset(); };
  }
  out.tree_changed = [this](bool thoroughly) {
    return checkpoints_.changed(scratch_ / "tree", thoroughly);
  };
  out.words = [this](long after) { return read_words(context_.folder, after); };
  out.check = [this](sandbox::Session& own) {
    const auto reports = context_.checks(own, "work", &context_.baseline);
    return failures_between(context_.baseline, reports, context_.folder);
  };
  out.checkpoint = [this, &session](int turn) { return checkpoints_.keep(session, turn); };
  out.changed_paths = [this, &session] { return checkpoints_.changed_paths(session); };
  out.waited = [this](Millis waited) { context_.stages.extend(waited); };
  return out;
}

}  // namespace nightjar::run
