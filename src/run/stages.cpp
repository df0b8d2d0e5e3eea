#include "run/stages.h"

#include <poll.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "sandbox/session.h"

namespace nightjar::run {

namespace {

constexpr int kMostTries = 3;  // a stage whose sandbox or tools are killed this often ends the run
constexpr std::uintmax_t kRoomToGoOn = 64 << 20;
constexpr std::string_view kWorkStage = "work";

// What it made is on the disk beside the journal, and found there.
bool is_repeated_at_no_cost(std::string_view stage) {
  return stage == "prepare" || stage == "baseline";
}

}  // namespace

void end_run(core::State state, std::string reason, core::WaitingFor waiting) {
  throw Ending{{state, waiting, std::move(reason), true}};
}

Stages::Stages(Journal& journal, fs::path scratch, Millis limit, std::stop_token stop)
    : journal_(journal), scratch_(std::move(scratch)), limit_(limit), stop_(std::move(stop)) {
  deadline_ = in(limit - time_at_work(journal.events(), now()));
}

// From the first event on, without the time in which the run waited for somebody or something.
Millis time_at_work(const std::vector<core::Event>& events, Time until) {
  Millis sum{0};
  std::optional<Time> since;
  for (const auto& event : events) {
    const bool waits = event.kind == "waiting" ||
                       (event.kind == "run_ended" && get_string(event.body, "state") == "waiting");
    if (waits && since) {
      sum += event.time - *since;
      since.reset();
    } else if (!waits && !since) {
      since = event.time;
    }
  }
  if (since) sum += until - *since;
  return sum;
}

// An agent's conversation, and what it made, are worth more time; nothing else goes on where it
// stood.
void Stages::timed_out(std::string_view what) const {
  const std::string limit = "the run's time limit of " + human(limit_);
  if (journal_.last("tree_ready"))
    end_run(core::State::Waiting,
            limit +
                " is used up; the work so far is kept, and nightjar resume ID --limit-time N goes "
                "on with more",
            core::WaitingFor::Person);
  end_run(core::State::Failed,
          limit + " was reached during " + std::string(what) + "; give it more with --limit-time");
}

// Likewise for what keeps from its end.
void Stages::failed(std::string why) const {
  if (!journal_.last("tree_ready")) end_run(core::State::Failed, std::move(why));
  end_run(core::State::Waiting,
          std::move(why) + "; the work so far is kept, and nightjar resume ID goes on",
          core::WaitingFor::Person);
}

json::object Stages::run(const StageName& stage, const std::function<json::object()>& work) {
  const auto& [name, round] = stage;
  if (const auto done = journal_.last("stage_finished", name, round)) return done->body;
  json::object started{{"stage", name}};
  if (round > 1) started["round"] = round;
  journal_.begin("stage_started", std::move(started));
  json::object body;
  lost_.clear();
  long kept = newest_checkpoint();
  for (int tries = 1;;) {
    if (late()) timed_out(name);
    try {
      body = work();
      break;
    } catch (const sandbox::SandboxLost& lost) {
      lost_ = lost.reason;
      journal_.note("the sandbox is gone (" + lost.reason + "); " + name + " starts again");
      // What came between two losses was worth a try of its own.
      if (kept != newest_checkpoint()) tries = 1;
      kept = newest_checkpoint();
      if (++tries > kMostTries)
        failed("the sandbox was lost " + count_of(kMostTries, "time") + " in a row during " + name +
               ": " + lost.reason);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Limit) {
        // Where there is room at once, the stage itself may have used it up.
        if (!wait_for_room(error.what()) && ++tries > kMostTries) failed(error.what());
      } else if (error.kind() == ErrorKind::Unavailable && ++tries <= kMostTries) {
        journal_.note(std::string(error.what()) + "; " + name + " starts again");
      } else {
        throw;
      }
    }
  }
  body["stage"] = name;
  if (round > 1) body["round"] = round;
  if (is_repeated_at_no_cost(name))
    journal_.begin("stage_finished", body);
  else
    journal_.append("stage_finished", body);
  return body;
}

long Stages::newest_checkpoint() const {
  const auto event = journal_.last("checkpoint");
  return event ? event->seq : 0;
}

bool Stages::wait_for_room(const std::string& why) {
  std::error_code ignored;
  // What an agent wrote since its last checkpoint stands nowhere else.
  for (const auto& entry : fs::directory_iterator(scratch_, ignored))
    if (!entry.path().filename().string().starts_with(kWorkStage)) remove_tree(entry.path());
  const fs::path disk = scratch_.parent_path();
  if (fs::space(disk, ignored).available >= kRoomToGoOn) return false;
  journal_.append("waiting",
                  {{"waiting_for", to_string(core::WaitingFor::Disk)},
                   {"reason", "no room left on the disk of " + disk.string() + ": " + why}});
  while (fs::space(disk, ignored).available < kRoomToGoOn) {
    if (stop_.stop_requested()) throw Cancelled{};
    if (late()) timed_out("the wait for disk space");
    ::poll(nullptr, 0, 500);
  }
  journal_.append("resumed", {});
  return true;
}

}  // namespace nightjar::run
