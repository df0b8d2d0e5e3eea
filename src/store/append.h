// Reading rows back, and one append as it happens inside its transaction.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/sqlite.h"
#include "store/store.h"

namespace nightjar::store {

/// The columns that `event_of` reads, in its order.
inline constexpr std::string_view kEventColumns =
    "SELECT id, task, run, seq, time, kind, body FROM events ";
StoredEvent event_of(const sqlite::Statement& row);
core::Task task_of(std::string_view id, std::string_view folded);

/// What is known of the streams and tasks that an append touches. The caller holds the transaction.
class Append {
 public:
  explicit Append(sqlite::Connection& connection);
  void add(core::Event event);
  /// Writes the tasks; the events that were new.
  std::vector<StoredEvent> finish();

 private:
  long& last_seq(const core::Event& event);
  core::Task& known_task(const core::Event& event);
  void follow_publication(const core::Task& task, const core::Event& published);
  std::int64_t next_number(const std::string& repo);

  sqlite::Connection& connection_;
  sqlite::Statement insert_, last_seq_, load_;
  std::map<std::pair<std::string, std::string>, long> last_;
  std::map<std::string, core::Task> tasks_;
  std::vector<StoredEvent> added_;
};

/// Writes the cache row of a task.
void save_task(sqlite::Connection& connection, const core::Task& task);

}  // namespace nightjar::store
