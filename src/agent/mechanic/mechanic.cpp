// The mechanic as an agent: gives its worker the order, inside the sandbox, and reads what came of
// it.
#include <algorithm>
#include <map>

#include "agent/agent.h"
#include "agent/mechanic/evidence.h"
#include "agent/mechanic/mechanic.h"
#include "agent/mechanic/report.h"
#include "agent/mechanic/worker.h"
#include "base/error.h"
#include "base/text.h"

namespace nightjar::agent {

namespace mechanic {

namespace {

constexpr size_t kMostResult = size_t{128} << 20;
constexpr size_t kShownOutput = 600;
constexpr size_t kMostFile = size_t{16} << 20;
constexpr size_t kMostTries = 60;  // runs of the checks to find out which strings follow
constexpr std::string_view kProgram = "/.nightjar/bin/nightjar";

std::optional<WorkResult> call_worker(sandbox::Session& session, const Request& request,
                                      Deadline deadline, const std::stop_token& stop,
                                      std::string& trouble) {
  const std::string file = "/tmp/nightjar-mechanic-" + random_id(12);
  sandbox::Command command;
  command.argv = {std::string(kProgram), "mechanic-worker", "--result", file};
  command.input = encode(request);
  command.deadline = deadline;
  command.stop = stop;
  const auto ran = session.run(command);
  if (ran.ended != sandbox::Ended::ByItself || ran.exit_status != 0) {
    trouble = "the mechanic's worker ended with status " + std::to_string(ran.exit_status) + ": " +
              shortened(inert(trimmed(ran.output)), kShownOutput);
    return std::nullopt;
  }
  const auto text = session.read_file(file, kMostResult);
  auto result = text ? result_from(*text) : std::nullopt;
  if (!result) trouble = "the mechanic's worker left no result";
  return result;
}

class Mechanic final : public Agent {
 public:
  std::string_view name() const override { return "mechanic"; }

  WorkResult work(const Assignment& assignment, sandbox::Session& session,
                  const std::function<void(std::string)>& say, std::stop_token stop) override {
    auto order = parse_order(assignment.brief, assignment.earlier);
    if (order && assignment.from_base) order->interim.clear();
    if (!order) return ended(Outcome::CannotDo, order.error());
    say(inert(title_of(*order)));
    if (order->action == Order::Action::Run) return run_command(*order, assignment, session, stop);
    Request request;
    request.order = *order;
    std::string trouble;
    auto result = call_worker(session, request, assignment.deadline, stop, trouble);
    if (!result) return ended(Outcome::Failed, trouble);
    if (result->outcome == Outcome::Changed) say(result->summary);
    return std::move(*result);
  }

  // A failing test is evidence that a string is the renamed thing.
  std::optional<WorkResult> revise(const Assignment& assignment, const WorkResult& earlier,
                                   const Failures& failures, sandbox::Session& session,
                                   const std::function<void(std::string)>& say,
                                   std::stop_token stop) override {
    if (get_string(earlier.claim, "action") != "rename" || !assignment.check) return std::nullopt;
    const auto candidates = candidates_of(earlier.findings, failures);
    if (candidates.empty() || failures.tests.empty()) return std::nullopt;
    Strings strings(session, earlier.claim, assignment, stop);
    size_t tries = 0;
    Millis longest{0};
    const auto oracle = [&](const std::vector<size_t>& chosen) -> std::optional<Failing> {
      const auto left = assignment.deadline - std::chrono::steady_clock::now();
      if (++tries > kMostTries || left < 3 * longest) return std::nullopt;
      const auto begun = std::chrono::steady_clock::now();
      say("the checks again, with the name changed in " + count_of(chosen.size(), "string"));
      strings.rename(places(candidates, chosen));
      const Failures now = assignment.check(session);
      longest = std::max(
          longest, std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun));
      return Failing(now.tests.begin(), now.tests.end());
    };
    const auto follow =
        needed(candidates, Failing(failures.tests.begin(), failures.tests.end()), oracle);
    if (follow.empty()) return std::nullopt;
    WorkResult out = earlier;
    out.outcome = Outcome::Changed;
    strings.rename(places(candidates, follow));
    out.paths = strings.touched();
    say(count_of(follow.size(), "string") + " changed, without which a test fails");
    tell(out, places(candidates, follow));
    return out;
  }

 private:
  static WorkResult ended(Outcome outcome, std::string reason) {
    WorkResult out;
    out.outcome = outcome;
    out.reason = std::move(reason);
    return out;
  }

