// Searching the files of a walk on several threads while the walk goes on.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/walk.h"

namespace nightjar::tools {

/// A file that holds the pattern, and its matches as they are shown: one entry each, with its
/// context.
struct Found {
  std::string path;
  std::vector<std::string> matches;
};

class Crew {
 public:
  /// Looks into a file's bytes; threads share it. An empty path of what it finds is filled in.
  using Look = std::function<std::optional<Found>(std::string_view)>;
  /// `most`: of shown lines; the walk ends where the first files hold as many.
  Crew(Look look, size_t most);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// What is found, in the order of the walk, which calls the given function for each file until it
  /// says false.
  std::vector<Found> run(
      const std::function<void(const std::function<bool(WalkedFile&&)>&)>& walk_with);

 private:
  class Reader;
  struct Piece {
    size_t number = 0;
    size_t folders = 0;
    std::vector<WalkedFile> files;
  };
  struct Outcome {
    std::vector<Found> found;
    size_t lines = 0;
    bool done = false;
  };

  bool add(WalkedFile&& file);
  void hand_over();
  void close();
  void work(Reader& reader, bool wait);
  void look_into(const Piece& piece, Reader& reader);
  void finish(size_t number, Outcome outcome);

  Look look_;
  size_t most_;
  std::unique_ptr<Reader> own_;  ///< of the thread that walks
  Piece next_;                   ///< that the walk fills
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Piece> waiting_;
  bool closed_ = false;
  std::deque<Outcome> outcomes_;
  size_t whole_ = 0, lines_ = 0;
  unsigned helpers_ = 0;
  std::atomic<bool> enough_ = false;
};

}  // namespace nightjar::tools
