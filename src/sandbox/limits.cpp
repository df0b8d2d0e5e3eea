#include "sandbox/limits.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace nightjar::sandbox {

namespace {

constexpr auto kBetweenLooks = std::chrono::seconds(1);
constexpr size_t kSmall = 1 << 20;
constexpr std::string_view kPrefix = "nightjar-";

std::string content(const fs::path& path) {
  try {
    return nightjar::try_read_file(path, kSmall).value_or("");
  } catch (const Error&) {
    return "";
  }
}

bool put(const fs::path& file, const std::string& text) {
  Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// "key value" or "key: value kB" on a line of its own.
std::uint64_t value_of(std::string_view text, std::string_view key) {
  for (const auto line : lines(text)) {
    if (!line.starts_with(key) || line.size() <= key.size()) continue;
    if (line[key.size()] != ' ' && line[key.size()] != ':') continue;
    return std::strtoull(std::string(line.substr(key.size() + 1)).c_str(), nullptr, 10);
  }
  return 0;
}

struct Place {
  fs::path folder;
  bool second = false;
};

// The folder in which a group of ours may be made: below our own, so that what limits us limits it.
std::optional<Place> place_for_groups(const fs::path& root, std::string_view own) {
  for (const auto line : lines(own)) {
    const auto parts = split(line, ':');
    if (parts.size() < 3) continue;
    const std::string relative =
        "." + std::string(line.substr(parts[0].size() + parts[1].size() + 2));
    const auto controllers = split(parts[1], ',');
    if (std::ranges::find(controllers, "memory") != controllers.end()) {
      return Place{(root / "memory" / relative).lexically_normal(), false};
    }
    if (parts[0] != "0") continue;
    // Of the second version: a group with processes may have no groups of its own below it, so ours
    // stands beside the one we are in.
    const fs::path here = (root / relative).lexically_normal();
    const fs::path parent = here.parent_path();
    if (content(parent / "cgroup.subtree_control").find("memory") != std::string::npos)
      return Place{parent, true};
  }
  return std::nullopt;
}

// Groups of holders that were killed: their names say who that was.
void remove_left_over(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const pid_t holder = std::atoi(name.c_str() + kPrefix.size());
    if (holder > 0 && ::kill(holder, 0) != 0 && errno == ESRCH) ::rmdir(entry.path().c_str());
  }
}

}  // namespace

std::optional<MemoryGroup> MemoryGroup::make(const fs::path& root, std::string_view own,
                                             std::uint64_t most_bytes) {
  const auto place = place_for_groups(root, own);
  if (!place || ::access(place->folder.c_str(), W_OK) != 0) return std::nullopt;
  const fs::path folder =
      place->folder / (std::string(kPrefix) + std::to_string(::getpid()) + "-" + random_id());
  remove_left_over(place->folder);
  std::error_code failed;
  if (!fs::create_directory(folder, failed)) return std::nullopt;
  MemoryGroup group(folder, place->second);
  const std::string limit = std::to_string(most_bytes);
  if (!put(folder / (place->second ? "memory.max" : "memory.limit_in_bytes"), limit))
    return std::nullopt;
  if (place->second) {
    put(folder / "memory.swap.max", "0");
    put(folder / "memory.oom.group", "0");  // the helper must live to tell
  } else {
    put(folder / "memory.memsw.limit_in_bytes", limit);
  }
  return group;
}

void MemoryGroup::take(pid_t process) const {
  const fs::path file = folder_ / "cgroup.procs";
  const Fd group(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!group) throw_errno("cannot open " + file.string());
  write_all(group.get(), std::to_string(process));
}

// A process of one thread that puts itself there is not waited for in the first version; the second
// takes processes alone, which clone3(2) begins there (since Linux 5.7).
pid_t MemoryGroup::fork_inside() const {
  if (second_) {
    const Fd group(::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    clone_args how{};
    how.flags = CLONE_INTO_CGROUP;
    how.exit_signal = SIGCHLD;
    how.cgroup = static_cast<std::uint64_t>(group.get());
    return group ? static_cast<pid_t>(::syscall(SYS_clone3, &how, sizeof how)) : -1;
  }
  const Fd tasks(::open((folder_ / "tasks").c_str(), O_WRONLY | O_CLOEXEC));
  const pid_t pid = tasks ? ::fork() : -1;
  constexpr int kNotInside = 125;
  if (pid == 0 && ::write(tasks.get(), "0", 1) != 1) ::_exit(kNotInside);
  return pid;
}

MemoryGroup::~MemoryGroup() {
  // The last process may still be on its way out.
  for (int i = 0; !folder_.empty() && ::rmdir(folder_.c_str()) != 0 && errno == EBUSY && i < 100;
       ++i)
    ::usleep(2000);
}

std::uint64_t MemoryGroup::kills() const {
  return value_of(content(folder_ / (second_ ? "memory.events" : "memory.oom_control")),
                  "oom_kill");
}

std::optional<Ended> Watcher::look(pid_t first) {
  const Deadline now = std::chrono::steady_clock::now();
  if (!active() || now < next_) return std::nullopt;
  std::optional<Ended> found;
  // Of many processes the kernel may have killed only one: then they all go.
  if (group_ ? out_of_memory() : most_memory_ > 0 && memory_below(first) > most_memory_) {
    found = Ended::OutOfMemory;
  }
  if (!found && most_disk_ > 0) {
    std::uint64_t used = 0;
    for (const auto& upper : uppers_) used += disk_use(upper);
    if (used > most_disk_) found = Ended::OutOfDisk;
  }
  // A look at a large tree takes its time: at most a twentieth of it all goes into looking.
  const auto took = std::chrono::steady_clock::now() - now;
  next_ = std::chrono::steady_clock::now() +
          std::max<std::chrono::steady_clock::duration>(kBetweenLooks, 20 * took);
  return found;
}

std::uint64_t memory_below(pid_t first) {
  std::uint64_t total = 0;
  std::vector<std::string> rest{std::to_string(first)};
  while (!rest.empty()) {
    const fs::path process = fs::path("/proc") / rest.back();
    rest.pop_back();
    std::string sizes = content(process / "smaps_rollup");
    // A process that closed itself to others is counted by what it has for itself.
    const std::uint64_t kilobytes =
        sizes.empty() ? value_of(content(process / "status"), "RssAnon") : value_of(sizes, "Pss");
    total += kilobytes * 1024;
    std::error_code ignored;
    for (const auto& thread : fs::directory_iterator(process / "task", ignored)) {
      for (auto& child : split(trimmed(content(thread.path() / "children")), ' ')) {
        if (!child.empty()) rest.push_back(std::move(child));
      }
    }
  }
  return total;
}

std::string describe_limits() {
  const auto place = place_for_groups("/sys/fs/cgroup", content("/proc/self/cgroup"));
  if (place && ::access(place->folder.c_str(), W_OK) == 0) {
    return place->second ? "cgroup v2 and rlimits" : "cgroup v1 and rlimits";
  }
  return "rlimits and a watcher";
}

}  // namespace nightjar::sandbox
