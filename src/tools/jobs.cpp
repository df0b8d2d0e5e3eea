#include "tools/jobs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "tools/processes.h"
#include "tools/scratch_file.h"

namespace nightjar::tools {

namespace {

constexpr Millis kGrace{2000};
constexpr Millis kLastWords{50};
constexpr size_t kMostJobs = 16, kMostLeft = 32;

}  // namespace

bool has_bash() { return ::access("/bin/bash", X_OK) == 0 || ::access("/usr/bin/bash", X_OK) == 0; }

int exit_code(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

void write_script(const fs::path& file, std::string_view text) {
  const Fd fd = fresh_file(file, 0600);
  if (!fd) throw_errno("cannot write a script");
  write_all(fd.get(), std::string(text) + "\n");
}

void Job::pump(const std::function<void(std::string_view)>& on_output) {
  std::array<char, 65536> buffer;
  for (int i = 0; output && i < 64; ++i) {
    const ssize_t n = ::read(output.get(), buffer.data(), buffer.size());
    if (n == 0) output.reset();
    if (n <= 0) return;
    const std::string_view bytes(buffer.data(), static_cast<size_t>(n));
    sink.add(bytes);
    if (on_output) on_output(bytes);
  }
}

void Job::drain(Millis most, const std::function<void(std::string_view)>& on_output) {
  const Deadline deadline = in(most);
  for (pump(on_output); output; pump(on_output)) {
    pollfd wait{output.get(), POLLIN, 0};
    if (std::chrono::steady_clock::now() >= deadline) return;
    ::poll(&wait, 1, poll_timeout(deadline));
  }
}

Answer Jobs::start(const std::string& command, const fs::path& folder) {
  if (command.find('\0') != std::string::npos) return failed("the command holds a NUL byte");
  if (jobs_.size() - left_.size() >= kMostJobs)
    return failed("there are " + std::to_string(kMostJobs) + " jobs already (" + names() +
                  "); stop one first");
  const std::string id = "job" + std::to_string(next_++);
  const fs::path script = scratch_ / id;
  write_script(script, command);
  auto job = std::make_unique<Job>(scratch_ / (id + ".txt"));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  job->output = Fd(ends[0]);
  const Fd output(ends[1]);
  ::fcntl(job->output.get(), F_SETFL, O_NONBLOCK);
  const char* program = has_bash() ? "bash" : "sh";
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("cannot start a job");
  if (pid == 0) {
    ::setsid();
    ::signal(SIGPIPE, SIG_DFL);
    if (::chdir(folder.c_str()) != 0) ::_exit(126);
    const int null = ::open("/dev/null", O_RDONLY);
    if (null < 0) ::_exit(126);
    ::dup2(null, 0);
    ::dup2(output.get(), 1);
    ::dup2(output.get(), 2);
    ::execlp(program, program, script.c_str(), nullptr);
    ::_exit(127);
  }
  job->pid = pid;
  jobs_[id] = std::move(job);
  Answer out;
  out.output = "started as " + id + "; read its output with {\"job\": \"" + id +
               "\"}, stop it with {\"job\": \"" + id + "\", \"stop\": true}";
  return out;
}

// What a command left running is known by the pipe that it prints into.
void Jobs::stop(Job& job) {
  std::set<pid_t> tops;
  if (job.pid != 0)
    tops.insert(job.pid);
  else if (job.output)
    tops = [&] {
      const auto holders = holders_of(job.output.get());
      return std::set<pid_t>(holders.begin(), holders.end());
    }();
  kill_all([&](const ProcessTable& table, pid_t pid) {
    return std::ranges::any_of(tops,
                               [&](pid_t top) { return sandbox::stands_below(table, pid, top); });
  });
}

Answer Jobs::ask(const std::string& id, bool stop, Millis wait, const Control& control,
                 const std::function<void()>& reap) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end())
    return failed("there is no job '" + shortened(inert(id), 40) +
                  "'; there are: " + (jobs_.empty() ? "none" : names()));
  Job& job = *found->second;
  const auto over = [&job] { return job.pid != 0 ? job.status.has_value() : !job.output; };
  pump();
  reap();
  if (stop && !over()) {
    this->stop(job);
    wait = kGrace;
  }
  const Deadline deadline = in(wait);
  bool stopped = false;
  while (!over() && !stopped && std::chrono::steady_clock::now() < deadline) {
    std::vector<pollfd> waits{{control.fd, POLLIN, 0}};
    add_to(waits);
    // Its end is no event of its output where a child of it holds that: look from time to time.
    ::poll(waits.data(), waits.size(), std::min(50, poll_timeout(deadline)));
    pump();
    reap();
    stopped = waits[0].revents && control.heard();
  }
  if (over()) job.drain(kLastWords);
  Answer out;
  out.output = job.sink.news();
  if (!over()) {
    append_line(out.output, "[" + id + " is running]");
    return out;
  }
  append_line(out.output, "[" + id + " has ended" +
                              (job.status ? " with status " + std::to_string(exit_code(*job.status))
                                          : std::string()) +
                              (job.output ? "; what it started still runs" : "") + "]");
  std::erase(left_, id);
  if (!job.output) {
    jobs_.erase(found);
  } else {
    job.pid = 0;
    job.status.reset();
    left_.push_back(id);
  }
  return out;
}

void Jobs::keep(const std::string& id, std::unique_ptr<Job> left) {
  left->sink.news();  // that was shown with its command
  if (left_.size() >= kMostLeft) drop_oldest();
  left_.push_back(id);
  jobs_[id] = std::move(left);
}

// One that has ended, where there is one: of the others the pipe would break.
void Jobs::drop_oldest() {
  auto oldest = std::ranges::find_if(left_, [&](const auto& id) { return !jobs_.at(id)->output; });
  if (oldest == left_.end()) oldest = left_.begin();
  jobs_.erase(*oldest);
  left_.erase(oldest);
}

void Jobs::add_to(std::vector<pollfd>& waits) const {
  for (const auto& [id, job] : jobs_) {
    if (job->output) waits.push_back({job->output.get(), POLLIN, 0});
  }
}

void Jobs::pump() {
  for (const auto& [id, job] : jobs_) job->pump();
}

void Jobs::ended(pid_t pid, int status) {
  for (const auto& [id, job] : jobs_) {
    if (job->pid == pid) job->status = status;
  }
}

bool Jobs::owns(pid_t pid) const {
  return std::ranges::any_of(jobs_, [&](const auto& entry) { return entry.second->pid == pid; });
}

std::string Jobs::names() const {
  std::string out;
  for (const auto& [id, job] : jobs_) out += (out.empty() ? "" : ", ") + id;
  return out;
}

}  // namespace nightjar::tools
