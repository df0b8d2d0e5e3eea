#include "run/pipeline.h"

#include <poll.h>

#include <functional>
#include <optional>

#include "agent/agent.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/text.h"
#include "forge/local.h"
#include "proc/process.h"
#include "run/baseline.h"
#include "run/change.h"
#include "run/checks.h"
#include "run/environment.h"
#include "verify/verify.h"

namespace nightjar::run {

namespace {

using core::State;
using core::WaitingFor;

constexpr Millis kDefaultTime = std::chrono::hours(2);
constexpr Millis kDefaultIdle = std::chrono::minutes(30);
constexpr int kMostTries = 3;  // a stage whose sandbox or tools are killed this often ends the run
constexpr std::uintmax_t kRoomToGoOn = 64 << 20;

/// Thrown inside the pipeline alone, to leave a stage with the run's end.
struct Ending {
  End end;
};

[[noreturn]] void end_run(State state, std::string reason,
                          WaitingFor waiting = WaitingFor::Nothing) {
  throw Ending{{state, waiting, std::move(reason), true}};
}

class Pipeline {
 public:
  Pipeline(const Job& job, fs::path folder, Journal& journal, std::stop_token stop)
      : job_(job),
        folder_(std::move(folder)),
        journal_(journal),
        stop_(std::move(stop)),
        mirror_(mirror_of(job)) {
    const Millis limit = job.limits.time.count() ? job.limits.time : kDefaultTime;
    const auto first = journal.events().empty() ? now() : journal.events().front().time;
    deadline_ = in(limit - (now() - first));
    limit_ = limit;
  }

  End run() {
    if (job_.superseded)
      return {State::Closed, WaitingFor::Nothing, "another attempt was selected", true};
    stage("prepare", [&] { return prepare(); });
    if (!environment_) load_environment();  // prepared by an earlier process of this run
    stage("baseline", [&] { return baseline(); });
    if (baseline_.empty())
      baseline_ =
          load_baseline(job_, environment_->key, environment_->config.checks).value_or(baseline_);
    const json::object work_done = stage("work", [&] { return work(); });
    const json::object verified = stage("verify", [&] { return verify(work_done); });
    if (!job_.publish) return {State::Verifying, WaitingFor::Nothing, "", false};
    stage("publish", [&] { return publish(work_done); });
    return judged_end(verified);
  }

 private:
  /// Runs a stage unless its end is journalled, makes its sandbox anew where that died, and waits
  /// for room where the disk is full. What the stage established is the body of its
  /// `stage_finished`.
  json::object stage(std::string_view name, const std::function<json::object()>& work) {
    if (const auto done = journal_.last("stage_finished", name)) return done->body;
    journal_.append("stage_started", {{"stage", name}});
    json::object body;
    for (int tries = 1;;) {
      if (std::chrono::steady_clock::now() >= deadline_) timed_out(name);
      try {
        body = work();
        break;
      } catch (const sandbox::SandboxLost& lost) {
        journal_.note("the sandbox is gone (" + lost.reason + "); " + std::string(name) +
                      " starts again");
        if (++tries > kMostTries) {
          end_run(State::Failed, "the sandbox was lost " + count_of(kMostTries, "time") +
                                     " during " + std::string(name) + ": " + lost.reason);
        }
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::Limit) {
          wait_for_room(error.what());
        } else if (error.kind() == ErrorKind::Unavailable && ++tries <= kMostTries) {
          journal_.note(std::string(error.what()) + "; " + std::string(name) + " starts again");
        } else {
          throw;
        }
      }
    }
    body["stage"] = name;
    journal_.append("stage_finished", body);
    return body;
  }

  [[noreturn]] void timed_out(std::string_view name) {
    end_run(State::Failed, "the run's time limit of " + human(limit_) + " was reached during " +
                               std::string(name) + "; give it more with --limit-time");
  }

  void wait_for_room(const std::string& why) {
    std::error_code ignored;
    if (fs::space(job_.state, ignored).available >= kRoomToGoOn) end_run(State::Failed, why);
    journal_.append(
        "waiting", {{"waiting_for", to_string(WaitingFor::Disk)},
                    {"reason", "no room left on the disk of " + job_.state.string() + ": " + why}});
    while (fs::space(job_.state, ignored).available < kRoomToGoOn) {
      if (stop_.stop_requested()) throw Cancelled{};
      if (std::chrono::steady_clock::now() >= deadline_) timed_out("the wait for disk space");
      ::poll(nullptr, 0, 500);
    }
    journal_.append("resumed", {});
  }

  SetupHooks hooks(LogFile& log) {
    return {[this](std::string text) { journal_.note(text); },
            [&log](std::string_view bytes) { log.add(bytes); }, deadline_, stop_};
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
    mirror_.keep("runs/" + job_.run + "/base", job_.base_commit);
    mirror_.checkout(checkouts_of(job_), job_.base_commit);
    load_environment();
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
    return {std::string(name), folder_, job_.limits.idle.count() ? job_.limits.idle : kDefaultIdle,
            deadline_, stop_};
  }

