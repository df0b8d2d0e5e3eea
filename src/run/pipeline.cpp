#include "run/pipeline.h"

#include <algorithm>
#include <functional>
#include <future>
#include <optional>

#include "agent/agent.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/text.h"
#include "forge/local.h"
#include "forge/markdown.h"
#include "gateway/gateway.h"
#include "proc/process.h"
#include "run/baseline.h"
#include "run/change.h"
#include "run/checkpoints.h"
#include "run/checks.h"
#include "run/environment.h"
#include "run/failures.h"
#include "run/stages.h"
#include "run/words.h"
#include "verify/verify.h"

namespace nightjar::run {

namespace {

using core::State;
using core::WaitingFor;

constexpr Millis kDefaultTime = std::chrono::hours(2);
constexpr Millis kDefaultIdle = std::chrono::minutes(30);
constexpr int kGatewayPort = 8756;
constexpr std::string_view kNothingChanged = "nothing was changed: every file is as it was before";
constexpr int kMostRounds = 3;  // of work and proof: a refuted claim goes back to the agent

class Pipeline {
 public:
  Pipeline(const Job& job, fs::path folder, Journal& journal, std::stop_token stop)
      : job_(job),
        folder_(std::move(folder)),
        journal_(journal),
        stop_(std::move(stop)),
        mirror_(mirror_of(job)),
        stages_(journal, folder_ / kStagesFolder,
                job.limits.time.count() ? job.limits.time : kDefaultTime, stop_),
        checkpoints_(job, mirror_, journal) {}

  End run() {
    if (job_.superseded)
      return {State::Closed, WaitingFor::Nothing, "another attempt was selected", true};
    expect_sandbox();
    stage("prepare", [&] { return prepare(); });
    if (!environment_) load_environment();  // prepared by an earlier process of this run
    stage("baseline", [&] { return baseline(); });
    if (baseline_.empty())
      baseline_ =
          load_baseline(job_, environment_->key, environment_->config.checks).value_or(baseline_);
    json::object work_done = stage("work", [&] { return work(); });
    json::object verified = stage("verify", [&] { return verify(work_done); });
    for (round_ = 2; round_ <= kMostRounds && goes_back(verified); ++round_) {
      json::object again = stage("work", [&] { return revise(work_done); });
      if (get_bool(again, "nothing_more")) break;
      work_done = std::move(again);
      verified = stage("verify", [&] { return verify(work_done); });
    }
    round_ = 1;
    if (!job_.publish) return {State::Verifying, WaitingFor::Nothing, "", false};
    stage("publish", [&] { return publish(work_done); });
    return judged_end(verified);
  }

 private:
  // A refuted claim goes back to its agent. One that could not be proved goes back once, to an
  // agent that can write the test that is missing, where tests work at all.
  bool goes_back(const json::object& verified) const {
    const std::string verdict = get_string(verified, "verdict");
    if (verdict == "refuted") return true;
    const bool tests_work =
        std::ranges::any_of(baseline_, [](const auto& check) { return check.counts.passed > 0; });
    return verdict == "none" && job_.model && round_ == 2 && tests_work;
  }

  json::object stage(std::string_view name, const std::function<json::object()>& work) {
    return stages_.run({std::string(name), round_}, work);
  }

  SetupHooks hooks(LogFile& log) {
    return {[this](const std::string& text) { journal_.note(text); },
            [&log](std::string_view bytes) { log.add(bytes); }, stages_.deadline(), stop_};
  }

  void load_environment() {
    LogFile log(folder_ / "logs" / "setup.log");
    auto environment = prepare_environment(job_, mirror_, hooks(log));
    log.finish();
    if (!environment) end_run(State::Waiting, environment.error().reason, WaitingFor::Person);
    environment_ = std::move(*environment);
  }

