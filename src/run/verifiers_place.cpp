#include "run/verifiers_place.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "run/agents_place.h"

namespace nightjar::run {

namespace {

constexpr Millis kDefaultIdle = std::chrono::minutes(30);
constexpr std::uint64_t kSmallFile = std::uint64_t{256} << 10;

using What = core::Change::What;

bool is_as_given(sandbox::Session& session, const core::Change& given, const core::Change& now) {
  // A folder that is gone may be made anew; what stood in it is looked at file by file.
  if (given.what == What::Deleted)
    return now.what == What::Deleted || now.what == What::OpaqueFolder;
  if (given.what != now.what) return false;
  if (given.what != What::File || now.size <= kSmallFile) return now.content == given.content;
  return session.read_file(given.path, given.content.size() + 1) == given.content;
}

}  // namespace

VerifiersPlace::VerifiersPlace(Context& context)
    : context_(context), environment_(without_what_setup_built(*context.environment)) {}

std::unique_ptr<sandbox::Session> VerifiersPlace::open(const std::string& name, bool agents_tools) {
  const auto& base = context_.job.base_commit;
  const bool is_built = !environment_.setup.building.empty();
  // Setup may write to package caches; what it writes here is gone with the sandbox.
  auto policy = stage_policy(context_.job, environment_, context_.mirror, base,
                             context_.stage_folder(name), is_built);
  if (agents_tools)
    show_to_agent(context_, policy, base);
  else
    policy.programs.push_back(context_.job.helper.parent_path() / "nightjar-toolbox");
  auto session = context_.start_sandbox(policy);
  if (!is_built || session->tree_kind() == "overlay") return session;
  session->stop();  // setup wants the kind of tree that it had on the base
  policy.force_tree = sandbox::TreeKind::Clone;
  return context_.start_sandbox(policy);
}

std::string VerifiersPlace::set_up(sandbox::Session& session) {
  const SetupHooks hooks{[this](const std::string& text) { context_.journal.note(text); },
                         {},
                         context_.stages.deadline(),
                         context_.stop};
  return set_up_again(session, environment_, hooks);
}

// On the base, setup had the network that it has not here: then the base fails as well.
std::string VerifiersPlace::why_not_ready(const std::string& trouble) {
  if (environment_.config.network) {
    context_.journal.note("whether the base can be made ready without network");
    const auto session = open("base-ready");
    base_not_ready_ = !set_up(*session).empty();
    session->stop();
  }
  return base_not_ready_
             ? "setup builds with the network, which it does not have over a change: " + trouble +
                   " (build in the check instead)"
             : "the change could not be made ready: " + trouble;
}

std::vector<core::CheckReport> VerifiersPlace::reports(
    sandbox::Session& session, const std::vector<core::Change>& applied, const std::string& name,
    const std::vector<core::CheckSpec>& checks,
    const std::vector<core::CheckReport>* passed_before) {
  if (const auto trouble = set_up(session); !trouble.empty() && not_ready_.empty())
    not_ready_ = why_not_ready(trouble);
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
    if (!(found == now.end() ? change->what == What::Deleted
                             : is_as_given(session, *change, found->second)))
      out.insert(path);
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
