// SQLite as the store: the contract, and what only a file on a disk can suffer.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "base/error.h"
#include "store/contract_test.h"

namespace nightjar::store {
namespace {

INSTANTIATE_TEST_SUITE_P(
    Sqlite, StoreContract,
    testing::Values(ContractBackend{
        "sqlite", [](const fs::path& folder) { return open_sqlite(folder / "nightjar.db"); },
        [](const fs::path& file) { return open_sqlite(file); }}),
    [](const auto& backend) { return backend.param.name; });

void run_sql(const fs::path& file, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

std::string integrity_of(const fs::path& file) {
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  std::string answer;
  sqlite3_exec(
      db, "PRAGMA integrity_check",
      [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) += values[0];
        return 0;
      },
      &answer, nullptr);
  sqlite3_close(db);
  return answer;
}

/// Every stored task is the fold of its events, and no stream has a gap.
void expect_consistent(const Store& store) {
  for (const auto& task : store.tasks()) {
    core::Task folded;
    std::map<std::string, long> last;
    for (const auto& stored : store.events_of(task.id)) {
      folded = core::apply(std::move(folded), stored.event);
      EXPECT_EQ(stored.event.seq, ++last[stored.event.run]);
    }
    EXPECT_EQ(task, folded);
  }
}

/// Runs `work` in a child process; its exit status, or -signal.
template <class Work>
int in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = work();
    } catch (const std::exception& error) {
      fprintf(stderr, "child: %s\n", error.what());
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(SqliteStore, OnlyTheOwnerCanReadIt) {
  const TempDir folder;
  const auto store = open_sqlite(folder.path() / "db");
  store->append({created("a")});
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    struct stat info{};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600) << entry.path();
  }
}

TEST(SqliteStore, AFileOfANewerProgramIsLeftAloneWithTheWayOut) {
  const TempDir folder;
  const fs::path file = folder.path() / "db";
  open_sqlite(file)->append({created("a")});
  run_sql(file, "PRAGMA user_version = 1000");
  try {
    open_sqlite(file);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
    EXPECT_NE(std::string(error.what()).find("upgrade"), std::string::npos) << error.what();
  }
  run_sql(file, "PRAGMA user_version = 1");
  EXPECT_TRUE(open_sqlite(file)->task("a")) << "nothing was changed";
}

TEST(SqliteStore, AFileThatIsNoStoreIsRefused) {
  const TempDir folder;
  const fs::path file = folder.path() / "db";
  write_durably(file, std::string(5000, 'x'));
  EXPECT_THROW(open_sqlite(file), Error);
  EXPECT_EQ(read_file(file), std::string(5000, 'x'));
  EXPECT_THROW(open_sqlite(folder.path() / "no" / "such" / "folder"), Error);
}

TEST(SqliteStore, TasksAreFoldedAgainAfterTheFoldHasChanged) {
  const TempDir folder;
  const fs::path file = folder.path() / "db";
  open_sqlite(file)->append({created("a"), own_event("a", "commented", {{"text", "x"}})});
  run_sql(file, "UPDATE tasks SET folded = '{\"id\": \"a\"}'; DELETE FROM meta");
  const auto store = open_sqlite(file);
  EXPECT_EQ(store->task("a")->comments.size(), 1);
  expect_consistent(*store);
}

TEST(SqliteStore, ADamagedRowIsAnErrorThatSaysSo) {
  const TempDir folder;
  const fs::path file = folder.path() / "db";
  const auto store = open_sqlite(file);
  store->append({created("a")});
  run_sql(file, "UPDATE tasks SET folded = '{'");
  try {
    store->task("a");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("backup"), std::string::npos) << error.what();
  }
}

TEST(SqliteStore, TwoProcessesOnOneFileLoseNothing) {
  const TempDir folder;
  const fs::path file = folder.path() / "db";
  constexpr int kProcesses = 3;
  constexpr int kEach = 20;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      int status = 1;
      try {
        const auto store = open_sqlite(file);  // all make the schema at once
        const std::string id = "t" + std::to_string(process);
        store->append(
            {created(id), run_created(id), run_event(id, 1, "published", publication(id))});
        for (int i = 0; i < kEach; ++i) store->append({own_event(id, "commented")});
        status = 0;
      } catch (const std::exception& error) {
        fprintf(stderr, "child: %s\n", error.what());
      }
      ::_exit(status);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const auto store = open_sqlite(file);
  EXPECT_EQ(store->last_event_id(), kProcesses * (4 + kEach));
  std::vector<int> numbers;
  for (const auto& task : store->tasks()) numbers.push_back(task.pull_request.number);
  std::ranges::sort(numbers);
  EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3}));
  expect_consistent(*store);
}