  json::object prepare() {
    for (const auto& commit : {job_.base_commit, job_.start_commit}) {
      if (!mirror_.has_commit(commit)) mirror_.fetch(commit);
    }
    auto kept = std::async(std::launch::async, [this] {
      mirror_.keep("runs/" + job_.run + "/base", job_.base_commit);
    });
    mirror_.checkout(checkouts_of(job_), job_.base_commit);
    load_environment();
    kept.get();
    for (const auto& note : environment_->notes) journal_.note(note);
    json::array checks;
    for (const auto& check : environment_->config.checks) {
      checks.push_back(json::object{{"name", check.name}, {"command", check.run}});
    }
    return {{"checks", std::move(checks)},
            {"found", to_array(environment_->config.found)},
            {"setup", to_array(environment_->config.setup)}};
  }

  CheckRun check_run(std::string_view name) const {
    CheckRun out{std::string(name), round_, folder_};
    out.tree_changes = name == "work";
    out.idle = job_.limits.idle.count() ? job_.limits.idle : kDefaultIdle;
    out.deadline = stages_.deadline();
    out.stop = stop_;
    return out;
  }

  json::object baseline() {
    bool reused = true;
    auto reports = load_baseline(job_, environment_->key, environment_->config.checks);
    if (!reports) {
      reused = false;
      const fs::path scratch = stage_folder("baseline");
      const auto session = start_sandbox(
          stage_policy(job_, *environment_, mirror_, job_.base_commit, scratch, true));
      reports = run_checks(*session, environment_->config.checks, nullptr, check_run("baseline"),
                           journal_);
      session->stop();
      refuse_if_late("baseline", *reports);
      if (const auto trouble = verify::environment_trouble(*reports)) {
        end_run(State::Waiting,
                "environment not ready: " + trouble->missing + "\n" + trouble->advice,
                WaitingFor::Person);
      }
      keep_cache_tops(job_, scratch);
      save_baseline(job_, environment_->key, environment_->config.checks, *reports);
    }
    baseline_ = std::move(*reports);
    json::array checks;
    for (const auto& report : baseline_) {
      checks.push_back(
          json::object{{"name", report.name}, {"counts", core::to_json(report.counts)}});
    }
    return {{"reused", reused}, {"checks", std::move(checks)}};
  }

  void refuse_if_late(std::string_view name, const std::vector<core::CheckReport>& reports) {
    if (!stages_.late()) return;
    for (const auto& report : reports) {
      if (!report.trouble.empty()) stages_.timed_out(name);
    }
  }

  // Empty. Emptied by the runner after the run's end, and not before: some file systems (ext4) make
  // new files slowly while many others were just removed.
  fs::path stage_path(std::string_view name) const {
    return folder_ / kStagesFolder / (std::string(name) + std::to_string(round_));
  }
  fs::path stage_folder(std::string_view name, bool keep = false) const {
    const fs::path folder = stage_path(name);
    if (keep && fs::exists(folder)) return folder;
    if (!remove_tree(folder)) throw Error(ErrorKind::Internal, "cannot empty " + folder.string());
    fs::create_directories(folder);
    return folder;
  }

  /// The next sandbox comes soon: what it needs of the kernel alone can begin.
  void expect_sandbox() {
    if (!standby_) standby_ = std::make_unique<sandbox::Standby>(job_.helper, job_.memory_bytes);
  }
  std::unique_ptr<sandbox::Session> start_sandbox(const sandbox::Policy& policy) {
    return sandbox::Session::start(policy, std::move(standby_));
  }

  std::unique_ptr<sandbox::Session> agents_sandbox(const fs::path& scratch) {
    sandbox::Policy policy =
        stage_policy(job_, *environment_, mirror_, job_.start_commit, scratch, false);
    show_to_agent(policy, job_.start_commit);
    gateway_.reset();
    const bool open = job_.gateway && model_;
    if (open) policy.env.merge(gateway::gateway_variables(kGatewayPort));
    auto session = start_sandbox(policy);
    if (open)
      gateway_.emplace(session->listen(kGatewayPort),
                       gateway::Settings{.upstreams = {{model_->endpoint, model_->key}},
                                         .record = folder_ / "gateway"},
                       meter());
    return session;
  }

