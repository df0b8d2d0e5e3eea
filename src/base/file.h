// Files and descriptors: owners, whole-file reads, durable writes, locks.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace nightjar {

namespace fs = std::filesystem;

/// Owns a descriptor; closed on destruction.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// Whole file; throws NotFound where there is none, Limit where it is longer than `most`.
std::string read_file(const fs::path& path, size_t most = size_t{1} << 30);
/// nullopt where the file does not exist.
std::optional<std::string> try_read_file(const fs::path& path, size_t most = size_t{1} << 30);

/// Writes all bytes to the descriptor, whatever the kernel takes at a time. Throws on error.
void write_all(int fd, std::string_view bytes);
/// Everything up to end of file from a pipe or file.
std::string read_all(int fd);

/// The file holds the old or the new content whatever happens: temporary, fsync, rename, fsync of
/// the folder. `mode` is that of a new file.
void write_durably(const fs::path& path, std::string_view bytes, unsigned mode = 0644);
/// The same for whoever reads it while this machine runs; a loss of power may take it. For what is
/// written again after one.
void write_whole(const fs::path& path, std::string_view bytes, unsigned mode = 0644);
void sync_folder(const fs::path& folder);

/// Removes a tree whatever it holds: folders without permissions are opened first, links are never
/// followed, depth is no matter. Returns false where something could not be removed.
bool remove_tree(const fs::path& path);
/// Bytes on disk below the folder (blocks, each file once); links are not followed.
unsigned long long disk_use(const fs::path& folder);

/// An exclusive flock on a file that stays (it is never unlinked, which would let two hold it).
class FileLock {
 public:
  /// nullopt where somebody else holds it. The file is created with mode 0600.
  static std::optional<FileLock> try_acquire(const fs::path& path);
  /// True where some process holds the lock at this moment. Does not create the file.
  static bool is_held(const fs::path& path);
  /// Blocks until nobody holds it (somebody else may take it first) or a stop is asked for
  /// (Cancelled).
  static void wait_until_free(const fs::path& path, std::stop_token stop);
  int fd() const { return fd_.get(); }

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

/// A fresh folder, removed with all its content on destruction (for tests and scratch work).
class TempDir {
 public:
  explicit TempDir(std::string_view prefix = "nightjar");
  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir& operator=(TempDir&&) = delete;
  ~TempDir();
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace nightjar
