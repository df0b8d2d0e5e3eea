// Which of the host's tools a run may see: what PATH names outside /usr, with what it needs, and
// nothing else of anybody's home.
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "base/paths.h"
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

constexpr size_t kMostLinks = 500;

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && relative != "." && *relative.begin() != "..";
}
bool is_at_or_below(const fs::path& path, const fs::path& folder) {
  return path == folder || is_below(path, folder);
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// The file lists nobody of a directory service, which would not list them either, or slowly; so the
// person's own home and whatever stands where homes stand count as well.
std::vector<fs::path> known_homes() {
  std::vector<fs::path> out{home_folder()};
  const auto add = [&](const fs::path& home) {
    if (std::ranges::find(out, home) == out.end()) out.push_back(home);
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/passwd", "re"),
                                                             std::fclose);
  while (const passwd* entry = file ? ::fgetpwent(file.get()) : nullptr) {
    const fs::path home = entry->pw_dir ? entry->pw_dir : "";
    if (!home.is_absolute() || home == "/" || home == "/nonexistent") continue;
    if (!is_at_or_below(home, "/usr") && !is_at_or_below(home, "/var")) add(home);
  }
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/home", ignored)) add(entry.path());
  add("/root");
  return out;
}

class Finder {
 public:
  HostTools find(std::string_view path) {
    std::vector<std::string> entries;
    for (const auto& text : split(path, ':')) {
      const fs::path entry = fs::path(text).lexically_normal();
      std::error_code ignored;
      if (!entry.is_absolute() || !fs::is_directory(entry, ignored) ||
          ::access(entry.c_str(), X_OK) != 0)
        continue;
      if (std::ranges::find(entries, text) != entries.end()) continue;
      entries.push_back(text);
      show(entry);
      const fs::path real = fs::canonical(entry, ignored);
      if (!ignored && real != entry) show(real);
    }
    for (const char* usual : {"/usr/local/bin", "/usr/bin", "/bin"}) {
      if (std::ranges::find(entries, usual) == entries.end()) entries.emplace_back(usual);
    }
    tools_.path = join(entries, ":");
    std::ranges::sort(tools_.mounts, {}, &ReadOnly::target);
    return std::move(tools_);
  }

 private:
  bool is_home_or_above(const fs::path& path) const {
    return std::ranges::any_of(homes_,
                               [&](const fs::path& home) { return is_at_or_below(home, path); });
  }

  void mount(const fs::path& path) {
    // Whatever PATH says: no home, nothing that holds one, nothing that looks like one.
    if (is_home_or_above(path) || is_there(path / ".ssh") || !is_there(path)) return;
    if (::access(path.c_str(), R_OK) != 0) return;
    for (const auto& have : tools_.mounts) {
      if (is_at_or_below(path, have.target)) return;
    }
    std::erase_if(tools_.mounts, [&](const ReadOnly& have) { return is_below(have.target, path); });
    tools_.mounts.push_back({path, path});
  }

  void manager(const fs::path& home, const Manager& known) {
    for (const auto part : known.needed)
      mount(part.empty() ? home / known.folder : home / known.folder / part);
    if (!known.variable.empty() && is_there(home / known.folder)) {
      tools_.env[std::string(known.variable)] = (home / known.folder).string();
    }
  }

  void show(const fs::path& entry) {
    for (const char* system : {"/usr", "/bin", "/sbin", "/lib", "/lib64"}) {
      if (is_at_or_below(entry, system)) return;
    }
    for (const auto& home : homes_) {
      if (is_below(entry, home)) return show_below_home(home, entry);
    }
    // Outside homes, /opt/thing/bin needs what lies beside it.
    const fs::path parent = entry.parent_path();
    mount(entry.filename() == "bin" && parent.parent_path() != "/" && parent != "/" ? parent
                                                                                    : entry);
  }

  void show_below_home(const fs::path& home, const fs::path& entry) {
    for (const auto& known : kManagers) {
      if (is_below(entry, home / known.folder)) return manager(home, known);
    }
    const fs::path parent = entry.parent_path();
    if (is_there(parent / "libexec" / "pyenv")) {
      tools_.env["PYENV_ROOT"] = parent.string();
      return mount(parent);
    }
    if (is_prefix(home, parent)) return mount(parent);
    mount(entry);  // the folder alone, never what lies beside it in a home
    if (entry == home / ".cargo" / "bin") {
      for (const auto& known : kManagers) {
        if (known.folder == ".rustup") manager(home, known);
      }
    }
    follow_links(home, entry);
  }

  // A whole installation of its own (conda, a virtual environment, ~/tools/llvm), as opposed to
  // ~/bin and ~/.local/bin, beside which a person's things lie.
  static bool is_prefix(const fs::path& home, const fs::path& folder) {
    if (!is_below(folder, home)) return false;
    if (is_there(folder / "pyvenv.cfg") || is_there(folder / "conda-meta")) return true;
    const bool hidden = folder.lexically_relative(home).begin()->string().starts_with('.');
    return !hidden && (is_there(folder / "lib") || is_there(folder / "libexec"));
  }

  // ~/.local/bin holds links into environments of their own.
  void follow_links(const fs::path& home, const fs::path& entry) {
    size_t count = 0;
    std::error_code failed;
    for (const auto& file : fs::directory_iterator(entry, failed)) {
      std::error_code ignored;
      if (!file.is_symlink(ignored) || ++count > kMostLinks) continue;
      const fs::path real = fs::canonical(file.path(), ignored);
      if (ignored || !is_below(real, home) || is_below(real, entry)) continue;
      const fs::path prefix = real.parent_path().parent_path();
      if (real.parent_path().filename() == "bin" && is_prefix(home, prefix)) {
        mount(prefix);
        interpreter_of(prefix);
      } else if (fs::is_regular_file(real, ignored) && ::access(real.c_str(), X_OK) == 0) {
        mount(real);
      }
    }
  }

  // The Python that a virtual environment was made from may live in a home as well.
  void interpreter_of(const fs::path& environment) {
    std::error_code ignored;
    const fs::path real = fs::canonical(environment / "bin" / "python", ignored);
    if (ignored || is_at_or_below(real, "/usr") || is_below(real, environment)) return;
    const fs::path prefix = real.parent_path().parent_path();
    if (is_there(prefix / "lib")) mount(prefix);
  }

  HostTools tools_;
  std::vector<fs::path> homes_ = known_homes();
};

}  // namespace

HostTools host_tools(std::string_view path) { return Finder().find(path); }

}  // namespace nightjar::sandbox
