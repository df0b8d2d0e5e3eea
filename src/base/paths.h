// Where this user's service keeps its things: the one place that knows the names. Another
// XDG_STATE_HOME means a second, separate service.
#pragma once

#include <filesystem>

namespace nightjar {

/// $HOME where it is an absolute path, else the password database's.
std::filesystem::path home_folder();
/// ${XDG_STATE_HOME:-~/.local/state}/nightjar; relative values are ignored, as XDG says. Not
/// created.
std::filesystem::path state_folder();
/// ${XDG_CONFIG_HOME:-~/.config}/nightjar/config.toml; need not exist.
std::filesystem::path config_file();

// Inside a state folder.
std::filesystem::path api_socket(const std::filesystem::path& state);  ///< may exceed sun_path
std::filesystem::path token_file(const std::filesystem::path& state);  ///< mode 0600
std::filesystem::path daemon_lock(
    const std::filesystem::path& state);  ///< flocked while a daemon lives
std::filesystem::path daemon_log(const std::filesystem::path& state);

}  // namespace nightjar