  /// The sandbox of an agent, with the tree as its last try left it where it can go on with that:
  /// from the folder itself, else from the newest checkpoint.
  std::unique_ptr<sandbox::Session> agents_place(const agent::Agent& agent) {
    const bool goes_on = agent.keeps_its_place() && !rewinds() && fs::exists(stage_path("work")) &&
                         journal_.last("tree_ready", "", round_);
    scratch_ = stage_folder("work", goes_on);
    auto session = agents_sandbox(scratch_);
    if (!agent.keeps_its_place()) return session;
    if (!goes_on || session->tree_kind() == "overlay on tmpfs") {
      const auto commit = rewinds() ? checkpoints_.at(*job_.rewind_turn) : checkpoints_.newest();
      if (commit) session->apply(mirror_.changes_between(job_.start_commit, *commit));
      if (rewinds())
        journal_.append("rewound", {{"resume", job_.resumes}, {"turn", *job_.rewind_turn}});
      journal_.progress("tree_ready", {{"round", round_}});
    }
    checkpoints_.begin(scratch_ / "tree", !goes_on);
    return session;
  }

  gateway::Meter& meter() {
    if (!meter_)
      meter_.emplace(folder_ / "gateway" / "usage.jsonl",
                     gateway::Budget{job_.limits.cost_usd, job_.limits.tokens});
    return *meter_;
  }

  bool rewinds() const {
    if (!job_.rewind_turn) return false;
    const auto done = journal_.last("rewound");
    return !done || get_int(done->body, "resume") != job_.resumes;
  }

  // The program itself, and the commit's files.
  void show_to_agent(sandbox::Policy& policy, std::string_view commit) {
    policy.programs.push_back(proc::own_executable());
    const fs::path checkout = mirror_.checkout(checkouts_of(job_), commit);
    const fs::path texts = checkouts_of(job_) / (std::string(commit) + ".texts");
    if (!fs::exists(texts)) agent::write_texts(checkout, texts);
    policy.tools.push_back({checkout, fs::path(agent::kBaseFolder)});
    policy.tools.push_back({texts, fs::path(agent::kBaseTexts)});
    if (!job_.model) return;
    policy.programs.push_back(job_.helper.parent_path() / "nightjar-toolbox");
    const fs::path blobs = checkouts_of(job_) / (std::string(commit) + ".blobs");
    if (!fs::exists(blobs)) write_durably(blobs, mirror_.listing(commit));
    policy.tools.push_back({blobs, fs::path(agent::kBaseBlobs)});
    if (fs::exists(known_tags()))
      policy.tools.push_back({known_tags(), fs::path(agent::kKnownTags)});
  }

  // One a repository, whichever run wrote it last.
  fs::path known_tags() const {
    return job_.state / "maps" / (mirror_.path().stem().string() + ".tags");
  }

  // The key is resolved where it is used, and kept in memory alone.
  void open_model(const agent::Agent& agent) {
    if (!job_.model || !agent.keeps_its_place() || model_) return;
    auto key = model::resolve_key(job_.model->key, [](const char* name) { return getenv(name); });
    if (!key) end_run(State::Waiting, key.error(), WaitingFor::Person);
    model_ = agent::ModelAccess{*job_.model, std::move(*key)};
    if (!job_.failover) return;
    if (auto second =
            model::resolve_key(job_.failover->key, [](const char* name) { return getenv(name); }))
      failover_ = agent::ModelAccess{*job_.failover, std::move(*second)};
    else
      journal_.note("no failover: " + second.error());
  }

  agent::Assignment assignment(sandbox::Session& session) {
    agent::Assignment out{job_.spec, job_.brief, job_.earlier};
    out.from_base = job_.start_commit == job_.base_commit;
    out.deadline = stages_.deadline();
    out.round = round_;
    out.resumes = job_.resumes;
    out.recipe = job_.recipe;
    out.keep_tags = [this](const std::string& tags) {
      fs::create_directories(known_tags().parent_path());
      write_durably(known_tags(), tags);
    };
    out.folder = folder_;
    out.limits = job_.limits;
    out.baseline = baseline_;
    out.work_tree = job_.spec.repo;
    out.model = model_;
    out.failover = failover_;
    out.event = [this](std::string_view kind, json::object body) {
      journal_.progress(kind, std::move(body));
    };
    if (job_.rewind_turn) out.rewind = agent::Rewind{*job_.rewind_turn, job_.resumes};
    if (job_.gateway)
      out.others_spent = [this](agent::Spent own) {
        meter().set_besides(own.cost_usd, own.tokens);
        const auto sum = meter().sum();
        return agent::OthersSpent{sum.usage, sum.cost_usd, sum.cost_known};
      };
    out.tree_changed = [this] { return checkpoints_.changed(scratch_ / "tree"); };
    out.words = [this](long after) { return read_words(folder_, after); };
    out.check = [this](sandbox::Session& own) {
      const auto reports =
          run_checks(own, environment_->config.checks, &baseline_, check_run("work"), journal_);
      return failures_between(baseline_, reports, folder_);
    };
    out.checkpoint = [this, &session](int turn) { checkpoints_.keep(session, turn); };
    return out;
  }

