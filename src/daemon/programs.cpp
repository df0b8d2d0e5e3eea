#include "daemon/programs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/warn.h"

namespace nightjar::daemon {

namespace {

constexpr const char* kProgram = "nightjar";
constexpr const char* kHelper = "nightjar-sandbox";
constexpr const char* kToolbox = "nightjar-toolbox";

fs::path folder_of(const fs::path& state) { return state / "programs"; }

// The file as it is now: whatever replaces it has another inode or another time.
void add_file(Digest& digest, const fs::path& file) {
  struct stat facts{};
  if (::stat(file.c_str(), &facts) != 0) throw_errno("cannot read " + file.string());
  digest.add_field(file.string());
  for (const auto number :
       {static_cast<long>(facts.st_dev), static_cast<long>(facts.st_ino),
        static_cast<long>(facts.st_size), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec})
    digest.add_field(std::to_string(number));
}

void link_or_copy(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return;  // else another file system, or root's own
  fs::copy_file(from, to);
  fs::permissions(to, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                          fs::perms::others_read | fs::perms::others_exec);
  const Fd copy(::open(to.c_str(), O_RDONLY | O_CLOEXEC));
  if (!copy || ::fsync(copy.get()) != 0) throw_errno("cannot sync " + to.string());
}

// A power failure may have left less of a copy.
bool whole(const fs::path& kept, const fs::path& installed) {
  if (installed.empty()) return true;
  std::error_code gone;
  return ::access(kept.c_str(), X_OK) == 0 &&
         fs::file_size(kept, gone) == fs::file_size(installed) && !gone;
}

// Stands beside the helper; empty where there is none.
fs::path toolbox_beside(const fs::path& helper) {
  const fs::path toolbox = helper.parent_path() / kToolbox;
  return !helper.empty() && fs::exists(toolbox) ? toolbox : fs::path();
}

bool whole(const Programs& kept, const Programs& installed) {
  return whole(kept.program, installed.program) && whole(kept.helper, installed.helper) &&
         whole(kept.program.parent_path() / kToolbox, toolbox_beside(installed.helper));
}

}  // namespace

Programs keep_programs(const fs::path& state, const Programs& installed) {
  try {
    Digest digest;
    add_file(digest, installed.program);
    if (!installed.helper.empty()) add_file(digest, installed.helper);
    const fs::path toolbox = toolbox_beside(installed.helper);
    if (!toolbox.empty()) add_file(digest, toolbox);
    const fs::path folder = folder_of(state) / digest.hex().substr(0, 32);
    const Programs kept{folder / kProgram,
                        installed.helper.empty() ? fs::path() : folder / kHelper};
    if (whole(kept, installed)) return kept;
    const fs::path making = folder.string() + ".making";
    remove_tree(making);
    fs::create_directories(making);
    try {
      link_or_copy(installed.program, making / kProgram);
      if (!installed.helper.empty()) link_or_copy(installed.helper, making / kHelper);
      if (!toolbox.empty()) link_or_copy(toolbox, making / kToolbox);
      remove_tree(folder);
      sync_folder(making);
      fs::rename(making, folder);
      sync_folder(folder_of(state));
    } catch (...) {
      remove_tree(making);  // on a disk that is full it would be in everybody's way
      throw;
    }
    if (whole(kept, installed)) return kept;
  } catch (const std::exception& error) {
    warn(std::string("an upgrade will disturb runs under way: ") + error.what());
  }
  return installed;
}

void free_programs(const fs::path& state, const Programs& used) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_of(state), ignored)) {
    if (entry.path() != used.program.parent_path()) remove_tree(entry.path());
  }
}

}  // namespace nightjar::daemon
