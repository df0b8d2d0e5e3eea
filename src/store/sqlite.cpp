#include "store/sqlite.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/time.h"

namespace nightjar::store::sqlite {

namespace {

// How long one process waits for another one that writes.
constexpr int kBusyMillis = 10'000;

// A disk that takes no more shows as FULL where the file system is full, and as a failed write
// where a quota or a limit of the process is reached (or the disk is dying).
bool takes_no_more(int code) { return (code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_WRITE; }

ErrorKind kind_of(int code) {
  if (takes_no_more(code)) return ErrorKind::Limit;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorKind::Unavailable;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::Denied;
    default:
      return ErrorKind::Internal;
  }
}

std::string_view way_out(int code) {
  if (code == SQLITE_IOERR_WRITE) return "; a quota or a limit is reached, or the disk is failing";
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "; make room on its disk";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "; another process holds it";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "; the file is damaged: move it away and put a backup in its place";
    default:
      return "";
  }
}

/// With the owner's rights alone; SQLite gives the same rights to the files beside it.
void create_private(const std::filesystem::path& file) {
  const Fd created(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!created) throw_errno("cannot open the store " + file.string());
}

}  // namespace

Connection::Connection(const std::filesystem::path& file, Access access) {
  if (access == Access::Write) create_private(file);
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  const int opened = sqlite3_open_v2(file.c_str(), &db_, flags, nullptr);
  try {
    if (opened != SQLITE_OK) fail(opened, "cannot open " + file.string());
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, kBusyMillis);
    if (access == Access::Write) {
      // The switch to WAL is the one lock that the busy handler does not wait for.
      const Deadline deadline = in(std::chrono::milliseconds(kBusyMillis));
      for (;;) {
        const int code = sqlite3_exec(db_, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
        if (code == SQLITE_OK) break;
        if ((code & 0xff) != SQLITE_BUSY || poll_timeout(deadline) == 0)
          fail(code, "cannot open " + file.string());
        ::poll(nullptr, 0, 5);
      }
      execute(
          "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = "
          "16000000");
    } else {
      execute("PRAGMA query_only = ON; PRAGMA cache_size = -512");
    }
  } catch (...) {
    sqlite3_close(db_);
    throw;
  }
}

Connection::~Connection() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  sqlite3_close(db_);
}

sqlite3_stmt* Connection::take(std::string_view sql) {
  if (const auto found = idle_.find(sql); found != idle_.end()) {
    sqlite3_stmt* statement = found->second;
    idle_.erase(found);
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
  return statement;
}

void Connection::give_back(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  idle_.emplace(sqlite3_sql(statement), statement);
}

void Connection::fail(int code, std::string_view doing) const {
  const std::string cause = (code & 0xff) == SQLITE_FULL ? "the disk is full" : sqlite3_errmsg(db_);
  throw Error(kind_of(code), fmt::format("store: {}: {}{}", doing, cause, way_out(code)));
}

void Connection::execute(std::string_view sql) {
  const int code = sqlite3_exec(db_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, sql.substr(0, sql.find('\n')));
}

Statement::Statement(Connection& connection, std::string_view sql)
    : connection_(connection), statement_(connection.take(sql)) {}

Statement& Statement::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_, index, value)) connection_.fail(code, "bind");
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  const int code = sqlite3_bind_text(statement_, index, text.data() ? text.data() : "",
                                     static_cast<int>(text.size()), SQLITE_STATIC);
  if (code != SQLITE_OK) connection_.fail(code, "bind");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    reset();
    connection_.fail(code, sqlite3_sql(statement_));
  }
  reset();
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() { sqlite3_reset(statement_); }

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return {bytes ? bytes : "", static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
  Statement(connection, "BEGIN IMMEDIATE").run();
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  Statement(connection_, "COMMIT").run();
  open_ = false;
}

}  // namespace nightjar::store::sqlite