  json::object work() {
    const auto agent = agent::make_agent(job_.agent);
    if (!agent)
      end_run(State::Waiting, "there is no agent '" + inert(job_.agent) + "' here",
              WaitingFor::Person);
    open_model(*agent);
    const auto session = agents_place(*agent);
    const auto say = [this](const std::string& text) { journal_.note(text); };
    agent::WorkResult result = agent->work(assignment(*session), *session, say, stop_);
    end_unless_changed(result);
    Selection selection = changes_of(result, *session);
    if (selection.changes.empty() && agent->keeps_its_place()) {
      agent::Assignment again = assignment(*session);
      again.round = 0;
      const auto second = agent->revise(again, result, {.reason = std::string(kNothingChanged)},
                                        *session, say, stop_);
      if (second) {
        end_unless_changed(*second);
        result = *second;
        selection = changes_of(result, *session);
      }
    }
    return candidate_of(result, std::move(selection), *session);
  }

  Selection changes_of(const agent::WorkResult& result, sandbox::Session& session) {
    return select_changes(session, result, mirror_, job_.start_commit, checkouts_of(job_));
  }

  void end_unless_changed(const agent::WorkResult& result) const {
    if (stages_.late()) stages_.timed_out("work");
    switch (result.outcome) {
      case agent::Outcome::Changed:
        break;
      case agent::Outcome::CannotDo:
        end_run(State::Waiting, result.reason, WaitingFor::Person);
      case agent::Outcome::Parked:
        end_run(State::Waiting, result.reason, result.waiting_for);
      case agent::Outcome::Nothing:
        end_run(State::Failed, "nothing was changed: " + result.reason);
      case agent::Outcome::Failed:
        end_run(State::Failed, result.reason);
    }
  }

  /// The agent again, in a sandbox with its candidate and with what the checks say against it.
  json::object revise(const json::object& work_done) {
    const json::object nothing_more{{"nothing_more", true}};
    const auto proof = journal_.last("proof");
    const auto agent = agent::make_agent(job_.agent);
    if (!agent || !proof) return nothing_more;
    const agent::Failures failures = failures_of(proof->body, folder_);
    const std::string commit = get_string(work_done, "commit");
    open_model(*agent);
    const auto session = agents_place(*agent);
    if (!agent->keeps_its_place())
      session->apply(mirror_.changes_between(job_.start_commit, commit));
    auto result = agent->revise(
        assignment(*session), work_result_from(work_done), failures, *session,
        [this](const std::string& text) { journal_.note(text); }, stop_);
    if (stages_.late()) stages_.timed_out("work");
    fault_point("after_revise");
    if (result && result->outcome == agent::Outcome::Parked)
      end_run(State::Waiting, result->reason, result->waiting_for);
    if (!result || result->outcome != agent::Outcome::Changed) return nothing_more;
    for (auto& changed : mirror_.changed_paths(job_.start_commit, commit)) {
      if (!changed.old_path.empty()) result->paths.push_back(std::move(changed.old_path));
      result->paths.push_back(std::move(changed.path));
    }
    return candidate_of(*result, changes_of(*result, *session), *session);
  }

