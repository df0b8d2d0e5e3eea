#include "agent/mechanic/work_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.h"

namespace nightjar::agent::mechanic {

namespace {

constexpr size_t kMostFiles = 2'000'000;
constexpr size_t kMostDepth = 200;
constexpr size_t kBinaryProbe = 8000;
constexpr size_t kLikelySize = 65536;  // of a source file: one call reads it whole

constexpr std::array<std::string_view, 14> kToolFolders{
    ".git",        "node_modules", "__pycache__", ".venv",         "venv",        ".tox", ".nox",
    ".mypy_cache", ".gradle",      ".eggs",       ".pytest_cache", ".ruff_cache", ".hg",  ".svn"};

bool filled_by_tools(std::string_view name) {
  return std::ranges::find(kToolFolders, name) != kToolFolders.end() || name.ends_with(".egg-info");
}

bool is_inside(std::string_view path) {
  if (path.empty() || path[0] == '/') return false;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const auto part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == ".." || part == ".git") return false;
    begin = end + 1;
  }
  return true;
}

// Without links on the way, and never out of the tree.
int open_beneath(int root, const char* path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
  return ::openat(root, path, static_cast<int>(flags | O_CLOEXEC | O_NOFOLLOW));
}

int open_file(int root, const std::string& path) {
  if (!is_inside(path)) return -1;
  return open_beneath(root, path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
}

struct Folder {
  std::string prefix;
  size_t depth = 0;
};

}  // namespace

WorkTree::WorkTree(const fs::path& root, const fs::path& base,
                   const std::vector<std::string>& changed, std::shared_ptr<const Texts> texts)
    : root_(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      changed_(changed.begin(), changed.end()),
      texts_(std::move(texts)) {
  if (!root_) throw_errno("open " + root.string());
  if (base.empty()) return;
  base_.reset(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!base_) throw_errno("open " + base.string());
}

std::vector<std::string> WorkTree::all_files() const {
  if (!base_) return files_below(root_.get(), false);
  std::vector<std::string> out;
  if (texts_) {
    out.reserve(texts_->files().size());
    for (const auto& file : texts_->files()) out.emplace_back(file.path);
  } else {
    out = files_below(base_.get(), true);
  }
  std::erase_if(out, [this](const auto& path) { return changed_.contains(path); });
  struct stat status{};
  for (const auto& path : changed_) {
    const Fd fd(open_file(root_.get(), path));
    if (fd && ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode)) out.push_back(path);
  }
  std::ranges::sort(out);
  return out;
}

// `all`: a commit's folders are nobody's leftovers, whatever they are called.
std::vector<std::string> WorkTree::files_below(int root, bool all) {
  std::vector<std::string> out;
  std::vector<Folder> folders{{"", 0}};
  while (!folders.empty()) {
    const Folder folder = std::move(folders.back());
    folders.pop_back();
    const std::string name = folder.prefix.empty() ? "." : folder.prefix;
    const int fd = folder.prefix.empty() ? ::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                         : open_beneath(root, name.c_str(), O_RDONLY | O_DIRECTORY);
    DIR* dir = fd < 0 ? nullptr : ::fdopendir(fd);
    if (!dir) {
      if (fd >= 0) ::close(fd);
      continue;
    }
    while (const dirent* entry = ::readdir(dir)) {
      const std::string_view part = entry->d_name;
      if (part == "." || part == "..") continue;
      std::string path =
          folder.prefix.empty() ? std::string(part) : folder.prefix + "/" + std::string(part);
      unsigned char type = entry->d_type;
      if (type == DT_UNKNOWN) {
        struct stat status{};
        if (::fstatat(root, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        type = S_ISREG(status.st_mode) ? DT_REG : (S_ISDIR(status.st_mode) ? DT_DIR : DT_LNK);
      }
      if (type == DT_DIR && folder.depth < kMostDepth && part != ".git" &&
          (all || !filled_by_tools(part))) {
        folders.push_back({std::move(path), folder.depth + 1});
      } else if (type == DT_REG && part != ".git") {
        out.push_back(std::move(path));
      }
    }
    ::closedir(dir);
    if (out.size() > kMostFiles)
      throw Error(ErrorKind::Limit, "more files than the mechanic looks at");
  }
  std::ranges::sort(out);
  return out;
}

bool WorkTree::read(const std::string& path, std::string& buffer) const {
  // A commit's files were regular when they were listed, and stay what they are.
  const bool is_base = base_ && !changed_.contains(path);
  if (const auto* known = is_base && texts_ ? texts_->find(path) : nullptr) {
    if (known->text) buffer.assign(*known->text);
    if (known->text || known->binary) return known->text.has_value();
  }
  const Fd fd(open_file(is_base ? base_.get() : root_.get(), path));
  struct stat status{};
  if (!fd) return false;
  if (!is_base && (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))) return false;
  size_t have = 0;
  for (size_t room = kLikelySize;; room *= 2) {
    ssize_t got = 0;
    // Without zeroes first: they would cost more than the reading.
    buffer.resize_and_overwrite(room, [&](char* bytes, size_t) {
      do got = ::read(fd.get(), bytes + have, room - have);
      while (got < 0 && errno == EINTR);
      return have += static_cast<size_t>(std::max<ssize_t>(got, 0));
    });
    if (got < 0 || have > kMostFile) return false;
    if (have < room) break;  // a short read is the end of a regular file
  }
  return std::memchr(buffer.data(), 0, std::min(have, kBinaryProbe)) == nullptr;
}

bool WorkTree::exists(const std::string& path) const {
  struct stat status{};
  return ::fstatat(root_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

bool WorkTree::write(const std::string& path, std::string_view bytes) const {
  const Fd old(open_file(root_.get(), path));
  struct stat status{};
  if (!old || ::fstat(old.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  const Fd parent(folder == "."
                      ? ::openat(root_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                      : open_beneath(root_.get(), folder.c_str(), O_RDONLY | O_DIRECTORY));
  if (!parent) return false;
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  static std::atomic<unsigned> counter{0};
  const std::string temporary =
      ".nightjar-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  const Fd out(::openat(parent.get(), temporary.c_str(),
                        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out) throw_errno("write beside " + path);
  try {
    write_all(out.get(), bytes);
    if (::fchmod(out.get(), status.st_mode & 07777) != 0) throw_errno("set the mode of " + path);
    if (::renameat(parent.get(), temporary.c_str(), parent.get(), name.c_str()) != 0)
      throw_errno("replace " + path);
  } catch (...) {
    ::unlinkat(parent.get(), temporary.c_str(), 0);
    throw;
  }
  return true;
}

bool WorkTree::rename(const std::string& from, const std::string& to) const {
  if (!is_inside(from) || !is_inside(to)) return false;
  if (::renameat2(root_.get(), from.c_str(), root_.get(), to.c_str(), RENAME_NOREPLACE) == 0)
    return true;
  if (errno == EEXIST) return false;
  // Some file systems know no RENAME_NOREPLACE; nobody else writes here.
  if (errno != EINVAL || exists(to)) return false;
  return ::renameat(root_.get(), from.c_str(), root_.get(), to.c_str()) == 0;
}

void in_parallel(size_t count, unsigned threads,
                 const std::function<void(unsigned, size_t)>& work) {
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto loop = [&](unsigned thread) {
    try {
      for (size_t i; (i = next++) < count;) work(thread, i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> running;
    for (unsigned i = 1; i < threads; ++i) running.emplace_back(loop, i);
    loop(0);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace nightjar::agent::mechanic
