#include "base/paths.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "base/error.h"

namespace nightjar {

namespace fs = std::filesystem;

namespace {

fs::path absolute_from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (!value || value[0] != '/') return {};
  return value;
}

}  // namespace

fs::path home_folder() {
  if (fs::path home = absolute_from_environment("HOME"); !home.empty()) return home;
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found &&
      found->pw_dir && found->pw_dir[0] == '/') {
    return found->pw_dir;
  }
  throw Error(ErrorKind::Unavailable,
              "HOME is not set and this user has no home folder; set HOME, or "
              "XDG_STATE_HOME and XDG_CONFIG_HOME");
}

fs::path state_folder() {
  fs::path base = absolute_from_environment("XDG_STATE_HOME");
  if (base.empty()) base = home_folder() / ".local/state";
  return base / "nightjar";
}

fs::path config_file() {
  fs::path base = absolute_from_environment("XDG_CONFIG_HOME");
  if (base.empty()) base = home_folder() / ".config";
  return base / "nightjar/config.toml";
}

fs::path api_socket(const fs::path& state) { return state / "api.sock"; }
fs::path token_file(const fs::path& state) { return state / "token"; }
fs::path daemon_lock(const fs::path& state) { return state / "daemon.lock"; }
fs::path daemon_log(const fs::path& state) { return state / "daemon.log"; }

}  // namespace nightjar