  /// The files that hold candidates, and their bytes as the rename left them.
  class Strings {
   public:
    Strings(sandbox::Session& session, const json::object& claim, const Assignment& assignment,
            const std::stop_token& stop)
        : session_(session), claim_(claim), assignment_(assignment), stop_(stop) {}

    /// The name in these strings and in no other.
    void rename(const std::vector<Place>& places) {
      for (const auto& [path, bytes] : originals_) put_back(path, bytes);
      for (const auto& place : places) {
        if (originals_.contains(place.path)) continue;
        auto bytes = session_.read_file(place.path, kMostFile);
        if (!bytes) throw Error(ErrorKind::Unavailable, "cannot read " + inert(place.path));
        originals_[place.path] = std::move(*bytes);
      }
      const Request request{
          .wanted = Request::Wanted::Strings, .claim = claim_, .evidence = places};
      std::string trouble;
      if (!call_worker(session_, request, assignment_.deadline, stop_, trouble))
        throw Error(ErrorKind::Unavailable, trouble);
    }

    std::vector<std::string> touched() const {
      std::vector<std::string> out;
      for (const auto& [path, bytes] : originals_) out.push_back(path);
      return out;
    }

   private:
    // Through the shell, so that the mode stays.
    void put_back(const std::string& path, const std::string& bytes) {
      sandbox::Command command{.argv = {"/bin/sh", "-c", "cat > \"$1\"", "sh", path}};
      command.input = bytes;
      command.deadline = assignment_.deadline;
      command.stop = stop_;
      if (session_.run(command).exit_status != 0)
        throw Error(ErrorKind::Unavailable, "cannot put back " + inert(path));
    }

    sandbox::Session& session_;
    const json::object& claim_;
    const Assignment& assignment_;
    const std::stop_token& stop_;
    std::map<std::string, std::string> originals_;
  };

  static std::vector<Place> places(const std::vector<Candidate>& candidates,
                                   const std::vector<size_t>& chosen) {
    std::vector<Place> out;
    for (const size_t i : chosen) out.push_back({candidates[i].path, candidates[i].line});
    return out;
  }

  static void tell(WorkResult& result, const std::vector<Place>& followed) {
    for (auto& finding : result.findings) {
      const Place place{finding.path, finding.line};
      if (finding.rule == "string_left" && std::ranges::find(followed, place) != followed.end())
        finding.rule = "string_followed";
    }
    result.details = with_followed(std::move(result.details), result.findings);
  }

  static WorkResult run_command(const Order& order, const Assignment& assignment,
                                sandbox::Session& session, const std::stop_token& stop) {
    sandbox::Command command;
    command.argv = {"/bin/sh", "-c", order.command};
    command.deadline = assignment.deadline;
    command.idle = assignment.spec.limits.idle;
    command.stop = stop;
    const auto ran = session.run(command);
    std::string tail = inert(trimmed(ran.output), true);
    if (tail.size() > kShownOutput) tail = "…" + tail.substr(tail.size() - kShownOutput);
    if (ran.ended != sandbox::Ended::ByItself || ran.exit_status != 0) {
      const std::string how = ran.ended == sandbox::Ended::TimedOut ? "took too long"
                              : ran.exit_status == 127
                                  ? "was not found in the sandbox"
                                  : "ended with status " + std::to_string(ran.exit_status);
      return ended(Outcome::Failed, "the command '" + inert(order.command) + "' " + how +
                                        (tail.empty() ? "" : "\n" + tail));
    }
    WorkResult out;
    out.outcome = Outcome::Changed;
    out.all_changes = true;
    out.summary = title_of(order);
    out.details = "### What was run\n\n`" + inert(order.command) + "` ended with status 0.\n";
    out.claim = {{"action", "run"}, {"command", order.command}};
    return out;
  }
};

}  // namespace

}  // namespace mechanic

std::unique_ptr<Agent> make_mechanic() { return std::make_unique<mechanic::Mechanic>(); }

std::optional<std::vector<core::Finding>> recheck(const json::object& claim,
                                                  sandbox::Session& fresh,
                                                  const std::vector<std::string>& changed) {
  const std::string action = get_string(claim, "action");
  if (action != "rename" && action != "replace") return std::nullopt;
  mechanic::Request request;
  request.wanted = mechanic::Request::Wanted::Recheck;
  request.claim = claim;
  request.changed = changed;
  std::string trouble;
  auto result = mechanic::call_worker(fresh, request, in(std::chrono::minutes(10)), {}, trouble);
  // Not looked at is not clean: the caller says so.
  if (!result || result->outcome == Outcome::Failed) return std::nullopt;
  return std::move(result->findings);
}

}  // namespace nightjar::agent
