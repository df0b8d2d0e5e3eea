#include "store/reserve.h"

#include <fcntl.h>

#include "base/file.h"

namespace nightjar::store {

namespace {

constexpr off_t kSize = off_t{4} << 20;
constexpr std::uintmax_t kPlenty = std::uintmax_t{16} << 20;

}  // namespace

Reserve::Reserve(fs::path file) : file_(std::move(file)) { restore(); }

bool Reserve::give_up() {
  std::error_code failed;
  there_ = false;
  return fs::remove(file_, failed);
}

void Reserve::restore() {
  if (there_) return;
  std::error_code failed;
  if (fs::file_size(file_, failed) == static_cast<std::uintmax_t>(kSize) && !failed) {
    there_ = true;
    return;
  }
  if (fs::space(file_.parent_path(), failed).available < kPlenty || failed) return;
  const Fd fd(::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  there_ = fd && ::posix_fallocate(fd.get(), 0, kSize) == 0;
  if (fd && !there_) fs::remove(file_, failed);
}

}  // namespace nightjar::store
