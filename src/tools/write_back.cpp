#include "tools/write_back.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace nightjar::tools {

namespace {

constexpr int kMostLinks = 40;

fs::path behind_links(fs::path path) {
  std::error_code failed;
  for (int i = 0; fs::is_symlink(fs::symlink_status(path, failed)); ++i) {
    if (i == kMostLinks) throw Error(ErrorKind::Invalid, "too many links at " + path.string());
    const fs::path target = fs::read_symlink(path);
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return path;
}

unsigned mode_of_new_files() {
  const mode_t mask = ::umask(022);
  ::umask(mask);
  return 0666U & ~mask;
}

[[noreturn]] void cannot(const char* what, const fs::path& path) {
  throw_errno(std::string("cannot ") + what + " " + inert(path.string()));
}

class WriteBack {
 public:
  explicit WriteBack(bool several) : several_(several) {}
  WriteBack(const WriteBack&) = delete;
  WriteBack& operator=(const WriteBack&) = delete;

  ~WriteBack() {
    if (!done_) undo();
    for (const auto& step : steps_) {
      if (!step.fresh.empty()) ::unlink(step.fresh.c_str());
      if (!step.old.empty()) ::unlink(step.old.c_str());
    }
    for (auto folder = folders_.rbegin(); !done_ && folder != folders_.rend(); ++folder)
      ::rmdir(folder->c_str());
  }

  // All that may fail for want of room or rights, before anything is changed.
  void prepare(const FileWrite& file) {
    Step step{.target = file.content ? behind_links(file.path) : file.path};
    struct stat info{};
    step.exists = ::lstat(step.target.c_str(), &info) == 0;
    if (file.content) {
      if (step.exists && !S_ISREG(info.st_mode))
        throw Error(ErrorKind::Invalid, inert(step.target.string()) + " is no file");
      if (step.exists && ::access(step.target.c_str(), W_OK) != 0) cannot("write", step.target);
      make_folders(step.target.parent_path());
      step.fresh = beside(step.target);
      const Fd fd(::mkostemp(step.fresh.data(), O_CLOEXEC));
      if (!fd) {
        step.fresh.clear();
        cannot("write", step.target);
      }
      steps_.push_back(step);
      write_all(fd.get(), *file.content);
      const unsigned mode =
          file.mode.value_or(step.exists ? info.st_mode & 07777U : mode_of_new_files());
      if (::fchmod(fd.get(), mode) != 0) cannot("write", step.target);
    } else if (step.exists) {
      if (S_ISDIR(info.st_mode))
        throw Error(ErrorKind::Invalid, inert(step.target.string()) + " is a folder");
      steps_.push_back(step);
    }
  }

  void make() {
    for (auto& step : steps_) {
      if (several_ && step.exists) keep_old(step);
      if (!step.fresh.empty()) {
        if (::rename(step.fresh.c_str(), step.target.c_str()) != 0) cannot("write", step.target);
        step.fresh.clear();
      } else if (::unlink(step.target.c_str()) != 0 && errno != ENOENT) {
        cannot("remove", step.target);
      }
      step.made = true;
    }
    done_ = true;
  }

 private:
  struct Step {
    fs::path target;
    std::string fresh = {};  ///< the new content, until it is in its place
    std::string old = {};    ///< the old one, until all are made
    bool exists = false, made = false;
  };

  static std::string beside(const fs::path& target) {
    return (target.parent_path() / ".nightjar-XXXXXX").string();
  }

  void make_folders(const fs::path& folder) {
    std::vector<fs::path> missing;
    std::error_code failed;
    for (fs::path at = folder; !at.empty() && !fs::exists(at, failed); at = at.parent_path()) {
      missing.push_back(at);
      if (at == at.parent_path()) break;
    }
    for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
      if (::mkdir(at->c_str(), 0777) == 0)
        folders_.push_back(*at);
      else if (errno != EEXIST)
        cannot("make the folder", *at);
    }
  }

  // By a second name, so that there is no moment without the file.
  static void keep_old(Step& step) {
    std::string old = beside(step.target);
    const Fd place(::mkostemp(old.data(), O_CLOEXEC));
    if (!place || ::unlink(old.c_str()) != 0) cannot("keep the old", step.target);
    if (::link(step.target.c_str(), old.c_str()) != 0 &&
        ::rename(step.target.c_str(), old.c_str()) != 0)
      cannot("keep the old", step.target);
    step.old = std::move(old);
  }

  void undo() {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      if (!step->old.empty()) {
        // Does nothing where both are still the same file; then the second name goes.
        if (::rename(step->old.c_str(), step->target.c_str()) == 0 && step->made) step->old.clear();
      } else if (step->made && !step->exists) {
        ::unlink(step->target.c_str());
      }
    }
  }

  bool several_;
  bool done_ = false;
  std::vector<Step> steps_;
  std::vector<fs::path> folders_;  ///< that were made
};

}  // namespace

void write_back(const std::vector<FileWrite>& files) {
  WriteBack work(files.size() > 1);
  for (const auto& file : files) work.prepare(file);
  work.make();
}

}  // namespace nightjar::tools
