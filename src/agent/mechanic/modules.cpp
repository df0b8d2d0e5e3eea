#include "agent/mechanic/modules.h"

#include <algorithm>

#include "agent/mechanic/classifier.h"
#include "base/json.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

constexpr size_t kMostManifests = 2000;

// `name = "x"` of a Cargo.toml's [package] or [lib] (the only tables whose name is a crate's).
void crate_names(std::string_view text, std::set<std::string, std::less<>>& out) {
  std::string table;
  for (const auto line : lines(text)) {
    const std::string bare = trimmed(line);
    if (bare.starts_with('[')) table = bare;
    if ((table != "[package]" && table != "[lib]") || !bare.starts_with("name")) continue;
    const size_t open = bare.find('"');
    const size_t close = bare.find('"', open + 1);
    if (open == std::string::npos || close == std::string::npos) continue;
    std::string name = bare.substr(open + 1, close - open - 1);
    std::ranges::replace(name, '-', '_');
    out.insert(std::move(name));
  }
}

}  // namespace

Modules::Modules(const WorkTree& tree, const std::vector<std::string>& paths) {
  std::string buffer;
  size_t manifests = 0;
  for (const auto& path : paths) {
    const size_t slash = path.rfind('/');
    const std::string_view name = slash == std::string::npos
                                      ? std::string_view(path)
                                      : std::string_view(path).substr(slash + 1);
    const size_t dot = name.rfind('.');
    const auto end = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
    if (end == "py" || end == "pyi" || end == "pyx" || end == "so") {
      python_.emplace(name.substr(0, name.find('.')));
      for (size_t at = 0; at < slash && slash != std::string::npos;) {
        const size_t next = std::min(path.find('/', at), path.size());
        python_.emplace(path.substr(at, next - at));
        at = next + 1;
      }
    } else if (end == "rs") {
      rust_modules_.emplace(name.substr(0, dot));
      if (slash != std::string::npos) {
        const size_t before = path.rfind('/', slash - 1);
        const size_t begin = before == std::string::npos || slash == 0 ? 0 : before + 1;
        rust_modules_.emplace(path.substr(begin, slash - begin));
      }
    }
    const bool manifest = one_of(name, {"package.json", "go.mod", "Cargo.toml"});
    if (!manifest || ++manifests > kMostManifests || !tree.read(path, buffer)) continue;
    if (name == "package.json") {
      const auto parsed = parse_json(buffer);
      if (parsed && parsed->is_object())
        script_packages_.insert(get_string(parsed->get_object(), "name"));
    } else if (name == "Cargo.toml") {
      crate_names(buffer, rust_crates_);
    } else {
      for (const auto line : lines(buffer)) {
        const std::string bare = trimmed(line);
        if (bare.starts_with("module "))
          go_modules_.insert(trimmed(std::string_view(bare).substr(7)));
      }
    }
  }
  script_packages_.erase("");
}

bool Modules::is_internal(Family family, std::string_view module) const {
  switch (family) {
    case Family::Python:
      return module.starts_with('.') || python_.contains(module.substr(0, module.find('.')));
    case Family::Script: {
      if (module.starts_with('.') || module.starts_with('/') || module.starts_with("@/") ||
          module.starts_with('~') || module.starts_with('#')) {
        return true;
      }
      return std::ranges::any_of(script_packages_, [module](const auto& name) {
        return module == name || (module.starts_with(name) && module[name.size()] == '/');
      });
    }
    case Family::Go:
      return go_modules_.empty() || std::ranges::any_of(go_modules_, [module](const auto& name) {
               return module == name || (module.starts_with(name) && module[name.size()] == '/');
             });
    case Family::Rust:
      return one_of(module, {"crate", "self", "super"}) || rust_crates_.contains(module) ||
             (!one_of(module, {"std", "core", "alloc"}) && rust_modules_.contains(module));
    case Family::Native:
    case Family::Java:
      return true;
  }
  return true;
}

bool Modules::is_module(Family family, std::string_view name) const {
  return family == Family::Python ? python_.contains(name)
                                  : family == Family::Rust && rust_modules_.contains(name);
}

}  // namespace nightjar::agent::mechanic
