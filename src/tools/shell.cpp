#include "tools/shell.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <ctime>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/process_table.h"

namespace nightjar::tools {

namespace {

// POSIX, so that it works where there is no bash. 8 and 9 are closed for what the commands start.
constexpr const char* kLoop =
    "while IFS= read -r nightjar_n <&8; do\n"
    ". \"$1/c$nightjar_n\" </dev/null >\"$1/o$nightjar_n\" 2>&1 8<&- 9>&-\n"
    "printf '%s %s\\n' \"$nightjar_n\" \"$?\" >&9\n"
    "done\n";

constexpr Millis kGrace{2000};
constexpr size_t kMostJobs = 16;

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

void write_script(const fs::path& file, std::string_view text) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) throw_errno("cannot write a script");
  write_all(fd.get(), std::string(text) + "\n");
}

bool has_bash() { return ::access("/bin/bash", X_OK) == 0 || ::access("/usr/bin/bash", X_OK) == 0; }

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// In the unit of /proc/PID/stat.
unsigned long long ticks_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const auto hertz = static_cast<unsigned long long>(::sysconf(_SC_CLK_TCK));
  return static_cast<unsigned long long>(now.tv_sec) * hertz +
         static_cast<unsigned long long>(now.tv_nsec) * hertz / 1'000'000'000;
}

void kill_below(pid_t ancestor, unsigned long long since) {
  const auto table = sandbox::process_table();
  for (const auto& [pid, process] : table) {
    if (pid != ancestor && process.start >= since && !process.ended &&
        sandbox::stands_below(table, pid, ancestor))
      ::kill(pid, SIGKILL);
  }
}

void append_line(std::string& text, std::string_view line) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += line;
}

}  // namespace

struct Shell::Job {
  explicit Job(fs::path file) : sink(std::move(file)) {}
  pid_t pid = 0;  ///< 0: a command of the shell, or what it left running
  Fd output;
  Sink sink;
  std::optional<int> status;

  /// What is there to read. False at the end of the output.
  bool pump(const std::function<void(std::string_view)>& on_output = {}) {
    std::array<char, 65536> buffer;
    for (int i = 0; i < 64; ++i) {
      const ssize_t n = ::read(output.get(), buffer.data(), buffer.size());
      if (n == 0) return false;
      if (n < 0) return true;
      const std::string_view bytes(buffer.data(), static_cast<size_t>(n));
      sink.add(bytes);
      if (on_output) on_output(bytes);
    }
    return true;
  }
};

Shell::Shell(fs::path scratch, fs::path folder)
    : scratch_(std::move(scratch)), folder_(std::move(folder)) {
  fs::create_directories(scratch_);
}

Shell::~Shell() { end_shell(); }

void Shell::start() {
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
    for (const int fd : {0, 1, 2}) ::dup2(null, fd);
    ::dup2(in, 8);
    ::dup2(out, 9);
    ::close(in);
    ::close(out);
    if (bash)
      ::execlp("bash", "bash", "--noprofile", "--norc", "-c", kLoop, "shell", scratch.c_str(),
               nullptr);
    ::execlp("sh", "sh", "-c", kLoop, "shell", scratch.c_str(), nullptr);
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
    for (auto& [id, job] : jobs_) {
      if (job->pid == pid) job->status = status;
    }
  }
}

