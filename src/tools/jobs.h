// What runs beside the shell's commands: jobs that were asked for, and what commands left running.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/time.h"
#include "tools/answer.h"
#include "tools/sink.h"

namespace nightjar::tools {

/// How a stop is heard while a call waits: `control` becomes readable, and `heard` says whether it
/// was for this call.
struct Control {
  int fd = -1;
  std::function<bool()> heard;
};

bool has_bash();
int exit_code(int wait_status);
void write_script(const fs::path& file, std::string_view text);

struct Job {
  explicit Job(fs::path file) : sink(std::move(file)) {}
  pid_t pid = 0;  ///< 0: a command of the shell, or what it left running
  Fd output;
  Sink sink;
  std::optional<int> status;

  /// What is there to read; closes the output at its end.
  void pump(const std::function<void(std::string_view)>& on_output = {});
  /// The same until the output ends, or for so long.
  void drain(Millis most, const std::function<void(std::string_view)>& on_output = {});
};

class Jobs {
 public:
  explicit Jobs(fs::path scratch) : scratch_(std::move(scratch)) {}

  /// Starts one in `folder`.
  Answer start(const std::string& command, const fs::path& folder);
  /// What it printed since it was last asked, and whether it still runs. `reap` asks for the
  /// statuses of children.
  Answer ask(const std::string& id, bool stop, Millis wait, const Control& control,
             const std::function<void()>& reap);
  /// From now on the output of what a command left running is read here.
  void keep(const std::string& id, std::unique_ptr<Job> left);

  /// To be polled beside what else is waited for.
  void add_to(std::vector<pollfd>& waits) const;
  void pump();
  void ended(pid_t pid, int status);
  bool owns(pid_t pid) const;

 private:
  void stop(Job& job);
  std::string names() const;
  void drop_oldest();

  fs::path scratch_;
  std::map<std::string, std::unique_ptr<Job>> jobs_;
  std::vector<std::string> left_;  ///< ids of what commands left, oldest first
  long next_ = 1;
};

}  // namespace nightjar::tools
