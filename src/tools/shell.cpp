#include "tools/shell.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "tools/processes.h"
#include "tools/shell_loop.h"

namespace nightjar::tools {

namespace {

constexpr Millis kLook{250};
constexpr Millis kLastWords{50};
constexpr Millis kAfterKill{1000};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
    ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
  }
  Fd read_end, write_end;
};

std::string seconds(Millis time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

/// A command on its way.
struct Shell::Course {
  long number = 0;
  Millis timeout{};
  std::unique_ptr<Job> job;
  unsigned long long since = 0;  ///< nothing that it started is older
  std::optional<int> status;
  std::string trouble;  ///< why it was killed
};

Shell::Shell(fs::path scratch, fs::path folder)
    : scratch_(std::move(scratch)), folder_(std::move(folder)), jobs_(scratch_) {
  fs::create_directories(scratch_);
}

Shell::~Shell() { end_shell(); }

void Shell::start() {
  std::error_code failed;
  while (!fs::is_directory(folder_, failed) && folder_.has_relative_path())
    folder_ = folder_.parent_path();  // somebody removed it
  Pipe input, status;
  const std::string scratch = scratch_.string();
  const bool bash = has_bash();
  // The shell's end of its input must block.
  ::fcntl(input.read_end.get(), F_SETFL, 0);
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("cannot start a shell");
  if (pid == 0) {
    ::setsid();
    ::signal(SIGPIPE, SIG_DFL);
    if (::chdir(folder_.c_str()) != 0) ::_exit(126);
    // Clear of 8 and 9 first: either may be the other's number.
    const int in = ::fcntl(input.read_end.get(), F_DUPFD, 16);
    const int out = ::fcntl(status.write_end.get(), F_DUPFD, 16);
    const int null = ::open("/dev/null", O_RDWR);
    if (in < 0 || out < 0 || null < 0) ::_exit(126);
    for (const int fd : {0, 1, 2}) ::dup2(null, fd);
    ::dup2(in, 8);
    ::dup2(out, 9);
    ::close(in);
    ::close(out);
    if (bash)
      ::execlp("bash", "bash", "--noprofile", "--norc", "-c", kShellLoop, "shell", scratch.c_str(),
               nullptr);
    ::execlp("sh", "sh", "-c", kShellLoop, "shell", scratch.c_str(), nullptr);
    ::_exit(127);
  }
  pid_ = pid;
  ended_.reset();
  input_ = std::move(input.write_end);
  status_ = std::move(status.read_end);
  status_text_.clear();
}

void Shell::end_shell() {
  if (pid_ <= 0) return;
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = 0;
  ended_.reset();
  input_.reset();
  status_.reset();
}

// Orphans included: this process adopts them.
void Shell::reap() {
  int status = 0;
  for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == pid_) ended_ = status;
    jobs_.ended(pid, status);
  }
}

// The status of command `number`, where it has come.
std::optional<int> Shell::read_status(long number) {
  std::array<char, 256> buffer;
  const ssize_t n = ::read(status_.get(), buffer.data(), buffer.size());
  if (n > 0) status_text_.append(buffer.data(), static_cast<size_t>(n));
  std::optional<int> out;
  for (size_t end; (end = status_text_.find('\n')) != std::string::npos;) {
    const std::string line = status_text_.substr(0, end);
    status_text_.erase(0, end + 1);
    const std::string begin = std::to_string(number) + " ";
    int value = 0;
    if (line.starts_with(begin) &&
        std::from_chars(line.data() + begin.size(), line.data() + line.size(), value).ec ==
            std::errc{})
      out = value;
  }
  return out;
}

// True where the shell before had ended by itself, after its last command.
bool Shell::ready() {
  reap();
  const bool fresh = pid_ != 0 && ended_;
  if (fresh) end_shell();
  if (pid_ == 0) start();
  return fresh;
}

std::string Shell::pipe_name() const { return "pipe" + std::to_string(pipe_); }

