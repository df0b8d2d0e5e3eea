#include "run/pipeline.h"

#include <algorithm>
#include <functional>
#include <future>

#include "base/error.h"
#include "run/baseline.h"
#include "run/context.h"
#include "run/publishing.h"
#include "run/verification.h"
#include "run/work.h"
#include "verify/verify.h"

namespace nightjar::run {

namespace {

using core::State;
using core::WaitingFor;

constexpr int kMostRounds = 3;  // of work and proof: a refuted claim goes back to the agent

class Pipeline {
 public:
  Pipeline(const Job& job, fs::path folder, Journal& journal, std::stop_token stop)
      : job_(job), context_(job, std::move(folder), journal, std::move(stop)), work_(context_) {}

  End run() {
    if (job_.superseded)
      return {State::Closed, WaitingFor::Nothing, "another attempt was selected", true};
    context_.expect_sandbox();
    stage("prepare", [&] { return prepare(); });
    if (!context_.environment) load_environment();  // prepared by an earlier process of this run
    stage("baseline", [&] { return baseline(); });
    if (context_.baseline.empty())
      context_.baseline =
          load_baseline(job_, context_.environment->key, context_.environment->config.checks)
              .value_or(context_.baseline);
    json::object work_done = stage("work", [&] { return work_.begin(); });
    json::object verified = stage("verify", [&] {
      if (!kept_.valid()) keep_base();
      kept_.get();
      return verify_candidate(context_, work_done);
    });
    for (context_.round = 2; context_.round <= kMostRounds && goes_back(verified);
         ++context_.round) {
      json::object again = stage("work", [&] { return work_.revise(work_done); });
      if (get_bool(again, "nothing_more")) break;
      work_done = std::move(again);
      verified = stage("verify", [&] { return verify_candidate(context_, work_done); });
    }
    context_.round = 1;
    if (!job_.publish) return {State::Verifying, WaitingFor::Nothing, "", false};
    stage("publish", [&] {
      publish_candidate(context_, work_done);
      return json::object{};
    });
    return judged_end(verified);
  }

 private:
  // A refuted claim goes back to its agent. One that could not be proved goes back once, to an
  // agent that can write the test that is missing, where tests work at all.
  bool goes_back(const json::object& verified) const {
    const std::string verdict = get_string(verified, "verdict");
    if (verdict == "refuted") return true;
    const bool tests_work = std::ranges::any_of(
        context_.baseline, [](const auto& check) { return check.counts.passed > 0; });
    return verdict == "none" && job_.model && context_.round == 2 && tests_work;
  }

  json::object stage(std::string_view name, const std::function<json::object()>& work) {
    return context_.stages.run({std::string(name), context_.round}, work);
  }

  // Beside the rest, and waited for where the proof begins: a stage waits for a full disk.
  void keep_base() {
    kept_ = std::async(std::launch::async, [this] {
      context_.mirror.keep("runs/" + job_.run + "/base", job_.base_commit);
    });
  }

  void load_environment() {
    std::optional<LogFile> log;  // most often nothing is set up
    const SetupHooks hooks{[this](const std::string& text) { context_.journal.note(text); },
                           [&](std::string_view bytes) {
                             if (!log) log.emplace(context_.folder / "logs" / "setup.log");
                             log->add(bytes);
                           },
                           context_.stages.deadline(), context_.stop};
    auto environment = prepare_environment(job_, context_.mirror, hooks);
    if (log) log->finish();
    if (!environment) end_run(State::Waiting, environment.error().reason, WaitingFor::Person);
    context_.environment = std::move(*environment);
  }

  json::object prepare() {
    for (const auto& commit : {job_.base_commit, job_.start_commit}) {
      if (!context_.mirror.has_commit(commit)) context_.mirror.fetch(commit);
    }
    keep_base();
    context_.mirror.checkout(checkouts_of(job_), job_.base_commit);
    load_environment();
    for (const auto& note : context_.environment->notes) context_.journal.note(note);
    json::array checks;
    for (const auto& check : context_.environment->config.checks) {
      checks.push_back(json::object{{"name", check.name}, {"command", check.run}});
    }
    return {{"checks", std::move(checks)},
            {"found", to_array(context_.environment->config.found)},
            {"setup", to_array(context_.environment->config.setup)}};
  }

  json::object baseline() {
    bool reused = true;
    auto reports =
        load_baseline(job_, context_.environment->key, context_.environment->config.checks);
    if (!reports) {
      reused = false;
      const fs::path scratch = context_.stage_folder("baseline");
      const auto session = context_.start_sandbox(stage_policy(
          job_, *context_.environment, context_.mirror, job_.base_commit, scratch, true));
      reports = context_.checks(*session, "baseline", nullptr);
      session->stop();
      context_.refuse_if_late("baseline", *reports);
      if (const auto trouble = verify::environment_trouble(*reports)) {
        end_run(State::Waiting,
                "environment not ready: " + trouble->missing + "\n" + trouble->advice,
                WaitingFor::Person);
      }
      keep_cache_tops(job_, scratch);
      save_baseline(job_, context_.environment->key, context_.environment->config.checks, *reports);
    }
    context_.baseline = std::move(*reports);
    json::array checks;
    for (const auto& report : context_.baseline) {
      checks.push_back(
          json::object{{"name", report.name}, {"counts", core::to_json(report.counts)}});
    }
    return {{"reused", reused}, {"checks", std::move(checks)}};
  }

  End judged_end(const json::object& verified) const {
    const std::string verdict = get_string(verified, "verdict");
    const std::string reason = get_string(verified, "reason");
    return {verdict == "refuted" ? State::Failed : State::InReview, WaitingFor::Nothing, reason,
            true};
  }

  const Job& job_;
  Context context_;
  Work work_;
  std::future<void> kept_;
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
