// Which of the host's tools a run may see: what PATH names outside /usr, with what it needs, and
// nothing else of anybody's home.
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {

namespace {

// Tool managers below a home: the folder that holds them, and what of it is needed.
struct Manager {
  std::string_view folder;
  std::vector<std::string_view> needed;
  std::string_view variable;
};
const std::array<Manager, 11> kManagers{{{".pyenv", {""}, "PYENV_ROOT"},
                                         {".nvm", {"versions"}, "NVM_DIR"},
                                         {".rustup", {""}, "RUSTUP_HOME"},
                                         {".sdkman", {"candidates"}, ""},
                                         {".volta", {""}, "VOLTA_HOME"},
                                         {".asdf", {""}, "ASDF_DIR"},
                                         {".rbenv", {""}, "RBENV_ROOT"},
                                         {".local/share/fnm", {""}, ""},
                                         {".local/share/mise", {"installs", "shims"}, ""},
                                         {".bun", {"bin"}, ""},
                                         {".deno", {"bin"}, ""}}};

std::vector<fs::path> homes() {
  std::vector<fs::path> out;
  std::set<std::string> seen;
  ::setpwent();
  while (const passwd* entry = ::getpwent()) {
    const std::string home = entry->pw_dir ? entry->pw_dir : "";
    if (home.size() > 1 && home != "/nonexistent" && !home.starts_with("/usr") &&
        !home.starts_with("/var") && seen.insert(home).second)
      out.emplace_back(home);
  }
  ::endpwent();
  return out;
}

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

class Finder {
 public:
  HostTools find(std::string_view path) {
    std::vector<std::string> entries;
    for (const auto& text : split(path, ':')) {
      const fs::path entry(text);
      std::error_code ignored;
      if (!entry.is_absolute() || !fs::is_directory(entry, ignored) ||
          ::access(entry.c_str(), X_OK) != 0)
        continue;
      if (std::ranges::find(entries, text) != entries.end()) continue;
      entries.push_back(text);
      show(entry.lexically_normal());
      const fs::path real = fs::canonical(entry, ignored);
      if (!ignored && real != entry) show(real);
    }
    for (const char* usual : {"/usr/local/bin", "/usr/bin", "/bin"}) {
      if (std::ranges::find(entries, usual) == entries.end()) entries.emplace_back(usual);
    }
    tools_.path = join(entries, ":");
    std::ranges::sort(tools_.mounts, {}, [](const ReadOnly& mount) { return mount.target; });
    return std::move(tools_);
  }

 private:
  void mount(const fs::path& path) {
    std::error_code ignored;
    if (!fs::exists(path, ignored) || ::access(path.c_str(), R_OK) != 0) return;
    for (const auto& have : tools_.mounts) {
      if (is_below(path, have.target) || path == have.target) return;
    }
    std::erase_if(tools_.mounts, [&](const ReadOnly& have) { return is_below(have.target, path); });
    tools_.mounts.push_back({path, path});
  }

  void manager(const fs::path& home, std::string_view name) {
    for (const auto& known : kManagers) {
      if (known.folder != name) continue;
      for (const auto part : known.needed) mount(part.empty() ? home / name : home / name / part);
      std::error_code ignored;
      if (!known.variable.empty() && fs::exists(home / name, ignored))
        tools_.env[std::string(known.variable)] = (home / name).string();
    }
  }

  void show(const fs::path& entry) {
    for (const char* system : {"/usr", "/bin", "/sbin", "/lib", "/lib64"}) {
      if (entry == system || is_below(entry, system)) return;
    }
    for (const auto& home : homes_) {
      if (!is_below(entry, home)) continue;
      for (const auto& known : kManagers) {
        if (is_below(entry, home / known.folder)) return manager(home, known.folder);
      }
      mount(entry);  // the folder alone, never what lies beside it in a home
      if (entry == home / ".cargo" / "bin") manager(home, ".rustup");
      follow_links(home, entry);
      return;
    }
    // Outside homes, /opt/thing/bin needs what lies beside it.
    mount(entry.filename() == "bin" && entry.parent_path().has_relative_path() &&
                  entry.parent_path().parent_path() != "/"
              ? entry.parent_path()
              : entry);
  }

  // ~/.local/bin holds links into pipx and uv environments.
  void follow_links(const fs::path& home, const fs::path& entry) {
    std::error_code ignored;
    for (const auto& file : fs::directory_iterator(entry, ignored)) {
      if (!file.is_symlink(ignored)) continue;
      const fs::path real = fs::canonical(file.path(), ignored);
      if (ignored || !is_below(real, home)) continue;
      for (const char* place : {".local/pipx", ".local/share/pipx", ".local/share/uv"}) {
        if (is_below(real, home / place)) mount(home / place);
      }
    }
  }

  HostTools tools_;
  std::vector<fs::path> homes_ = homes();
};

}  // namespace

HostTools host_tools(std::string_view path) { return Finder().find(path); }

}  // namespace nightjar::sandbox
