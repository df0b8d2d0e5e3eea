// The service's memory: events, and tasks as folds over them. One writer (the daemon); every method
// is one transaction and durable when it returns. Threads: all methods may be called from any
// thread. A second backend implements the same interface and passes the same contract suite
// (store/contract_test.h).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/task.h"

namespace nightjar::store {

struct StoredEvent {
  long id = 0;  ///< position in the whole log, strictly increasing: the SSE id
  core::Event event;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Appends and folds. Events whose (stream, seq) is stored already are ignored, so that a journal
  /// may be read again from anywhere. seq 0 in the task's own stream is given the next number. A
  /// published run of a task without pull request gets its number here: the next of its repository,
  /// never given twice. On disk when it returns, but for events of runs other than their
  /// publication and their end: their journals have them, and are read again after a loss of power.
  /// Throws Error(Conflict) where a seq leaves a gap. Returns the events that were new, with ids.
  virtual std::vector<StoredEvent> append(const std::vector<core::Event>& events) = 0;

  virtual std::optional<core::Task> task(std::string_view id) const = 0;
  virtual std::vector<core::Task> tasks() const = 0;  ///< newest first
  /// Tasks with work left: queued, or with a run that has not ended.
  virtual std::vector<core::Task> active() const = 0;
  /// Ids that start with `prefix`, at most 10.
  virtual std::vector<std::string> ids_with_prefix(std::string_view prefix) const = 0;

  virtual std::vector<StoredEvent> events_after(long id, size_t most) const = 0;
  virtual std::vector<StoredEvent> events_of(std::string_view task) const = 0;
  virtual long last_event_id() const = 0;
  virtual long last_seq(std::string_view task, std::string_view run) const = 0;

  /// Settings the person decided once ("network allowed for this repository").
  virtual std::optional<std::string> setting(std::string_view key) const = 0;
  virtual void set_setting(std::string_view key, std::string_view value) = 0;

  /// Removes ended tasks and their events.
  virtual void remove(std::string_view task) = 0;
  /// A consistent copy while in use.
  virtual void backup(const std::filesystem::path& to) const = 0;
};

/// WAL, synced but for what journals keep, numbered migrations. Throws Error(Unavailable) where the
/// file was written by a newer version, saying how to go on.
std::unique_ptr<Store> open_sqlite(const std::filesystem::path& file);

}  // namespace nightjar::store
