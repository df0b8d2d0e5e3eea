#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "changes.h"
#include "sandbox/protocol.h"

namespace nightjar::helper {

namespace {

using core::Change;

std::string link_target(int folder, const std::string& name) {
  std::array<char, 4097> target{};
  const ssize_t n = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (n < 0) throw_errno("cannot read the link " + name);
  return {target.data(), static_cast<size_t>(n)};
}

// A file that forbids its owner to read is opened by the owner's right to change that, and gets its
// mode back.
Fd open_file(int folder, const std::string& name, const struct stat& info) {
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Fd file(::openat(folder, name.c_str(), flags));
  if (file || errno != EACCES) return file;
  if (::fchmodat(folder, name.c_str(), (info.st_mode & 07777) | 0400, 0) != 0) return {};
  file = Fd(::openat(folder, name.c_str(), flags));
  ::fchmodat(folder, name.c_str(), info.st_mode & 07777, 0);
  return file;
}

bool same_content(int a, int b) {
  std::string left(64 * 1024, '\0'), right(64 * 1024, '\0');
  for (off_t at = 0;;) {
    const ssize_t n = ::pread(a, left.data(), left.size(), at);
    const ssize_t m = ::pread(b, right.data(), right.size(), at);
    if (n != m || n < 0) return false;
    if (n == 0) return true;
    if (!std::equal(left.begin(), left.begin() + n, right.begin())) return false;
    at += n;
  }
}

class Collector {
 public:
  Collector(int socket, std::uint64_t most, const timespec& cloned)
      : socket_(socket), most_(most), cloned_(cloned) {}

  // The upper layer of an overlay holds nothing but differences.
  void upper(int folder, const std::string& path, int depth) {
    for_each(folder, depth, [&](const std::string& name, const struct stat& info) {
      const std::string place = path + name;
      if (is_whiteout(info)) {
        send({.path = place, .what = Change::What::Deleted});
      } else if (S_ISDIR(info.st_mode)) {
        Fd child = open_folder_at(folder, name.c_str());
        if (!child) throw_errno("cannot read the folder " + place);
        if (is_opaque(child.get())) send({.path = place, .what = Change::What::OpaqueFolder});
        upper(child.get(), place + "/", depth + 1);
        restore(folder, name, info);
      } else {
        entry(folder, name, place, info);
      }
    });
  }

  // A clone is compared with what it was made from; change times spare most of the reading.
  void clone(int folder, const Stack& base, const std::string& path, int depth) {
    auto before = shown(base);
    for_each(folder, depth, [&](const std::string& name, const struct stat& info) {
      const std::string place = path + name;
      const auto old = before.find(name);
      const bool was = old != before.end();
      const Shown was_entry = was ? old->second : Shown{};
      if (was) before.erase(old);
      if (S_ISDIR(info.st_mode)) {
        const bool was_folder = was && S_ISDIR(was_entry.mode);
        if (was && !was_folder) send({.path = place, .what = Change::What::OpaqueFolder});
        Fd child = open_folder_at(folder, name.c_str());
        if (!child) throw_errno("cannot read the folder " + place);
        clone(child.get(), was_folder ? child_stack(base, name, was_entry.layer) : Stack{},
              place + "/", depth + 1);
        restore(folder, name, info);
      } else if (!was || differs(folder, name, info, base[was_entry.layer].get(), was_entry)) {
        entry(folder, name, place, info);
      }
    });
    for (const auto& [name, gone] : before) {
      if (S_ISDIR(gone.mode) || S_ISREG(gone.mode) || S_ISLNK(gone.mode)) {
        send({.path = path + name, .what = Change::What::Deleted});
      }
    }
  }

 private:
  template <typename Visit>
  void for_each(int folder, int depth, Visit visit) {
    if (depth > kMostDepth) throw Error(ErrorKind::Limit, "the work tree is too deep");
    auto names = names_in(folder);
    std::ranges::sort(names);
    for (const auto& name : names) {
      struct stat info{};
      if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) visit(name, info);
    }
  }

  static void restore(int folder, const std::string& name, const struct stat& info) {
    if ((info.st_mode & 0500) != 0500) ::fchmodat(folder, name.c_str(), info.st_mode & 07777, 0);
  }

  bool differs(int folder, const std::string& name, const struct stat& info, int base,
               const Shown& was) {
    if ((info.st_mode & (S_IFMT | 0100)) != (was.mode & (S_IFMT | 0100))) return true;
    const bool touched =
        info.st_ctim.tv_sec > cloned_.tv_sec ||
        (info.st_ctim.tv_sec == cloned_.tv_sec && info.st_ctim.tv_nsec > cloned_.tv_nsec);
    if (!touched) return false;
    if (S_ISLNK(info.st_mode)) return link_target(folder, name) != link_target(base, name);
    const Fd ours = open_file(folder, name, info);
    const Fd theirs(::openat(base, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    return !ours || !theirs || !same_content(ours.get(), theirs.get());
  }

  void entry(int folder, const std::string& name, const std::string& place,
             const struct stat& info) {
    Change change{.path = place, .what = Change::What::Other};
    if (S_ISLNK(info.st_mode)) {
      change.what = Change::What::Symlink;
      change.content = link_target(folder, name);
      change.size = change.content.size();
    } else if (S_ISREG(info.st_mode)) {
      change.what = Change::What::File;
      change.executable = (info.st_mode & 0100) != 0;
      change.size = static_cast<std::uint64_t>(info.st_size);
      if (change.size <= most_) {
        const Fd file = open_file(folder, name, info);
        if (!file) throw_errno("cannot read " + place);
        change.content = read_all(file.get());
        change.size = change.content.size();
      }
    }
    send(change);
  }

  void send(const Change& change) {
    sandbox::Writer writer;
    sandbox::put(writer, change);
    sandbox::send_frame(socket_, sandbox::FrameKind::Entry, writer.bytes());
  }

  int socket_;
  std::uint64_t most_;
  timespec cloned_;
};

}  // namespace

void Changes::collect(int socket, std::uint64_t most_bytes) {
  Collector collector(socket, most_bytes, tree_.cloned);
  if (tree_.kind == sandbox::TreeKind::Clone) {
    collector.clone(tree_.written.get(), tree_.lowers, "", 0);
  } else {
    collector.upper(tree_.written.get(), "", 0);
  }
}

}  // namespace nightjar::helper
