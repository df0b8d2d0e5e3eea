// Locks of ours that are waited for, and locks of git that a killed git left behind.
#pragma once

#include <filesystem>

#include "base/file.h"
#include "base/time.h"

namespace nightjar::git {

/// Blocks until it is ours.
FileLock wait_for_lock(const std::filesystem::path& path);

/// True once the lock file of git is gone: git holds one for milliseconds, so it is waited for a
/// little. One that stands unchanged for all that time, belongs to this user and is not older than
/// `since` was left by a git of ours that was killed, and is removed.
bool outwait_git_lock(const std::filesystem::path& lock, std::filesystem::file_time_type since);

}  // namespace nightjar::git
