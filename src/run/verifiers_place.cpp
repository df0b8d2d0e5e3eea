#include "run/verifiers_place.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "run/agents_place.h"

namespace nightjar::run {

namespace {

constexpr Millis kDefaultIdle = std::chrono::minutes(30);
constexpr std::uint64_t kSmallFile = std::uint64_t{256} << 10;

}  // namespace

VerifiersPlace::VerifiersPlace(Context& context)
    : context_(context), environment_(without_setups_products(*context.environment)) {
  if (environment_.setup_builds && environment_.config.network)
    not_ready_ =
        "setup makes something of the repository's files and uses the network, so it was not done "
        "again over the change: what the checks ran may be the base's (build in the check instead)";
}

std::unique_ptr<sandbox::Session> VerifiersPlace::open(const std::string& name, bool agents_tools) {
  const auto& base = context_.job.base_commit;
  auto policy = stage_policy(context_.job, environment_, context_.mirror, base,
                             context_.stage_folder(name), false);
  if (agents_tools) show_to_agent(context_, policy, base);
  const fs::path toolbox = context_.job.helper.parent_path() / "nightjar-toolbox";
  if (std::ranges::find(policy.programs, toolbox) == policy.programs.end())
    policy.programs.push_back(toolbox);
  return context_.start_sandbox(policy);
}

std::vector<core::CheckReport> VerifiersPlace::reports(
    sandbox::Session& session, const std::vector<core::Change>& applied, const std::string& name,
    const std::vector<core::CheckSpec>& checks,
    const std::vector<core::CheckReport>* passed_before) {
  const SetupHooks hooks{[this](const std::string& text) { context_.journal.note(text); },
                         {},
                         context_.stages.deadline(),
                         context_.stop};
  if (auto trouble = set_up_again(session, environment_, hooks);
      !trouble.empty() && not_ready_.empty())
    not_ready_ = "the change could not be made ready: " + trouble;
  CheckRun how{name, context_.round, context_.folder};
  const Millis idle = context_.job.limits.idle;
  how.idle = idle.count() ? idle : kDefaultIdle;
  how.deadline = context_.stages.deadline();
  how.stop = context_.stop;
  auto out = run_checks(session, checks, passed_before, how, context_.journal);
  rewritten_.merge(written_over(session, applied));
  session.stop();
  context_.refuse_if_late("verify", out);
  return out;
}

std::vector<core::CheckReport> VerifiersPlace::all_reports(sandbox::Session& session,
                                                           const std::vector<core::Change>& applied,
                                                           const std::string& name) {
  return reports(session, applied, name, context_.environment->config.checks, &context_.baseline);
}

std::vector<std::string> VerifiersPlace::rewritten() {
  if (rewritten_.empty()) return {};
  context_.journal.note("whether the base's own checks write over its files as well");
  const auto found = std::move(rewritten_);
  rewritten_.clear();
  const std::string not_ready = not_ready_;
  all_reports(*open("base-again"), {}, "base-again");
  not_ready_ = not_ready;
  std::vector<std::string> out;
  std::ranges::set_difference(found, rewritten_, std::back_inserter(out));
  return out;
}

// A file that was given its old text again still stands in the upper layer.
std::set<std::string> VerifiersPlace::written_over(sandbox::Session& session,
                                                   const std::vector<core::Change>& applied) {
  std::map<std::string, const core::Change*, std::less<>> given;
  for (const auto& change : applied) given[change.path] = &change;
  std::map<std::string, core::Change> now;
  session.collect(
      [&](core::Change&& change) {
        if (!given.contains(change.path)) change.content.clear();
        now[change.path] = std::move(change);
      },
      kSmallFile);
  std::set<std::string> out;
  for (const auto& [path, change] : given) {
    const auto found = now.find(path);
    bool same = found != now.end() ? found->second.what == change->what
                                   : change->what == core::Change::What::Deleted;
    if (same && change->what == core::Change::What::File) {
      const auto& there = found->second;
      same = there.size <= kSmallFile
                 ? there.content == change->content
                 : session.read_file(path, change->content.size() + 1) == change->content;
    }
    if (!same) out.insert(path);
    if (found != now.end()) now.erase(found);
  }
  for (const auto& [path, change] : now)
    if (is_tracked(path)) out.insert(path);
  return out;
}

bool VerifiersPlace::is_tracked(const std::string& path) {
  if (tracked_.empty()) {
    tracked_ = context_.mirror.paths(context_.job.base_commit);
    std::ranges::sort(tracked_);
  }
  const auto at = std::ranges::lower_bound(tracked_, path);
  return at != tracked_.end() && (*at == path || at->starts_with(path + "/"));
}

}  // namespace nightjar::run