  json::object candidate_of(const agent::WorkResult& result, Selection selection,
                            sandbox::Session& session) {
    session.stop();
    expect_sandbox();
    const auto candidate =
        mirror_.commit(commit_request(job_, result, std::move(selection.changes)));
    if (!candidate) end_run(State::Failed, "the change is refused: " + candidate.error());
    if (!*candidate)
      end_run(State::Failed,
              std::string(kNothingChanged) +
                  (result.summary.empty() ? ""
                                          : "; the agent says: " + shortened(result.summary, 300)));
    const std::string& commit = **candidate;
    mirror_.keep("runs/" + job_.run + "/candidate", commit);
    fault_point("after_commit");
    const git::DiffStat stat = mirror_.stat(job_.base_commit, commit);
    journal_.append("change", {{"files", stat.files},
                               {"insertions", stat.insertions},
                               {"deletions", stat.deletions},
                               {"left_out", to_array(selection.left_out)}});
    journal_.append("candidate", {{"commit", commit}});
    json::object body = to_json(result);
    auto& findings = body["findings"].as_array();
    for (const auto& path : selection.left_out) {
      findings.push_back(core::to_json(core::Finding{
          std::string(kLeftOut), path, 0, "made by a tool, not part of the change", false}));
    }
    body["commit"] = commit;
    return body;
  }

  json::object verify(const json::object& work_done) {
    const std::string commit = get_string(work_done, "commit");
    verify::Case input;
    input.kind = job_.spec.kind;
    input.baseline = baseline_;
    input.changed = mirror_.changed_paths(job_.base_commit, commit);
    const auto after = mirror_.changes_between(job_.base_commit, commit);
    std::vector<std::string> changed;
    for (const auto& change : after) changed.push_back(change.path);
    for (const auto& item : get_array(work_done, "findings")) {
      if (item.is_object()) input.findings.push_back(core::finding_from(item.get_object()));
    }
    const auto& claim = get_object(work_done, "claim");
    input.claim = claim_from(claim);
    {
      sandbox::Policy policy = stage_policy(job_, *environment_, mirror_, job_.base_commit,
                                            stage_folder("verify"), false);
      show_to_agent(policy, job_.base_commit);
      const auto session = start_sandbox(policy);
      session->apply(after);
      const auto agent = agent::make_agent(job_.agent);
      if (auto leftovers = agent ? agent->recheck(claim, *session, changed) : std::nullopt) {
        input.claim.leftovers = std::move(*leftovers);
        input.claim.rescanned = true;
      }
      input.after = run_checks(*session, environment_->config.checks, &baseline_,
                               check_run("verify"), journal_);
      session->stop();
    }
    refuse_if_late("verify", input.after);
    if (input.claim.action.empty()) hold_tests_apart(input, after);
    input.criteria = verify::criteria_in(job_.spec.brief);
    input.contents = contents_for_review(mirror_, job_.base_commit, commit, changed);
    verify::Judgement judgement = verify::judge(input);
    judgement.proof.commit = commit;
    json::array checks;
    for (const auto& check : judgement.checks) checks.push_back(core::to_json(check));
    json::array reports;
    for (const auto& report : input.after) {
      reports.push_back(json::object{{"name", report.name},
                                     {"command", report.command},
                                     {"exit_status", report.exit_status},
                                     {"by_test", report.by_test},
                                     {"format", report.format},
                                     {"duration_ms", report.duration.count()},
                                     {"log", report.log},
                                     {"log_sha256", report.log_sha256}});
    }
    journal_.append("proof", {{"proof", core::to_json(judgement.proof)},
                              {"checks", std::move(checks)},
                              {"commands", std::move(reports)},
                              {"reason", valid_utf8(judgement.reason)}});
    return {{"verdict", core::to_string(judgement.proof.verdict)},
            {"reason", valid_utf8(judgement.reason)}};
  }

  /// What the change is worth under the tests that the base has, and what its own tests are worth
  /// without the rest of it.
  void hold_tests_apart(verify::Case& input, const std::vector<core::Change>& changes) {
    std::vector<core::Change> tests, code;
    for (const auto& change : changes)
      (verify::belongs_to_tests(change.path) ? tests : code).push_back(change);
    if (tests.empty()) return;
    if (code.empty()) {  // both are known already
      input.under_old_tests = input.baseline;
      input.base_under_new_tests = input.after;
      return;
    }
    const auto checks_with = [&](const std::vector<core::Change>& some, const char* name) {
      const auto session = start_sandbox(
          stage_policy(job_, *environment_, mirror_, job_.base_commit, stage_folder(name), false));
      session->apply(some);
      auto reports =
          run_checks(*session, environment_->config.checks, nullptr, check_run(name), journal_);
      session->stop();
      refuse_if_late("verify", reports);
      return reports;
    };
    journal_.note("the change touches tests: its code under the tests of the base");
    input.under_old_tests = checks_with(code, "old-tests");
    journal_.note("and the code of the base under the tests of the change");
    input.base_under_new_tests = checks_with(tests, "new-tests");
  }