/// A child appends and reports every acknowledged event through a pipe, until it is killed.
long append_until_killed(const fs::path& file, std::chrono::microseconds after) {
  int pipe_ends[2];
  EXPECT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      const auto store = open_sqlite(file);
      long seq = store->last_seq("a", "a.1");
      for (;;) {
        store->append({run_event("a", seq + 1, "note", {{"text", std::string(3000, 'x')}}),
                       own_event("a", "commented", {{"text", std::to_string(seq + 1)}})});
        ++seq;
        if (::write(pipe_ends[1], &seq, sizeof seq) != sizeof seq) break;
      }
    } catch (const std::exception& error) {
      fprintf(stderr, "child: %s\n", error.what());
    }
    ::_exit(1);
  }
  ::close(pipe_ends[1]);
  long acknowledged = 0;
  long seq = 0;
  // The first word says that the child is at work; the time runs from there.
  if (::read(pipe_ends[0], &seq, sizeof seq) == sizeof seq) acknowledged = seq;
  std::this_thread::sleep_for(after);
  ::kill(child, SIGKILL);
  while (::read(pipe_ends[0], &seq, sizeof seq) == sizeof seq) acknowledged = seq;
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  return acknowledged;
}

TEST(SqliteStore, AKilledWriterLosesNoAcknowledgedEvent) {
  const TempDir folder;
  const fs::path file = folder.path() / "db";
  open_sqlite(file)->append({created("a"), run_created("a")});
  std::mt19937 random(42);
  for (int round = 0; round < 50; ++round) {
    const long acknowledged = append_until_killed(file, std::chrono::microseconds(random() % 4000));
    const auto store = open_sqlite(file);
    const long seq = store->last_seq("a", "a.1");
    ASSERT_GE(seq, acknowledged) << "round " << round;
    ASSERT_LE(seq, acknowledged + 1) << "round " << round;
    ASSERT_EQ(store->task("a")->comments.size(), static_cast<size_t>(seq))
        << "half of a transaction";
  }
  expect_consistent(*open_sqlite(file));
  EXPECT_EQ(integrity_of(file), "ok");
}

/// Fills the disk of `file`'s store, then lets `make_room` make room. 0 where all was as promised.
template <class MakeRoom>
int suffer_a_full_disk(const fs::path& file, const MakeRoom& make_room) {
  const auto store = open_sqlite(file);
  store->append({created("a"), run_created("a")});
  long seq = 0;
  bool full = false;
  for (int i = 0; i < 10'000 && !full; ++i) {
    try {
      store->append({run_event("a", seq + 1, "note", {{"text", std::string(20'000, 'x')}})});
      ++seq;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Limit) {
        fprintf(stderr, "another error: %s\n", error.what());
        return 2;
      }
      full = true;
    }
  }
  if (!full) return 3;
  if (store->last_seq("a", "a.1") != seq) return 4;  // still readable, nothing half done
  if (!store->task("a")) return 5;
  make_room();
  store->append({run_event("a", seq + 1, "note")});
  if (store->last_seq("a", "a.1") != seq + 1) return 6;
  return integrity_of(file) == "ok" ? 0 : 7;
}

TEST(SqliteStore, AFileSizeLimitIsAFullDiskAndTheStoreGoesOnAfterIt) {
  const TempDir folder;
  EXPECT_EQ(in_child([&] {
              ::signal(SIGXFSZ, SIG_IGN);
              rlimit limit{};
              ::getrlimit(RLIMIT_FSIZE, &limit);
              limit.rlim_cur = 2'000'000;
              ::setrlimit(RLIMIT_FSIZE, &limit);
              return suffer_a_full_disk(folder.path() / "db", [&] {
                limit.rlim_cur = limit.rlim_max;
                ::setrlimit(RLIMIT_FSIZE, &limit);
              });
            }),
            0);
}

TEST(SqliteStore, AFullFileSystemIsReportedAndTheStoreGoesOnAfterIt) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "mounting a small file system needs root; the size limit is tested above";
  const TempDir folder;
  const fs::path disk = folder.path() / "disk";
  fs::create_directory(disk);
  EXPECT_EQ(in_child([&] {
              if (::unshare(CLONE_NEWNS) != 0) return 20;
              if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 21;
              if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=2m") != 0) return 22;
              write_durably(disk / "ballast", std::string(200'000, 'x'));
              return suffer_a_full_disk(disk / "db", [&] { fs::remove(disk / "ballast"); });
            }),
            0);
}

}  // namespace
}  // namespace nightjar::store
