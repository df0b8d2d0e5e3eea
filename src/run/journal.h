// A run's journal: the only thing a run produces. One JSON event a line, appended; a line counts
// once its newline is there. A torn last line (the writer was killed) is cut off at the next open.
//
// State changes are on disk when `append` returns; `note` is written but not synced (it is lost
// only with the machine). A full disk does not lose an event: append waits until there is room, as
// often as it takes.
//
// Threads: append and note may be called from any thread. One writer a journal, by the run's lock.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "core/event.h"

namespace nightjar::run {

/// An event that has no number yet.
struct Draft {
  std::string_view kind;
  json::object body;
};

class Journal {
 public:
  /// Opens or creates; what was there is replayed.
  Journal(const std::filesystem::path& file, std::string task, std::string run);

  /// Everything so far, read from the file: a long run holds none of it in memory.
  std::vector<core::Event> events() const;
  core::Event append(std::string_view kind, json::object body);
  /// On disk with the next event that is appended: for a start, after which nothing has happened,
  /// and for what costs nothing to do again.
  void begin(std::string_view kind, json::object body);
  void note(std::string_view text);
  /// Written, not synced: for progress. All of them with one write.
  void progress(std::string_view kind, json::object body);
  void progress(std::vector<Draft> drafts);

  /// The last event of that kind (with that stage, and in that round, where given).
  std::optional<core::Event> last(std::string_view kind, std::string_view stage = "",
                                  int round = 0) const;

 private:
  core::Event write(std::string_view kind, json::object body, bool sync);
  /// Lines with their newlines.
  void write(std::string_view lines, bool sync);
  void sync();

  std::filesystem::path file_;
  std::string task_, run_;
  std::mutex mutex_;
  Fd fd_;
  long seq_ = 0;
  off_t size_ = 0;
  bool name_is_synced_ = false;
};

/// The whole events from `offset` on; `offset` moves behind the last whole line. A line that is not
/// an event is an Error(Internal): the file was changed by somebody else.
std::vector<core::Event> read_journal(const std::filesystem::path& file, size_t& offset);

}  // namespace nightjar::run
