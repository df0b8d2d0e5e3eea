#include "run/checks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "verify/verify.h"

namespace nightjar::run {

namespace {

constexpr std::uint64_t kMostHead = 32 << 20;
constexpr size_t kMostTail = 32 << 20;
constexpr std::uintmax_t kLeastRoom = std::uintmax_t{8} << 20;
constexpr size_t kMostReportFile = 64 << 20;

std::string trouble_of(const sandbox::CommandResult& result) {
  switch (result.ended) {
    case sandbox::Ended::ByItself:
      return "";
    case sandbox::Ended::TimedOut:
      return "took longer than its limit";
    case sandbox::Ended::Silent:
      return "printed nothing for longer than its limit";
    case sandbox::Ended::OutOfMemory:
      return "ran out of memory";
    case sandbox::Ended::OutOfDisk:
      return "wrote more than the sandbox may hold";
    case sandbox::Ended::Stopped:
      return "was stopped";
  }
  return "";
}

void collect_reports(sandbox::Session& session, const std::string& command,
                     verify::CheckOutput& output) {
  for (const auto& [folder, pattern] : verify::report_files(command)) {
    for (const auto& file : session.find_files(folder, pattern)) {
      if (auto content = session.read_file(file, kMostReportFile))
        output.files[file] = std::move(*content);
    }
  }
}

core::CheckReport run_once(sandbox::Session& session, const core::CheckSpec& check, size_t number,
                           const CheckRun& how, Journal& journal) {
  const std::string round = how.round > 1 ? std::to_string(how.round) : "";
  const std::string log_name =
      how.stage + round + "-" + slug(check.name, 40) + "-" + std::to_string(number) + ".log";
  journal.progress("command_started",
                   {{"stage", how.stage}, {"name", check.name}, {"command", check.run}});
  LogFile log(how.folder / "logs" / log_name);
  sandbox::Command tidy{
      .argv = {"/bin/sh", "-c",
               "[ ! -e /tmp/nightjar-reports ] || rm -rf /tmp/nightjar-reports; mkdir "
               "/tmp/nightjar-reports"}};
  tidy.stop = how.stop;
  session.run(tidy);

  sandbox::Command command{.argv = {"/bin/sh", "-c", check.run}};
  command.env = verify::reporting_environment();
  command.deadline = how.deadline;
  command.idle = how.idle;
  command.stop = how.stop;
  command.on_output = [&log](std::string_view bytes) { log.add(bytes); };
  sandbox::CommandResult result = session.run(command);
  if (result.killed_from_outside) {
    journal.note("'" + check.name + "' was killed from outside; it runs once more");
    result = session.run(command);
  }
  verify::CheckOutput output;
  output.exit_status = result.exit_status;
  output.trouble = trouble_of(result);
  output.truncated = result.output_bytes > result.output.size();
  output.output = std::move(result.output);
  collect_reports(session, check.run, output);
  core::CheckReport report = verify::read_report(check, output);
  report.duration = result.duration;
  report.log = "logs/" + log_name;
  report.log_sha256 = log.finish();
  journal.progress("command_finished", {{"stage", how.stage},
                                        {"name", check.name},
                                        {"exit_status", report.exit_status},
                                        {"duration_ms", report.duration.count()},
                                        {"log", report.log}});
  return report;
}

// A check that failed while the disk was full says nothing about the code.
void refuse_if_disk_is_full(const core::CheckReport& report, const fs::path& folder) {
  std::error_code unknown;
  const auto room = fs::space(folder, unknown).available;
  if (report.passed() || unknown || room >= kLeastRoom) return;
  throw Error(ErrorKind::Limit, "the disk was full while '" + report.name + "' ran");
}

bool worth_another_run(const core::CheckReport& report, const core::CheckReport* before) {
  if (!report.trouble.empty()) return false;
  if (!before) return report.counts.failed > 0;
  if (!report.by_test || !before->by_test) return report.counts.failed > before->counts.failed;
  return std::ranges::any_of(report.tests, [&](const auto& test) {
    const auto was = before->tests.find(test.first);
    return test.second == core::TestStatus::Failed &&
           (was == before->tests.end() || was->second != core::TestStatus::Failed);
  });
}

}  // namespace

LogFile::LogFile(fs::path file) : file_(std::move(file)), temporary_(file_.string() + ".part") {
  fs::create_directories(file_.parent_path());
  fd_.reset(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd_) throw_errno("cannot create " + temporary_.string());
}

LogFile::~LogFile() {
  if (fd_) ::unlink(temporary_.c_str());
}

void LogFile::add(std::string_view bytes) {
  if (written_ < kMostHead) {
    const auto part = bytes.substr(0, kMostHead - written_);
    write_all(fd_.get(), part);
    written_ += part.size();
    bytes.remove_prefix(part.size());
  }
  if (bytes.empty()) return;
  tail_ += bytes;
  if (tail_.size() > 2 * kMostTail) {
    left_out_ += tail_.size() - kMostTail;
    tail_.erase(0, tail_.size() - kMostTail);
  }
}

std::string LogFile::finish() {
  if (left_out_) write_all(fd_.get(), "\n… " + human_size(left_out_) + " left out …\n");
  write_all(fd_.get(), tail_);
  if (::fsync(fd_.get()) != 0) throw_errno("cannot sync " + temporary_.string());
  fd_.reset();
  fs::rename(temporary_, file_);
  sync_folder(file_.parent_path());
  return sha256(read_file(file_));
}

std::vector<core::CheckReport> run_checks(sandbox::Session& session,
                                          const std::vector<core::CheckSpec>& checks,
                                          const std::vector<core::CheckReport>* passed_before,
                                          const CheckRun& how, Journal& journal) {
  std::vector<core::CheckReport> reports;
  for (const auto& check : checks) {
    const core::CheckReport* before = nullptr;
    if (passed_before) {
      const auto found = std::ranges::find(*passed_before, check.name, &core::CheckReport::name);
      if (found != passed_before->end()) before = &*found;
    }
    core::CheckReport report = run_once(session, check, 1, how, journal);
    refuse_if_disk_is_full(report, how.folder);
    if (worth_another_run(report, before)) {
      journal.note("'" + check.name + "' has failures; once more, to tell flaky from failing");
      report = verify::merge(report, run_once(session, check, 2, how, journal));
    }
    journal.progress("check_finished", {{"stage", how.stage},
                                        {"name", report.name},
                                        {"counts", core::to_json(report.counts)},
                                        {"duration_ms", report.duration.count()}});
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace nightjar::run
