// The store in one SQLite file: events as they came, and the fold of each task beside them.
#include <fcntl.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "base/file.h"
#include "store/append.h"
#include "store/migrations.h"
#include "store/reserve.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace nightjar::store {

namespace {

using core::Event;
using core::Task;
using sqlite::Access;
using sqlite::Connection;
using sqlite::Statement;
using sqlite::Transaction;

/// Counts up when core::apply gives another answer for the same events: the cache is then made
/// anew.
constexpr int kFoldVersion = 4;
/// Connections kept open for readers; more readers at once open their own.
constexpr size_t kIdleReaders = 4;

/// Connections for readers, one thread at a time each; a few stay open.
class Readers {
 public:
  explicit Readers(fs::path file) : file_(std::move(file)) {}

  template <class Query>
  auto run(const Query& query) {
    std::unique_ptr<Connection> connection;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        connection = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!connection) connection = std::make_unique<Connection>(file_, Access::Read);
    auto answer = query(*connection);
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleReaders) idle_.push_back(std::move(connection));
    return answer;
  }

 private:
  const fs::path file_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

std::vector<StoredEvent> all_of(Statement& query) {
  std::vector<StoredEvent> events;
  while (query.step()) events.push_back(event_of(query));
  return events;
}

// What is lost with the machine is read again from there; what numbers a pull request, or ends a
// run, is not asked for again.
bool is_kept_by_a_journal(const Event& event) {
  return !event.run.empty() && event.kind != "published" && event.kind != "run_ended";
}

