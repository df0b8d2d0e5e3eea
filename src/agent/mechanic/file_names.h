// Files that are named after what is renamed: Java classes, TypeScript modules, C++ header pairs;
// and the includes, imports and build files that name them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/mechanic/edits.h"
#include "agent/mechanic/target.h"

namespace nightjar::agent::mechanic {

struct FileRenames {
  std::map<std::string, std::string> paths;  ///< old path to new path
  std::string taken;  ///< a new path that exists already; then nothing may be done
};

/// Only where the stem equals the name exactly and the file declares it; never Python or Go.
FileRenames plan_file_renames(const WorkTree& tree, const std::vector<std::string>& paths,
                              const std::vector<ScannedFile>& files, const Target& target,
                              const std::string& old_name, const std::string& new_name);

/// The places in `file` that name a renamed file.
std::vector<Edit> path_edits(const ScannedFile& file, const FileRenames& renames,
                             const std::string& old_name, const std::string& new_name);

}  // namespace nightjar::agent::mechanic