// The status of command `number`, where it has come.
std::optional<int> Shell::read_status(long number) {
  std::array<char, 256> buffer;
  for (ssize_t n; (n = ::read(status_.get(), buffer.data(), buffer.size())) > 0;)
    status_text_.append(buffer.data(), static_cast<size_t>(n));
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

Answer Shell::run(const ShellCommand& command,
                  const std::function<void(std::string_view)>& on_output, int control,
                  const std::function<bool()>& heard) {
  if (command.command.find('\0') != std::string::npos)
    return failed("the command holds a NUL byte");
  if (pid_ == 0) start();
  const long number = ++number_;
  const fs::path script = scratch_ / ("c" + std::to_string(number));
  const fs::path fifo = scratch_ / ("o" + std::to_string(number));
  write_script(script, command.command);
  if (::mkfifo(fifo.c_str(), 0600) != 0) throw_errno("cannot make a pipe");
  auto job = std::make_unique<Job>(scratch_ / ("output" + std::to_string(number) + ".txt"));
  job->output = Fd(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!job->output) throw_errno("cannot open a pipe");
  const auto since = ticks_since_boot();
  write_all(input_.get(), std::to_string(number) + "\n");

  std::string trouble;
  Deadline deadline = in(command.timeout);
  bool open = true;
  std::optional<int> status;
  while (!status && !ended_) {
    std::vector<pollfd> waits{{status_.get(), POLLIN, 0},
                              {open ? job->output.get() : -1, POLLIN, 0},
                              {trouble.empty() ? control : -1, POLLIN, 0}};
    for (const auto& [id, other] : jobs_) waits.push_back({other->output.get(), POLLIN, 0});
    if (::poll(waits.data(), waits.size(), poll_timeout(deadline)) < 0 && errno != EINTR)
      throw_errno("poll");
    if (waits[1].revents) open = job->pump(on_output);
    pump_jobs();
    if (waits[0].revents) {
      status = read_status(number);
      if (!status) reap();
    }
    if (waits[2].revents && trouble.empty() && heard()) {
      trouble = "stopped";
    } else if (trouble.empty() && std::chrono::steady_clock::now() >= deadline) {
      trouble = "timed out after " + human(command.timeout) + " and was killed";
    } else if (!trouble.empty() && std::chrono::steady_clock::now() >= deadline) {
      ::kill(pid_, SIGKILL);  // the shell itself does not end
      deadline = in(kGrace);
    } else {
      continue;
    }
    if (status || ended_) break;
    kill_below(pid_, since);
    deadline = in(kGrace);
  }
  if (open) open = job->pump(on_output);
  reap();
  fs::remove(script);
  fs::remove(fifo);
  note_folder();
  Answer out = ended(job->sink.text(), status ? *status : exit_code(*ended_), trouble);
  // What it left running goes on printing into its own file.
  if (open && jobs_.size() < kMostJobs) jobs_["left" + std::to_string(number)] = std::move(job);
  return out;
}

void Shell::note_folder() {
  std::error_code failed;
  const fs::path folder = fs::read_symlink("/proc/" + std::to_string(pid_) + "/cwd", failed);
  if (!failed && fs::is_directory(folder, failed)) folder_ = folder;
}

Answer Shell::ended(std::string output, int code, const std::string& trouble) {
  Answer out;
  out.output = std::move(output);
  out.error = code != 0 || !trouble.empty();
  if (!trouble.empty())
    append_line(out.output, "[" + trouble + "]");
  else if (code != 0)
    append_line(out.output, "[exit status " + std::to_string(code) + "]");
  if (ended_) {
    append_line(out.output,
                "[the shell has ended; the next command gets a new one, without its variables]");
    end_shell();
  }
  return out;
}

void Shell::pump_jobs() {
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    const bool more = !job->second->output || job->second->pump();
    if (!more) job->second->output.reset();
    // What a command left running has no status to ask for.
    job = !more && job->second->pid == 0 ? jobs_.erase(job) : std::next(job);
  }
}

Answer Shell::start_job(const std::string& command) {
  if (command.find('\0') != std::string::npos) return failed("the command holds a NUL byte");
  if (jobs_.size() >= kMostJobs)
    return failed("there are " + std::to_string(kMostJobs) + " jobs already; stop one first");
  const std::string id = "job" + std::to_string(next_job_++);
  const fs::path script = scratch_ / id;
  write_script(script, command);
  auto job = std::make_unique<Job>(scratch_ / (id + ".txt"));
  Pipe output;
  const bool bash = has_bash();
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("cannot start a job");
  if (pid == 0) {
    ::setsid();
    ::signal(SIGPIPE, SIG_DFL);
    if (::chdir(folder_.c_str()) != 0) ::_exit(126);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 0);
    ::dup2(output.write_end.get(), 1);
    ::dup2(output.write_end.get(), 2);
    ::execlp(bash ? "bash" : "sh", bash ? "bash" : "sh", script.c_str(), nullptr);
    ::_exit(127);
  }
  job->pid = pid;
  job->output = std::move(output.read_end);
  jobs_[id] = std::move(job);
  Answer out;
  out.output = "started as " + id + "; read its output with {\"job\": \"" + id +
               "\"}, stop it with {\"job\": \"" + id + "\", \"stop\": true}";
  return out;
}

Answer Shell::ask_job(const std::string& id, bool stop, Millis wait) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || found->second->pid == 0) {
    std::string known;
    for (const auto& [name, job] : jobs_) {
      if (job->pid != 0) known += (known.empty() ? "" : ", ") + name;
    }
    return failed("there is no job '" + shortened(inert(id), 40) +
                  "'; there are: " + (known.empty() ? "none" : known));
  }
  Job& job = *found->second;
  if (stop && !job.status) {
    kill_below(job.pid, 0);
    ::kill(job.pid, SIGKILL);
    wait = kGrace;
  }
  const Deadline deadline = in(wait);
  bool more = true;
  for (;;) {
    more = !job.output ? false : job.pump();
    if (!more) job.output.reset();
    reap();
    if (job.status || std::chrono::steady_clock::now() >= deadline) break;
    pollfd waits{job.output.get(), POLLIN, 0};
    // Its end is no event of its output where a child of it holds that: look from time to time.
    ::poll(&waits, 1, std::min(50, poll_timeout(deadline)));
  }
  Answer out;
  out.output = job.sink.news();
  if (job.status) {
    append_line(out.output, "[" + id + " has ended with status " +
                                std::to_string(exit_code(*job.status)) + "]");
    jobs_.erase(found);
  } else {
    append_line(out.output, "[" + id + " is running]");
  }
  return out;
}

void Shell::idle(int control) {
  for (;;) {
    std::vector<pollfd> waits{{control, POLLIN, 0}};
    for (const auto& [id, job] : jobs_) waits.push_back({job->output.get(), POLLIN, 0});
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) throw_errno("poll");
    if (waits[0].revents) return;
    pump_jobs();
    reap();
  }
}

}  // namespace nightjar::tools