  json::object publish(const json::object& work_done) {
    const std::string commit = get_string(work_done, "commit");
    for (const char* done :
         {"published", "branch_kept"}) {  // a crash came between this event and the stage's end
      if (const auto event = journal_.last(done);
          event && get_string(event->body, "commit") == commit)
        return {};
    }
    const core::Task task = folded_task(job_, journal_.events());
    const core::Run& run = task.runs.back();
    const bool refuted = run.proof.verdict == core::Verdict::Refuted;
    // What is under review stays at the commit that was proved.
    const bool beside = refuted && job_.in_review;
    const std::string branch =
        beside ? job_.branch + "-run" + job_.run.substr(job_.run.rfind('.') + 1) : job_.branch;
    journal_.append("publish_intent", {{"branch", branch}, {"commit", commit}});
    if (!git::publish(mirror_, job_.spec.repo, branch, commit, beside ? "" : job_.expected_head))
      branch_moved(run);
    fault_point("after_push");
    if (refuted) {
      journal_.append("branch_kept", {{"branch", branch}, {"commit", commit}});
    } else {
      const std::string details = get_string(work_done, "details");
      journal_.append(
          "published",
          {{"branch", job_.branch},
           {"commit", commit},
           {"base_commit", job_.base_commit},
           {"description", valid_utf8(forge::describe(task, run) + "\n" + forge::tamed(details))}});
    }
    return {};
  }

  // What was proved is not what stands at the branch: the proof no longer counts for it.
  [[noreturn]] void branch_moved(const core::Run& run) {
    core::Proof proof = run.proof;
    proof.verdict = core::Verdict::Refuted;
    proof.obligations.push_back(
        {"branch_is_ours", false, "the branch " + job_.branch + " is not where this run left it"});
    json::array checks;
    for (const auto& check : run.checks) checks.push_back(core::to_json(check));
    const std::string reason =
        "the branch " + job_.branch +
        " was moved by somebody else meanwhile; nothing was overwritten. The change is kept as " +
        run.candidate + "; rename or remove that branch, then: nightjar retry " + job_.task;
    journal_.append(
        "proof",
        {{"proof", core::to_json(proof)}, {"checks", std::move(checks)}, {"reason", reason}});
    end_run(State::Failed, reason);
  }

  End judged_end(const json::object& verified) const {
    const std::string verdict = get_string(verified, "verdict");
    const std::string reason = get_string(verified, "reason");
    return {verdict == "refuted" ? State::Failed : State::InReview, WaitingFor::Nothing, reason,
            true};
  }

  const Job& job_;
  fs::path folder_;
  Journal& journal_;
  std::stop_token stop_;
  git::Mirror mirror_;
  Stages stages_;
  int round_ = 1;
  std::optional<Environment> environment_;
  std::vector<core::CheckReport> baseline_;
  std::optional<agent::ModelAccess> model_, failover_;
  Checkpoints checkpoints_;
  fs::path scratch_;  ///< of the agent's sandbox
  std::optional<gateway::Meter> meter_;
  std::optional<gateway::Gateway> gateway_;
  std::unique_ptr<sandbox::Standby> standby_;
};

}  // namespace

End run_pipeline(const Job& job, const fs::path& folder, Journal& journal, std::stop_token stop) {
  try {
    return Pipeline(job, folder, journal, std::move(stop)).run();
  } catch (const Ending& ending) {
    return ending.end;
  } catch (const Error& error) {
    return {State::Failed, WaitingFor::Nothing, error.what(), true};
  } catch (const std::exception& error) {
    return {State::Failed, WaitingFor::Nothing, std::string("internal error: ") + error.what(),
            true};
  }
}

}  // namespace nightjar::run
