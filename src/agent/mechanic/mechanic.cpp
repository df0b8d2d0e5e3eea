// The mechanic as an agent: gives its worker the order, inside the sandbox, and reads what came of
// it.
#include <algorithm>

#include "agent/agent.h"
#include "agent/mechanic/worker.h"
#include "base/error.h"
#include "base/text.h"

namespace nightjar::agent {

namespace mechanic {

namespace {

constexpr size_t kMostResult = size_t{128} << 20;
constexpr size_t kShownOutput = 600;
constexpr std::string_view kProgram = "/.nightjar/bin/nightjar";

class Mechanic final : public Agent {
 public:
  std::string_view name() const override { return "mechanic"; }

  WorkResult work(const Assignment& assignment, sandbox::Session& session,
                  const std::function<void(std::string)>& say, std::stop_token stop) override {
    const auto order = parse_order(assignment.brief, assignment.earlier);
    if (!order) return ended(Outcome::CannotDo, order.error());
    say(inert(title_of(*order)));
    if (order->action == Order::Action::Run) return run_command(*order, assignment, session, stop);
    Request request;
    request.order = *order;
    request.tracked = assignment.tracked;
    request.evidence = evidence_of(assignment);
    std::string trouble;
    auto result = call_worker(session, request, assignment.deadline, stop, trouble);
    if (!result) return ended(Outcome::Failed, trouble);
    if (result->outcome == Outcome::Changed) say(result->summary);
    return std::move(*result);
  }

  std::optional<std::vector<core::Finding>> recheck(
      const json::object& claim, sandbox::Session& fresh,
      const std::vector<std::string>& tracked) override {
    const std::string action = get_string(claim, "action");
    if (action != "rename" && action != "replace") return std::nullopt;
    Request request;
    request.recheck = true;
    request.claim = claim;
    request.tracked = tracked;
    std::string trouble;
    auto result = call_worker(fresh, request, in(std::chrono::minutes(10)), {}, trouble);
    // Not looked at is not clean: the caller says so.
    if (!result || result->outcome == Outcome::Failed) return std::nullopt;
    return std::move(result->findings);
  }

 private:
  static WorkResult ended(Outcome outcome, std::string reason) {
    WorkResult out;
    out.outcome = outcome;
    out.reason = std::move(reason);
    return out;
  }

  static std::vector<Place> evidence_of(const Assignment& assignment) {
    std::vector<Place> out;
    for (const auto& [path, line] : assignment.evidence) out.push_back({path, line});
    return out;
  }

  static std::optional<WorkResult> call_worker(sandbox::Session& session, const Request& request,
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
      trouble = "the mechanic's worker ended with status " + std::to_string(ran.exit_status) +
                ": " + shortened(inert(trimmed(ran.output)), kShownOutput);
      return std::nullopt;
    }
    const auto text = session.read_file(file, kMostResult);
    auto result = text ? result_from(*text) : std::nullopt;
    if (!result) trouble = "the mechanic's worker left no result";
    return result;
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

std::unique_ptr<Agent> make_agent(std::string_view name) {
  if (name == "mechanic") return std::make_unique<mechanic::Mechanic>();
  return nullptr;
}

}  // namespace nightjar::agent
