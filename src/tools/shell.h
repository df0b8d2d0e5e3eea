// The shell of the toolbox: one that keeps its folder and variables between commands, and jobs that
// run beside it. Lives inside the sandbox.
//
// The shell reads the numbers of commands from a pipe, sources the script of that number, and
// writes number and status to another; the output of each command goes through a pipe of its own,
// so that what a command left running in the background is not mixed into the next one's.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "tools/answer.h"
#include "tools/jobs.h"

namespace nightjar::tools {

struct ShellCommand {
  std::string command;
  Millis timeout{120'000};
  std::string folder;  ///< to change to first; empty: where the shell stands
};

class Shell {
 public:
  /// `scratch`: a folder for scripts and outputs; `folder`: where it starts.
  Shell(fs::path scratch, fs::path folder);
  ~Shell();
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  /// Blocks until the command has ended. At its timeout and at a stop it is killed with the shell
  /// and what it started; the next one gets a new shell in the same folder.
  Answer run(const ShellCommand& command, const std::function<void(std::string_view)>& on_output,
             const Control& control);
  /// Starts a job in the shell's folder.
  Answer start_job(const ShellCommand& command);
  /// What the job printed since it was last asked, and whether it still runs.
  Answer ask_job(const std::string& id, bool stop, Millis wait, const Control& control);
  /// Reads what jobs print, until `control` has something. For the time between commands.
  void idle(int control);
  /// Where it stands.
  const fs::path& folder() const { return folder_; }

 private:
  struct Course;
  bool ready();
  void start();
  void end_shell();
  void reap();
  std::optional<int> read_status(long number);
  void note_folder();
  void kill_command(unsigned long long since);
  std::string pipe_name() const;
  Fd open_pipe();
  bool send(long number);
  void follow(Course& course, const std::function<void(std::string_view)>& on_output,
              const Control& control);

  fs::path scratch_, folder_;
  pid_t pid_ = 0;
  std::optional<int> ended_;  ///< wait status of the shell
  Fd input_, status_;
  std::string status_text_;
  /// In the names of output files: those of a toolbox before this one are no longer there, and what
  /// named them must not find another command's output.
  std::string mark_ = random_id();
  long number_ = 0;
  long pipe_ = 0;  ///< number of the named pipe that commands print to
  Jobs jobs_;
};

}  // namespace nightjar::tools
