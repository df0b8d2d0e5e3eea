#include "run/checkpoints.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <limits>

#include "base/digest.h"
#include "base/error.h"
#include "run/change.h"
#include "run/environment.h"

namespace nightjar::run {

namespace {

constexpr int kDeepest = 200;
constexpr int kRest = 4;  // at most a fifth of all time goes into looking

void add_folder(Digest& digest, int parent, const char* name, int depth);

void add_entry(Digest& digest, int folder, const char* name, int depth) {
  if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) return;
  struct stat info{};
  if (::fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  // The change time says it all, but only to the next tick of the kernel's clock: the size helps.
  const std::array<std::int64_t, 5> facts{
      static_cast<std::int64_t>(info.st_ino), info.st_ctim.tv_sec, info.st_ctim.tv_nsec,
      static_cast<std::int64_t>(info.st_size), static_cast<std::int64_t>(info.st_mode)};
  digest.add_field(name);
  digest.add({reinterpret_cast<const char*>(facts.data()), sizeof facts});
  if (S_ISDIR(info.st_mode)) add_folder(digest, folder, name, depth + 1);
}

void add_folder(Digest& digest, int parent, const char* name, int depth) {
  const Fd folder(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder || depth > kDeepest) return;
  alignas(dirent64) std::array<char, 8192> entries;
  for (ssize_t n; (n = ::getdents64(folder.get(), entries.data(), entries.size())) > 0;) {
    for (ssize_t at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + at);
      at += entry->d_reclen;
      add_entry(digest, folder.get(), entry->d_name, depth);
    }
  }
}

}  // namespace

std::string fingerprint(const fs::path& folder) {
  Digest digest;
  add_folder(digest, AT_FDCWD, folder.c_str(), 0);
  return digest.hex();
}

void Checkpoints::begin(const fs::path& upper, bool kept) {
  // What an earlier process wrote last may not have been kept.
  seen_ = kept ? fingerprint(sandbox::written_folder(upper)) : "";
  next_ = {};
  last_ = newest().value_or(job_.start_commit);
}

bool Checkpoints::changed(const fs::path& upper, bool thoroughly) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_ && !thoroughly) return false;
  std::string seen = fingerprint(sandbox::written_folder(upper));
  const auto took = std::chrono::steady_clock::now() - now;
  // A tree of a hundred thousand files is not looked at every turn.
  if (took > Millis(5)) next_ = std::chrono::steady_clock::now() + kRest * took;
  if (seen == seen_) return false;
  seen_ = std::move(seen);
  return true;
}

// The start's own where nothing differs; nullopt where it cannot become a commit.
std::optional<std::string> Checkpoints::commit_of(sandbox::Session& session,
                                                  const std::string& what) const {
  agent::WorkResult everything;
  everything.all_changes = true;
  everything.summary = what;
  Selection selection =
      select_changes(session, everything, mirror_, job_.start_commit, checkouts_of(job_));
  if (selection.changes.empty()) return job_.start_commit;
  const auto commit =
      mirror_.commit(commit_request(job_, everything, std::move(selection.changes)));
  if (!commit) return std::nullopt;
  return commit->value_or(job_.start_commit);
}

bool Checkpoints::keep(sandbox::Session& session, int turn) {
  const auto commit = commit_of(session, "turn " + std::to_string(turn));
  if (!commit) return true;
  if (*commit == last_ || mirror_.changed_paths(last_, *commit).empty()) return false;
  mirror_.keep("runs/" + job_.run + "/turns/" + std::to_string(turn), *commit);
  journal_.append("checkpoint", {{"turn", turn}, {"commit", *commit}});
  last_ = *commit;
  return true;
}

std::vector<std::string> Checkpoints::changed_paths(sandbox::Session& session) const {
  std::vector<std::string> out;
  const auto commit = commit_of(session, "before its plan");
  if (!commit || *commit == job_.start_commit) return out;
  for (auto& changed : mirror_.changed_paths(job_.start_commit, *commit))
    out.push_back(std::move(changed.path));
  return out;
}

std::optional<std::string> Checkpoints::at(int turn) const {
  struct State {
    int turn;
    std::string commit;
  };
  std::vector<State> states;  // of what was not forgotten, in the order of their turns
  const auto forget_after = [&states](int last) {
    std::erase_if(states, [last](const State& state) { return state.turn > last; });
  };
  for (const auto& event : journal_.events()) {
    if (event.kind == "rewound") forget_after(static_cast<int>(get_int(event.body, "turn")));
    // Another round begins with the candidate that was judged.
    if (event.kind != "checkpoint" && event.kind != "candidate") continue;
    const int newest = states.empty() ? 0 : states.back().turn;
    states.push_back(
        {static_cast<int>(get_int(event.body, "turn", newest)), get_string(event.body, "commit")});
  }
  forget_after(turn);
  if (states.empty()) return std::nullopt;
  return states.back().commit;
}

std::optional<std::string> Checkpoints::newest() const {
  return at(std::numeric_limits<int>::max());
}

json::array plan_at(const std::vector<core::Event>& events_of_run, int turn) {
  struct Plan {
    int turn;
    json::array items;
  };
  std::vector<Plan> plans;  // of what was not forgotten
  int now = 0;
  for (const auto& event : events_of_run) {
    const int of_event = static_cast<int>(get_int(event.body, "turn"));
    if (event.kind == "rewound")
      std::erase_if(plans, [&](const Plan& plan) { return plan.turn > of_event; });
    if (event.kind == "tool_started") now = of_event;  // the call that sets a plan
    if (event.kind == "plan") plans.push_back({now, get_array(event.body, "items")});
  }
  std::erase_if(plans, [&](const Plan& plan) { return plan.turn > turn; });
  return plans.empty() ? json::array{} : plans.back().items;
}

}  // namespace nightjar::run
