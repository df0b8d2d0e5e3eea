// Room on the disk that is given up when the disk is full, so that what matters then can still be
// written: that a run waits for room, a cancel, an end.
#pragma once

#include <filesystem>

namespace nightjar::store {

class Reserve {
 public:
  /// Makes the file where there is plenty of room.
  explicit Reserve(std::filesystem::path file);
  /// Gives the room up; false where there is none to give.
  bool give_up();
  /// Makes it again where it was given up and there is plenty of room.
  void restore();

 private:
  std::filesystem::path file_;
  bool there_ = false;
};

}  // namespace nightjar::store
