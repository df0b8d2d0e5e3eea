#include "base/file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "base/error.h"

namespace nightjar {

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

std::string read_all(int fd) {
  constexpr size_t kLeast = size_t{8} << 10, kMost = size_t{1} << 20;
  std::string out;
  for (;;) {
    const size_t had = out.size();
    const size_t more = std::clamp(had, kLeast, kMost);
    ssize_t n = 0;
    out.resize_and_overwrite(had + more, [&](char* bytes, size_t) {
      n = ::read(fd, bytes + had, more);
      return had + static_cast<size_t>(std::max<ssize_t>(n, 0));
    });
    if (n == 0) return out;
    if (n < 0 && errno != EINTR) throw_errno("read");
  }
}

std::optional<std::string> try_read_file(const fs::path& path, size_t most) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_errno("cannot open " + path.string());
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) throw_errno("cannot stat " + path.string());
  if (S_ISDIR(info.st_mode))
    throw Error(ErrorKind::Invalid, path.string() + " is a folder, not a file");
  if (S_ISREG(info.st_mode) && static_cast<size_t>(info.st_size) > most) {
    throw Error(ErrorKind::Limit, path.string() + " is larger than this program reads");
  }
  std::string out = read_all(fd.get());
  if (out.size() > most) {
    throw Error(ErrorKind::Limit, path.string() + " is larger than this program reads");
  }
  return out;
}

std::string read_file(const fs::path& path, size_t most) {
  auto text = try_read_file(path, most);
  if (!text) throw Error(ErrorKind::NotFound, "there is no file " + path.string());
  return std::move(*text);
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      throw_errno("write");
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

void sync_folder(const fs::path& folder) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw_errno("cannot sync " + folder.string());
}

namespace {

void replace(const fs::path& path, std::string_view bytes, unsigned mode, bool sync) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::string name = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
  Fd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) throw_errno("cannot create a file in " + folder.string());
  try {
    write_all(fd.get(), bytes);
    if (::fchmod(fd.get(), mode) != 0) throw_errno("cannot set the mode of " + name);
    if (sync && ::fsync(fd.get()) != 0) throw_errno("cannot sync " + name);
    if (::rename(name.c_str(), path.c_str()) != 0) throw_errno("cannot write " + path.string());
  } catch (...) {
    ::unlink(name.c_str());
    throw;
  }
  if (sync) sync_folder(folder);
}

}  // namespace

void write_durably(const fs::path& path, std::string_view bytes, unsigned mode) {
  replace(path, bytes, mode, true);
}

void write_whole(const fs::path& path, std::string_view bytes, unsigned mode) {
  replace(path, bytes, mode, false);
}

std::optional<FileLock> FileLock::try_acquire(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) throw_errno("cannot open the lock " + path.string());
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return std::nullopt;
    throw_errno("cannot lock " + path.string());
  }
  return FileLock(std::move(fd));
}

bool FileLock::is_held(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) return false;
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return false;
  return errno == EWOULDBLOCK;
}

void FileLock::wait_until_free(const fs::path& path, std::stop_token stop) {
  // flock has no wait with a stop: a quarter of a second between two looks is soon enough for
  // setup.
  while (is_held(path)) {
    if (stop.stop_requested()) throw Cancelled{};
    ::poll(nullptr, 0, 250);
  }
}

TempDir::TempDir(std::string_view prefix) {
  const char* base = std::getenv("TMPDIR");
  std::string name =
      std::string(base && *base ? base : "/tmp") + "/" + std::string(prefix) + ".XXXXXX";
  if (!::mkdtemp(name.data())) throw_errno("cannot create a folder " + name);
  path_ = name;
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace nightjar
