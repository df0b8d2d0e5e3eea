// The numbers of the README's table, measured with the real program on a repository that is made
// here: 20,000 files, of which 5,000 hold one name. Beside each number stands the physical floor:
// what the machine needs for the same work without Nightjar. `make bench` builds for release and
// runs this.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/client.h"
#include "sandbox/session.h"
#include "store/store.h"
#include "support/repo.h"
#include "support/service.h"

namespace nightjar::bench {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kFiles = 20'000;
constexpr int kWithName = 5'000;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

void row(std::string_view what, std::string_view target, const std::string& measured,
         const std::string& floor) {
  fmt::print("| {} | {} | {} | {} |\n", what, target, measured, floor);
  std::fflush(stdout);
}

test::Repo make_repository() {
  test::Repo repo("big");
  for (int i = 0; i < kFiles; ++i) {
    const fs::path folder = repo.path() / fmt::format("pkg{:03}", i / 100);
    if (i % 100 == 0) fs::create_directories(folder);
    std::string text =
        fmt::format("\"\"\"Module {}.\"\"\"\n\n\ndef value_{}(x):\n    return x + {}\n", i, i, i);
    if (i % (kFiles / kWithName) == 0) text += "\n\ndef make(kind):\n    return Widget(kind)\n";
    if (i == 0) text += "\n\nclass Widget:\n    pass\n\n\nclass Single:\n    pass\n";
    const Fd fd(::open((folder / fmt::format("mod{:05}.py", i)).c_str(),
                       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    write_all(fd.get(), text);
  }
  repo.write("nightjar.toml",
             "[[check]]\nname = \"tests\"\nrun = \"printf '1..1\\\\nok 1 - a\\\\n'\"\n");
  repo.commit("twenty thousand files");
  return repo;
}

struct RunTimes {
  double whole = 0, checks = 0, prepare = 0, work = 0;
};

RunTimes times_of(test::Service& nightjar, const json::object& task) {
  RunTimes out;
  std::map<std::string, Time> started;
  Time first{};
  const json::value log = nightjar.json_of({"log", get_string(task, "id")});
  for (const auto& item : get_array(log.as_object(), "events")) {
    const auto& event = item.as_object();
    const Time time = from_rfc3339(get_string(event, "time")).value_or(Time{});
    const std::string kind = get_string(event, "kind");
    const auto& body = get_object(event, "body");
    if (kind == "run_created") first = time;
    if (kind == "stage_started") started[get_string(body, "stage")] = time;
    if (kind == "command_finished") out.checks += static_cast<double>(get_int(body, "duration_ms"));
    if (kind == "stage_finished") {
      const double took = static_cast<double>((time - started[get_string(body, "stage")]).count());
      if (get_string(body, "stage") == "prepare") out.prepare = took;
      if (get_string(body, "stage") == "work") out.work = took;
    }
    if (kind == "run_ended") out.whole = static_cast<double>((time - first).count());
  }
  return out;
}

json::object must_be_proved(json::object task) {
  if (get_string(get_object(task, "proof"), "verdict") != "proved") {
    throw Error(ErrorKind::Internal, "the bench's own ticket is not proved: " + to_pretty(task));
  }
  return task;
}

// As many small files, in folders of a hundred, as the sandbox writes them.
double write_floor(const fs::path& dir, int files) {
  const auto start = Clock::now();
  for (int i = 0; i < files; ++i) {
    const fs::path folder = dir / std::to_string(i / 100);
    if (i % 100 == 0) fs::create_directory(folder);
    const Fd fd(::open((folder / std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    write_all(fd.get(), "some three hundred bytes would be the same\n");
  }
  return ms_since(start);
}

double clone_floor(const fs::path& repo) {
  const TempDir dir;
  const auto start = Clock::now();
  const std::string line = "git clone -q " + repo.string() + " " + (dir.path() / "clone").string();
  if (std::system(line.c_str()) != 0) throw Error(ErrorKind::Internal, "git clone failed");
  return ms_since(start);
}

double read_floor(const fs::path& repo) {
  const auto start = Clock::now();
  size_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(repo)) {
    if (entry.path().extension() == ".py") bytes += read_file(entry.path()).size();
  }
  if (bytes == 0) throw Error(ErrorKind::Internal, "nothing was read");
  return ms_since(start);
}

void whole_runs() {
  const test::Repo repo = make_repository();
  // Kept to the end: ext4 gives out no inode that was freed in the last minutes, and searches long
  // for others.
  const TempDir written;
  const double read = read_floor(repo.path()) / 1000;
  const double write = write_floor(written.path(), kWithName) / 1000;
  test::Service nightjar;
  must_be_proved(nightjar.finish({"Rename class Single to Warm"},
                                 repo.path()));  // mirror, checkout and baseline are warm now
  const RunTimes times = times_of(
      nightjar,
      must_be_proved(nightjar.finish({"Rename class Widget to Gadget everywhere"}, repo.path())));
  std::vector<double> overhead, prepare;
  for (int i = 0; i < 7; ++i) {
    const auto task = must_be_proved(
        nightjar.finish({fmt::format("Rename class Single to Single{}", i)}, repo.path()));
    const RunTimes one = times_of(nightjar, task);
    overhead.push_back(one.whole - one.checks);
    prepare.push_back(one.prepare);
  }
  row("workspace ready (20,000 files, warm)", "20 ms", fmt::format("{:.0f} ms", median(prepare)),
      fmt::format("{:.1f} s (git clone of it)", clone_floor(repo.path()) / 1000));
  row("run that changes one file, beyond its checks", "250 ms",
      fmt::format("{:.0f} ms", median(overhead)),
      fmt::format("{:.0f} ms (read all files once)", read * 1000));
  row("a name in 5,000 of 20,000 files, found and replaced", "2 s",
      fmt::format("{:.2f} s", times.work / 1000),
      fmt::format("{:.2f} s (read all, write 5,000)", read + write));
  row("the whole run of it", "4 s", fmt::format("{:.2f} s", (times.whole - times.checks) / 1000),
      fmt::format("{:.2f} s (read all, write 5,000 twice)", read + 2 * write));
}

std::uintmax_t bytes_below(const fs::path& folder) {
  std::uintmax_t sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    sum += entry.is_regular_file() ? entry.file_size() : 4096;
  return sum;
}

void sandbox_ready() {
  test::Repo repo("thing");
  repo.write("a.txt", "a\n");
  std::vector<double> ready, floor;
  std::uintmax_t disk = 0;
  for (int i = 0; i < 30; ++i) {
    const TempDir upper;
    sandbox::Policy policy;
    policy.tree = {{repo.path()}, upper.path() / "upper", "/home/someone/thing"};
    policy.helper = fs::path(NIGHTJAR_BINARY_DIR) / "bin" / "nightjar-sandbox";
    const auto start = Clock::now();
    const auto session = sandbox::Session::start(policy);
    session->run({.argv = {"/bin/true"}});
    ready.push_back(ms_since(start));
    disk = bytes_below(upper.path());
  }
  for (int i = 0; i < 30; ++i) {
    const auto start = Clock::now();
    if (std::system("unshare -Urmpinuf /bin/true") != 0) return;
    floor.push_back(ms_since(start));
  }
  row("sandbox ready, first command ended", "15 ms", fmt::format("{:.1f} ms", median(ready)),
      fmt::format("{:.1f} ms (unshare of the same namespaces)", median(floor)));
  row("disk of a fresh workspace", "1 MB", fmt::format("{} KB", disk / 1024), "-");
}

// From an event's own time, taken where it happened, to a client of the stream.
void event_latency() {
  const test::Repo repo = test::parser_project();
  test::Service nightjar;
  nightjar.run({"tasks"});
  std::vector<double> late;
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  const cli::Client client(nightjar.state());
  std::jthread reader([&](std::stop_token stop) {
    try {
      client.events(
          "", std::nullopt,
          [&] {
            const std::lock_guard lock(mutex);
            open = true;
            opened.notify_one();
          },
          [&](long, const json::object& event) {
            const auto time = from_rfc3339(get_string(event, "time"));
            const std::lock_guard lock(mutex);
            if (time) late.push_back(static_cast<double>((now() - *time).count()));
          },
          stop);
    } catch (const Cancelled&) {
    }
  });
  {
    std::unique_lock lock(mutex);
    opened.wait(lock, [&] { return open; });
  }
  for (int i = 0; i < 10; ++i)
    must_be_proved(nightjar.finish({fmt::format("Rename Parser to Reader{}", i)}, repo.path()));
  reader.request_stop();
  reader.join();
  std::ranges::sort(late);
  row("an event reaches a client of the stream, median and 99 %", "20 ms",
      fmt::format("{:.0f} and {:.0f} ms of {} events", median(late),
                  late.empty() ? 0 : late[late.size() * 99 / 100], late.size()),
      "-");
}

double pss_mb(pid_t pid) {
  for (const auto line : lines(read_file("/proc/" + std::to_string(pid) + "/smaps_rollup"))) {
    if (line.starts_with("Pss:")) return std::stod(std::string(line.substr(4))) / 1024;
  }
  return 0;
}

long switches(pid_t pid) {
  long total = 0;
  for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    for (const auto line : lines(read_file(thread.path() / "status"))) {
      if (line.starts_with("voluntary_ctxt_switches:"))
        total += std::stol(std::string(line.substr(24)));
    }
  }
  return total;
}

void idle_daemon() {
  test::Service nightjar;
  nightjar.run({"tasks"});
  const pid_t daemon = nightjar.daemon_pid();
  ::sleep(6);  // the last connection's keep-alive ends
  const long before = switches(daemon);
  ::sleep(10);
  row("idle service, memory (PSS)", "20 MB", fmt::format("{:.1f} MB", pss_mb(daemon)), "-");
  row("idle service, wake-ups in 10 s", "0", std::to_string(switches(daemon) - before), "0");
}

void waiting_runs(int count) {
  test::Repo repo = test::parser_project();
  repo.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"sleep 60; sh tests.sh\"\n");
  repo.commit("a check that waits");
  test::Service nightjar;
  nightjar.configure("runs = 1000\n");
  const auto start = Clock::now();
  for (int i = 0; i < count; ++i)
    nightjar.run({"assign", fmt::format("Rename Parser to Reader{}", i)}, repo.path());
  int most = 0;
  double runner = 0;
  while (ms_since(start) < 55'000) {
    const auto now_running = get_int(nightjar.json_of({"doctor"}).as_object(), "running");
    most = std::max(most, static_cast<int>(now_running));
    if (most >= count) break;
  }
  double total = 0;
  int runners = 0;
  for (const pid_t pid : nightjar.processes()) {
    const auto line = try_read_file("/proc/" + std::to_string(pid) + "/cmdline").value_or("");
    if (line.find(std::string("\0runner\0", 8)) == std::string::npos) continue;
    ++runners;
    total += pss_mb(pid);
  }
  if (runners) runner = total / runners;
  row("a runner that waits on a check (PSS)", "8 MB", fmt::format("{:.1f} MB", runner), "-");
  row(fmt::format("runs at once that only wait, of {}", count), std::to_string(count),
      std::to_string(runners), "-");
}

void durable_events() {
  const TempDir dir;
  const auto store = store::open_sqlite(dir.path() / "db");
  store->append({{"t", "", 1, now(), "task_created", core::to_json(core::TaskSpec{})},
                 {"t", "", 2, now(), "run_created", {{"run", "t.1"}}}});
  const auto start = Clock::now();
  constexpr int kBatches = 100, kBatch = 100;
  for (long seq = 1; seq <= kBatches * kBatch;) {
    std::vector<core::Event> batch;
    for (int i = 0; i < kBatch; ++i)
      batch.push_back({"t", "t.1", seq++, now(), "note", {{"text", "something happened"}}});
    store->append(batch);
  }
  const double per_second = kBatches * kBatch / (ms_since(start) / 1000);
  const auto sync_start = Clock::now();
  const Fd fd(::open((dir.path() / "floor").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  for (int i = 0; i < kBatches; ++i) {
    write_all(fd.get(), std::string(static_cast<size_t>(kBatch) * 150, 'x'));
    ::fsync(fd.get());
  }
  row("events stored durably, in batches of 100", "5,000/s", fmt::format("{:.0f}/s", per_second),
      fmt::format("{:.0f}/s (write and fsync alone)",
                  kBatches * kBatch / (ms_since(sync_start) / 1000)));
}

}  // namespace

}  // namespace nightjar::bench

int main(int argc, char** argv) {
  using namespace nightjar::bench;
  const std::string_view only = argc > 1 ? argv[1] : "";
  fmt::print("| what | target | measured | floor |\n|---|---|---|---|\n");
  try {
    if (only.empty() || only == "sandbox") sandbox_ready();
    if (only.empty() || only == "runs") whole_runs();
    if (only.empty() || only == "idle") idle_daemon();
    if (only.empty() || only == "waiting") waiting_runs(200);
    if (only.empty() || only == "events") durable_events();
    if (only.empty() || only == "stream") event_latency();
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