  json::object baseline() {
    bool reused = true;
    auto reports = load_baseline(job_, environment_->key, environment_->config.checks);
    if (!reports) {
      reused = false;
      const StageFolder scratch(folder_ / "baseline");
      const auto session = sandbox::Session::start(
          stage_policy(job_, *environment_, mirror_, job_.base_commit, scratch.path(), true));
      reports = run_checks(*session, environment_->config.checks, nullptr, check_run("baseline"),
                           journal_);
      session->stop();
      refuse_if_late("baseline", *reports);
      if (const auto trouble = verify::environment_trouble(*reports)) {
        end_run(State::Waiting,
                "environment not ready: " + trouble->missing + "\n" + trouble->advice,
                WaitingFor::Person);
      }
      keep_cache_tops(job_, scratch.path());
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
    if (std::chrono::steady_clock::now() < deadline_) return;
    for (const auto& report : reports) {
      if (!report.trouble.empty()) timed_out(name);
    }
  }

  json::object work() {
    const auto agent = agent::make_agent(job_.agent);
    if (!agent)
      end_run(State::Waiting, "there is no agent '" + inert(job_.agent) + "' here",
              WaitingFor::Person);
    const StageFolder scratch(folder_ / "work");
    sandbox::Policy policy =
        stage_policy(job_, *environment_, mirror_, job_.start_commit, scratch.path(), false);
    policy.programs.push_back(proc::own_executable());
    const auto session = sandbox::Session::start(policy);
    const agent::Assignment assignment{job_.spec, job_.brief, job_.earlier, deadline_};
    const agent::WorkResult result =
        agent->work(assignment, *session, [this](std::string text) { journal_.note(text); }, stop_);
    if (std::chrono::steady_clock::now() >= deadline_) timed_out("work");
    switch (result.outcome) {
      case agent::Outcome::Changed:
        break;
      case agent::Outcome::CannotDo:
        end_run(State::Waiting, result.reason, WaitingFor::Person);
      case agent::Outcome::Nothing:
        end_run(State::Failed, "nothing was changed: " + result.reason);
      case agent::Outcome::Failed:
        end_run(State::Failed, result.reason);
    }
    Selection selection =
        select_changes(*session, result, mirror_, job_.start_commit, checkouts_of(job_));
    session->stop();
    const auto candidate =
        mirror_.commit(commit_request(job_, result, std::move(selection.changes)));
    if (!candidate) end_run(State::Failed, "the change is refused: " + candidate.error());
    if (!*candidate) end_run(State::Failed, "nothing was changed: every file is as it was before");
    const std::string& commit = **candidate;
    mirror_.keep("runs/" + job_.run + "/candidate", commit);
    fault_point("after_commit");
    const git::DiffStat stat = mirror_.stat(job_.base_commit, commit);
    journal_.append("change", {{"files", stat.files},
                               {"insertions", stat.insertions},
                               {"deletions", stat.deletions},
                               {"left_out", to_array(selection.left_out)}});
    journal_.append("candidate", {{"commit", commit}});
    json::array findings;
    for (const auto& finding : result.findings) findings.push_back(core::to_json(finding));
    for (const auto& path : selection.left_out) {
      findings.push_back(core::to_json(
          core::Finding{"left_out", path, 0, "made by a tool, not part of the change", false}));
    }
    return {{"commit", commit},
            {"summary", valid_utf8(result.summary)},
            {"details", valid_utf8(result.details)},
            {"claim", result.claim},
            {"findings", std::move(findings)}};
  }

  json::object verify(const json::object& work_done) {
    const std::string commit = get_string(work_done, "commit");
    verify::Case input;
    input.kind = job_.spec.kind;
    input.baseline = baseline_;
    input.changed = mirror_.changed_paths(job_.base_commit, commit);
    auto after = mirror_.changes_between(job_.base_commit, commit);
    for (const auto& item : get_array(work_done, "findings")) {
      if (item.is_object()) input.findings.push_back(core::finding_from(item.get_object()));
    }
    const auto& claim = get_object(work_done, "claim");
    input.claim = claim_from(claim);
    {
      const StageFolder scratch(folder_ / "verify");
      sandbox::Policy policy =
          stage_policy(job_, *environment_, mirror_, job_.base_commit, scratch.path(), false);
      policy.programs.push_back(proc::own_executable());
      const auto session = sandbox::Session::start(policy);
      session->apply(after);
      const auto agent = agent::make_agent(job_.agent);
      if (auto leftovers = agent ? agent->recheck(claim, *session) : std::nullopt) {
        input.claim.leftovers = std::move(*leftovers);
        input.claim.rescanned = true;
      }
      input.after = run_checks(*session, environment_->config.checks, &baseline_,
                               check_run("verify"), journal_);
      session->stop();
    }
    refuse_if_late("verify", input.after);
    input.contents =
        contents_for_review(mirror_.changes_between(commit, job_.base_commit), std::move(after));
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
    journal_.append("publish_intent", {{"branch", job_.branch}, {"commit", commit}});
    if (!git::publish(mirror_, job_.spec.repo, job_.branch, commit, job_.expected_head))
      branch_moved(run);
    fault_point("after_push");
    if (run.proof.verdict == core::Verdict::Refuted) {
      journal_.append("branch_kept", {{"branch", job_.branch}, {"commit", commit}});
    } else {
      const std::string details = get_string(work_done, "details");
      journal_.append("published",
                      {{"branch", job_.branch},
                       {"commit", commit},
                       {"base_commit", job_.base_commit},
                       {"description", valid_utf8(forge::describe(task, run) + "\n" + details)}});
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
  Deadline deadline_;
  Millis limit_{0};
  std::optional<Environment> environment_;
  std::vector<core::CheckReport> baseline_;
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
