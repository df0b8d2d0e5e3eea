// An upgrade puts new files in the place of the old ones. A run under way goes on with the program
// and the helper that it began with, which belong together: the service keeps them where no
// installation reaches.
#pragma once

#include <filesystem>

namespace nightjar::daemon {

struct Programs {
  std::filesystem::path program;  ///< nightjar
  std::filesystem::path helper;   ///< nightjar-sandbox; empty where there is none. The toolbox of
                                  ///< agents, nightjar-toolbox, stands beside it.
};

/// The same as `installed`, in <state>/programs/<32 hex digits>: hard links, or copies where links
/// cannot be made. Made once for the files as they are. `installed` itself where nothing can be
/// executed in the state folder (a file system mounted noexec).
Programs keep_programs(const std::filesystem::path& state, const Programs& installed);

/// Removes what earlier versions of the program were kept for, except `used`. Only where no run is
/// under way.
void free_programs(const std::filesystem::path& state, const Programs& used);

}  // namespace nightjar::daemon