// The last command's, where that is still there: making and removing one takes longer than many a
// command.
Fd Shell::open_pipe() {
  for (bool is_new = false;; is_new = true) {
    const fs::path file = scratch_ / pipe_name();
    Fd out(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    struct stat info{};
    if (out && ::fstat(out.get(), &info) == 0 && S_ISFIFO(info.st_mode)) return out;
    if (is_new) throw_errno("cannot open a pipe");
    ++pipe_;  // a command may have put anything in its place
    fs::create_directories(scratch_);
    if (::mkfifo((scratch_ / pipe_name()).c_str(), 0600) != 0) throw_errno("cannot make a pipe");
  }
}

bool Shell::send(long number) {
  try {
    write_all(input_.get(), std::to_string(number) + " " + pipe_name() + "\n");
    return true;
  } catch (const Error&) {  // it ends at this moment
    return false;
  }
}

Answer Shell::run(const ShellCommand& command,
                  const std::function<void(std::string_view)>& on_output, const Control& control) {
  if (command.command.find('\0') != std::string::npos)
    return failed("the command holds a NUL byte");
  bool fresh = ready();
  Course course;
  course.number = ++number_;
  course.timeout = command.timeout;
  const std::string number = std::to_string(course.number);
  const std::string enter =
      command.folder.empty() ? "" : "cd -- " + shell_quoted(command.folder) + " || return 1\n";
  course.job = std::make_unique<Job>(scratch_ / ("output-" + mark_ + "-" + number + ".txt"));
  course.job->output = open_pipe();
  write_script(scratch_ / "command", enter + command.command);
  course.since = ticks_since_boot();
  if (!send(course.number)) {
    end_shell();
    start();
    fresh = true;
    if (!send(course.number)) throw Error(ErrorKind::Unavailable, "no shell can be started");
  }
  follow(course, on_output, control);
  if (course.job->output) {  // what holds it goes on with it alone
    fs::remove(scratch_ / pipe_name());
    ++pipe_;
  }

  Answer out;
  out.output = course.job->sink.text();
  const int code = course.status ? *course.status : exit_code(*ended_);
  out.error = code != 0 || !course.trouble.empty();
  if (!course.trouble.empty())
    append_line(out.output, "[" + course.trouble +
                                "; the next command gets a new shell, in the same folder, without "
                                "its variables]");
  else if (code != 0)
    append_line(out.output, "[exit status " + std::to_string(code) + "]");
  if (fresh)
    append_line(out.output,
                "[the shell had ended since the last command; this is a new one, without its "
                "variables]");
  if (ended_) {
    if (course.trouble.empty())
      append_line(out.output,
                  "[the shell has ended; the next command gets a new one, without its variables]");
    end_shell();
  }
  if (course.job->output) {
    const std::string id = "left" + number;
    auto holders = holders_of(course.job->output.get());
    std::erase(holders, pid_);  // `exec 3>&1` is no process
    if (!holders.empty())
      append_line(out.output, "[what it started still runs: {\"job\": \"" + id +
                                  "\"} reads what that prints, with \"stop\" it is ended]");
    jobs_.keep(id, std::move(course.job));
  }
  return out;
}

void Shell::follow(Course& course, const std::function<void(std::string_view)>& on_output,
                   const Control& control) {
  const Deadline deadline = in(course.timeout);
  Deadline look = in(kLook);
  while (!course.status && !ended_) {
    const int output = course.job->output ? course.job->output.get() : -1;
    std::vector<pollfd> waits{
        {status_.get(), POLLIN, 0}, {output, POLLIN, 0}, {control.fd, POLLIN, 0}};
    jobs_.add_to(waits);
    // A shell that is killed may leave copies of its pipes with what it started, and their end is
    // not seen then: look after it from time to time.
    if (::poll(waits.data(), waits.size(), poll_timeout(std::min(deadline, look))) < 0 &&
        errno != EINTR)
      throw_errno("poll");
    if (waits[1].revents) course.job->pump(on_output);
    jobs_.pump();
    if (waits[0].revents) course.status = read_status(course.number);
    if (course.status) break;
    const auto now = std::chrono::steady_clock::now();
    if (waits[0].revents || now >= look) {
      reap();
      look = in(kLook);
    }
    if (ended_) break;
    if (waits[2].revents && control.heard())
      course.trouble = "stopped";
    else if (now >= deadline)
      course.trouble = "timed out after " + seconds(course.timeout) + " and was killed";
    if (!course.trouble.empty()) kill_command(course.since);
  }
  // Processes of a pipeline may have a moment to live after their shell has its status.
  course.job->drain(course.trouble.empty() ? kLastWords : kAfterKill, on_output);
  reap();
  note_folder();
}

// The shell with it: it would go on with the rest of the script. What earlier commands and jobs
// started stays.
void Shell::kill_command(unsigned long long since) {
  ::kill(pid_, SIGSTOP);
  note_folder();
  const pid_t self = ::getpid();
  kill_all([&](const ProcessTable& table, pid_t pid) {
    // What was left by its parent stands below this process.
    while (pid != pid_ && pid != self) {
      const auto entry = table.find(pid);
      if (entry == table.end() || entry->second.start < since || jobs_.owns(pid)) return false;
      pid = entry->second.parent;
      if (pid == pid_ || pid == self) return true;
    }
    return pid == pid_;
  });
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ended_ = status;
}

void Shell::note_folder() {
  const std::string link = "/proc/" + std::to_string(pid_) + "/cwd";
  std::array<char, PATH_MAX> path;
  const ssize_t n = ::readlink(link.c_str(), path.data(), path.size());
  if (n <= 0) return;
  const std::string_view folder(path.data(), static_cast<size_t>(n));
  std::error_code failed;
  if (folder != folder_.native() && fs::is_directory(folder, failed)) folder_ = folder;
}

Answer Shell::start_job(const ShellCommand& command) {
  return jobs_.start(command.command,
                     command.folder.empty() ? folder_ : (folder_ / command.folder));
}

Answer Shell::ask_job(const std::string& id, bool stop, Millis wait, const Control& control) {
  return jobs_.ask(id, stop, wait, control, [this] { reap(); });
}

void Shell::idle(int control) {
  for (;;) {
    std::vector<pollfd> waits{{control, POLLIN, 0}};
    jobs_.add_to(waits);
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) throw_errno("poll");
    if (waits[0].revents) return;
    jobs_.pump();
    reap();
  }
}

}  // namespace nightjar::tools
