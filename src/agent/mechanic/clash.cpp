#include "agent/mechanic/clash.h"

#include <algorithm>

#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

bool is_code_edit(const ScannedFile& file, const std::vector<Decision>& decisions) {
  for (size_t n = 0; n < decisions.size(); ++n) {
    const Role role = file.old_hits.hits[n].role;
    if (decisions[n].rename && role != Role::Comment && role != Role::Docstring &&
        role != Role::Text && role != Role::String)
      return true;
  }
  return false;
}

std::string told(const ScannedFile& file, const Hit& hit) {
  const std::string what = hit.role == Role::Declaration && hit.what != What::None
                               ? std::string(name_of(hit.what))
                               : "used";
  return what + " at " + inert(file.path) + ":" + std::to_string(hit.line);
}

// A bare name that means something in the file's own scope.
bool binds(const Hit& hit) {
  switch (hit.role) {
    case Role::Declaration:
      return hit.what != What::Local && hit.what != What::Method && hit.what != What::Field &&
             hit.what != What::Variant;
    case Role::Reference:
    case Role::Import:
    case Role::Alias:
    case Role::Exported:
    case Role::Annotation:
      return hit.what != What::Namespace;
    default:
      return false;
  }
}

// A local of the new name would catch a reference that is renamed.
bool catches(const Hit& local, const ScannedFile& file, const std::vector<Decision>& decisions) {
  if (local.what != What::Local) return false;
  for (size_t n = 0; n < decisions.size(); ++n) {
    const Hit& hit = file.old_hits.hits[n];
    if (decisions[n].rename && hit.role == Role::Reference && hit.begin >= local.scope_begin &&
        hit.begin < local.scope_end)
      return true;
  }
  return false;
}

// The reference is to a local of that name, so it does not matter to the renamed thing.
bool is_local(const Hit& hit, const ScannedFile& file) {
  return std::ranges::any_of(file.new_hits.hits, [&hit](const Hit& local) {
    return local.what == What::Local && hit.begin >= local.scope_begin &&
           hit.begin < local.scope_end;
  });
}

}  // namespace

std::optional<std::string> find_clash(const std::vector<ScannedFile>& files,
                                      const std::vector<std::vector<Decision>>& decisions,
                                      const Target& target) {
  // The declaration says more than a use of it.
  std::optional<std::string> used;
  for (size_t i = 0; i < files.size(); ++i) {
    const ScannedFile& file = files[i];
    if (!file.lang || !target.families.contains(family_of(*file.lang))) continue;
    const Family family = family_of(*file.lang);
    const bool edited = is_code_edit(file, decisions[i]);
    const std::string folder =
        file.path.substr(0, file.path.rfind('/') == std::string::npos ? 0 : file.path.rfind('/'));
    // Packages of Go and Java have names of their own. Elsewhere one repository with two things of
    // one name is what a rename must not make silently, even where today's imports would tell them
    // apart.
    const bool together = family == Family::Go     ? target.folders.contains(folder)
                          : family == Family::Java ? target.packages.contains(file.new_hits.package)
                                                   : true;
    for (const auto& hit : file.new_hits.hits) {
      if (!target.is_global()) {
        const bool member =
            hit.role == Role::Declaration && (hit.what == What::Method || hit.what == What::Field);
        const std::string owner = hit.owner.substr(hit.owner.rfind(':') + 1);
        if (member && target.owners.contains(owner)) return told(file, hit);
        continue;
      }
      if (edited && catches(hit, file, decisions[i])) return told(file, hit);
      if (!binds(hit) || is_local(hit, file)) continue;
      const bool declared =
          hit.role == Role::Declaration && !hit.in_class && hit.what != What::Namespace;
      // In Java a method, a field and a class may share a name; bare calls are methods.
      if (family == Family::Java && hit.role == Role::Reference && hit.position != Position::Type)
        continue;
      if (!edited && !(together && declared)) continue;
      if (declared) return told(file, hit);
      if (!used) used = told(file, hit);
    }
  }
  return used;
}

}  // namespace nightjar::agent::mechanic