long number(Connection& connection, std::string_view sql) {
  Statement query(connection, sql);
  return query.step() ? query.integer(0) : 0;
}

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(const fs::path& file)
      : reserve_(file.string() + ".reserve"), writer_(file, Access::Write), readers_(file) {
    migrate(writer_, file.string());
    refold_where_needed();
  }

  std::vector<StoredEvent> append(const std::vector<Event>& events) override {
    if (events.empty()) return {};
    const std::lock_guard lock(writer_mutex_);
    reserve_.restore();
    try {
      return added(events);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Limit || !reserve_.give_up()) throw;
      return added(events);
    }
  }

  std::vector<StoredEvent> added(const std::vector<Event>& events) {
    sync_writes(!std::ranges::all_of(events, is_kept_by_a_journal));
    Transaction transaction(writer_);
    Append append(writer_);
    for (const auto& event : events) append.add(event);
    auto stored = append.finish();
    transaction.commit();
    return stored;
  }

  std::optional<Task> task(std::string_view id) const override {
    return readers_.run([&](Connection& connection) -> std::optional<Task> {
      Statement query(connection, "SELECT folded FROM tasks WHERE id = ?");
      if (!query.bind(1, id).step()) return std::nullopt;
      return task_of(id, query.text(0));
    });
  }

  std::vector<Task> tasks() const override { return tasks_where("1"); }
  std::vector<Task> active() const override { return tasks_where("active"); }

  std::vector<std::string> ids_with_prefix(std::string_view prefix) const override {
    return readers_.run([&](Connection& connection) {
      std::vector<std::string> ids;
      Statement query(
          connection,
          "SELECT id FROM tasks WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 10");
      for (query.bind(1, prefix); query.step();) ids.emplace_back(query.text(0));
      return ids;
    });
  }

  std::vector<StoredEvent> events_after(long id, size_t most) const override {
    return readers_.run([&](Connection& connection) {
      Statement query(connection, std::string(kEventColumns) + "WHERE id > ? ORDER BY id LIMIT ?");
      query.bind(1, id).bind(2, static_cast<std::int64_t>(most));
      return all_of(query);
    });
  }

  std::vector<StoredEvent> events_of(std::string_view task) const override {
    return readers_.run([&](Connection& connection) {
      Statement query(connection, std::string(kEventColumns) + "WHERE task = ? ORDER BY id");
      query.bind(1, task);
      return all_of(query);
    });
  }

  long last_event_id() const override {
    return readers_.run(
        [](Connection& connection) { return number(connection, "SELECT max(id) FROM events"); });
  }

  long last_seq(std::string_view task, std::string_view run) const override {
    return readers_.run([&](Connection& connection) {
      Statement query(connection, "SELECT max(seq) FROM events WHERE task = ? AND run = ?");
      return query.bind(1, task).bind(2, run).step() ? query.integer(0) : 0;
    });
  }

  std::optional<std::string> setting(std::string_view key) const override {
    return readers_.run([&](Connection& connection) -> std::optional<std::string> {
      Statement query(connection, "SELECT value FROM settings WHERE key = ?");
      if (!query.bind(1, key).step()) return std::nullopt;
      return std::string(query.text(0));
    });
  }

  void set_setting(std::string_view key, std::string_view value) override {
    const std::lock_guard lock(writer_mutex_);
    sync_writes(true);
    Transaction transaction(writer_);
    Statement(writer_,
              "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")
        .bind(1, key)
        .bind(2, value)
        .run();
    transaction.commit();
  }

  void remove(std::string_view id) override {
    const std::lock_guard lock(writer_mutex_);
    sync_writes(true);
    Transaction transaction(writer_);
    Statement query(writer_, "SELECT folded FROM tasks WHERE id = ?");
    if (!query.bind(1, id).step()) return;
    const Task task = task_of(id, query.text(0));
    query.reset();
    if (!core::is_ended(task.state)) {
      throw Error(ErrorKind::Conflict, fmt::format("task {} has not ended", id));
    }
    Statement(writer_, "DELETE FROM events WHERE task = ?").bind(1, id).run();
    Statement(writer_, "DELETE FROM tasks WHERE id = ?").bind(1, id).run();
    transaction.commit();
  }

  void backup(const fs::path& to) const override;

 private:
  // Of the next transaction. One that is synced takes those before it along.
  void sync_writes(bool wanted) {
    if (wanted == syncs_) return;
    writer_.execute(wanted ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    syncs_ = wanted;
  }

  std::vector<Task> tasks_where(std::string_view condition) const {
    return readers_.run([&](Connection& connection) {
      std::vector<Task> tasks;
      Statement query(
          connection,
          fmt::format("SELECT id, folded FROM tasks WHERE {} ORDER BY ordinal DESC", condition));
      while (query.step()) {
        tasks.push_back(task_of(query.text(0), query.text(1)));
      }
      return tasks;
    });
  }

  void refold_where_needed() {
    if (number(writer_, "SELECT value FROM meta WHERE key = 'fold'") == kFoldVersion) return;
    Transaction transaction(writer_);
    std::vector<std::string> ids;
    {
      Statement query(writer_, "SELECT id FROM tasks");
      while (query.step()) ids.emplace_back(query.text(0));
    }
    for (const auto& id : ids) {
      Task task;
      Statement events(writer_, std::string(kEventColumns) + "WHERE task = ? ORDER BY id");
      for (events.bind(1, id); events.step();)
        task = core::apply(std::move(task), event_of(events).event);
      save_task(writer_, task);
    }
    writer_.execute(fmt::format("INSERT OR REPLACE INTO meta VALUES ('fold', {})", kFoldVersion));
    transaction.commit();
  }

  std::mutex writer_mutex_;
  Reserve reserve_;
  Connection writer_;
  bool syncs_ = true;
  mutable Readers readers_;
};

// The copy appears under its name when it is whole and on the disk.
void SqliteStore::backup(const fs::path& to) const {
  const fs::path temporary = to.string() + ".part";
  fs::remove(temporary);
  readers_.run([&](Connection& source) {
    Connection target(temporary, Access::Write);
    sqlite3_backup* copy = sqlite3_backup_init(target.get(), "main", source.get(), "main");
    if (!copy) target.fail(sqlite3_errcode(target.get()), "backup");
    const int stepped = sqlite3_backup_step(copy, -1);  // one snapshot; writers go on beside it
    const int finished = sqlite3_backup_finish(copy);
    if (stepped != SQLITE_DONE) target.fail(stepped, "backup");
    if (finished != SQLITE_OK) target.fail(finished, "backup");
    target.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    return true;
  });
  const Fd file(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0)
    throw_errno("cannot write the backup " + temporary.string());
  fs::rename(temporary, to);
  sync_folder(to.parent_path().empty() ? "." : to.parent_path());
}

}  // namespace

std::unique_ptr<Store> open_sqlite(const fs::path& file) {
  try {
    return std::make_unique<SqliteStore>(file);
  } catch (const Error&) {  // on a full disk not even the shared index can be made
    if (!Reserve(file.string() + ".reserve").give_up()) throw;
    return std::make_unique<SqliteStore>(file);
  }
}

}  // namespace nightjar::store
