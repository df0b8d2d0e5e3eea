// Memory and disk of one sandbox: a control group where the host lets us make one, else a look
// every second.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {

/// A group of its own below this process's, with the memory limit; removed with the object.
class MemoryGroup {
 public:
  /// nullopt where no group can be made. `root` is where the hierarchies are mounted, `own` the
  /// content of /proc/self/cgroup: both are files of the host, and of a test.
  static std::optional<MemoryGroup> make(const std::filesystem::path& root, std::string_view own,
                                         std::uint64_t most_bytes);
  /// A group that stands already; `second`: of the second version.
  MemoryGroup(std::filesystem::path folder, bool second)
      : folder_(std::move(folder)), second_(second) {}
  MemoryGroup(MemoryGroup&& other) noexcept
      : folder_(std::exchange(other.folder_, {})), second_(other.second_) {}
  MemoryGroup& operator=(MemoryGroup&&) = delete;
  ~MemoryGroup();

  /// Moves a process in; what it starts later is in as well. The kernel waits until every processor
  /// has been through its scheduler, ten milliseconds and more.
  void take(pid_t process) const;
  /// fork(2), with the child inside from its beginning: no move. -1 where the kernel cannot. The
  /// child may call only what is safe after a fork of a program with threads.
  pid_t fork_inside() const;
  /// How many processes the kernel has killed for want of memory.
  std::uint64_t kills() const;
  bool second() const { return second_; }

 private:
  std::filesystem::path folder_;
  bool second_;
};

/// Looks at what a sandbox uses while a command runs.
class Watcher {
 public:
  /// `most_memory` is looked after by the group where there is one.
  Watcher(std::vector<std::filesystem::path> uppers, std::uint64_t most_disk,
          std::uint64_t most_memory, std::optional<MemoryGroup> group)
      : uppers_(std::move(uppers)),
        most_disk_(most_disk),
        most_memory_(most_memory),
        group_(std::move(group)) {}

  void command_starts() { kills_before_ = kills(); }
  /// True where the kernel killed a process of this command for want of memory.
  bool out_of_memory() const { return kills() > kills_before_; }
  Deadline next() const { return active() ? next_ : kNoDeadline; }
  /// What is beyond its limit, where a look is due. `first` is PID 1 of the sandbox.
  std::optional<Ended> look(pid_t first);

 private:
  bool active() const { return (most_disk_ > 0 && !uppers_.empty()) || most_memory_ > 0; }
  std::uint64_t kills() const { return group_ ? group_->kills() : 0; }

  std::vector<std::filesystem::path> uppers_;
  std::uint64_t most_disk_, most_memory_;
  std::optional<MemoryGroup> group_;
  std::uint64_t kills_before_ = 0;
  Deadline next_{};
};

/// Sum of the proportional sizes of everything below a process, in bytes.
std::uint64_t memory_below(pid_t first);
/// For people: which of the two this host offers.
std::string describe_limits();

}  // namespace nightjar::sandbox
