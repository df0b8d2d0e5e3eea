// SQLite as two small owners: a connection and a prepared statement. Errors are thrown with the
// cause and, where there is one, the way out. A connection is used by one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace nightjar::store::sqlite {

enum class Access { Write, Read };

class Connection {
 public:
  Connection(const std::filesystem::path& file, Access access);
  Connection(Connection&& other) noexcept
      : db_(std::exchange(other.db_, nullptr)), idle_(std::move(other.idle_)) {}
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  /// One or more statements without results.
  void execute(std::string_view sql);
  std::int64_t last_insert_rowid() const { return sqlite3_last_insert_rowid(db_); }
  sqlite3* get() const { return db_; }
  [[noreturn]] void fail(int code, std::string_view doing) const;

 private:
  friend class Statement;
  sqlite3_stmt* take(std::string_view sql);
  void give_back(sqlite3_stmt* statement);

  sqlite3* db_ = nullptr;
  std::multimap<std::string, sqlite3_stmt*, std::less<>> idle_;  ///< prepared, by their text
};

/// Prepared at its first use on a connection, run many times. Parameters count from 1, columns
/// from 0.
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { connection_.give_back(statement_); }

  Statement& bind(int index, std::int64_t value);
  /// The text must live until the statement was reset.
  Statement& bind(int index, std::string_view text);
  /// False where there is no further row; the statement is reset then.
  bool step();
  /// Runs a statement that gives no rows.
  void run();
  void reset();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  /// Valid until the next step.
  std::string_view text(int column) const;

 private:
  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
};

/// BEGIN IMMEDIATE; rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace nightjar::store::sqlite
