#include "agent/mechanic/target.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

constexpr size_t kNamedPlaces = 5;

struct Declared {
  const ScannedFile* file;
  const Hit* hit;
};

std::vector<What> wanted(Noun noun) {
  using enum What;
  switch (noun) {
    case Noun::Any:
      return {Type, Function, Macro, Variable, Method, Field, Variant};
    case Noun::Type:
      return {Type, Variable, Macro, Function};
    case Noun::Function:
      return {Function, Method, Macro, Variable};
    case Noun::Method:
      return {Method, Field, Function};
    case Noun::Variable:
      return {Variable, Field, Macro, Variant};
    case Noun::Field:
      return {Field, Variant, Method, Variable};
    case Noun::Macro:
      return {Macro, Variable, Function};
  }
  return {};
}

bool is_variant_owner(const Hit& hit) { return hit.what == What::Variant && !hit.owner.empty(); }

// What keeps two definitions apart: files see each other's names within one of these.
std::string realm(const Declared& declared) {
  const std::string& path = declared.file->path;
  const Family family = family_of(*declared.file->lang);
  switch (family) {
    case Family::Go:
      return "go:" + path.substr(0, std::min(path.rfind('/'), path.size()));
    case Family::Java:
      return "java:" + declared.file->old_hits.package;
    case Family::Native:
      return "native";
    default: {
      // `a.pyi` and `a.py`, `a.d.ts` and `a.ts` are one.
      const size_t slash = path.rfind('/') == std::string::npos ? 0 : path.rfind('/');
      return std::string(name_of(family)) + ":" + path.substr(0, path.find('.', slash));
    }
  }
}

std::string listed(const std::vector<Declared>& declared) {
  std::string out;
  for (size_t i = 0; i < declared.size() && i < kNamedPlaces; ++i) {
    out += (i ? ", " : "") + inert(declared[i].file->path) + ":" +
           std::to_string(declared[i].hit->line);
  }
  return out + (declared.size() > kNamedPlaces ? ", …" : "");
}

// Classes that inherit from each other, or share an interface, have one method between them.
size_t unrelated_owners(const std::vector<Declared>& declared) {
  Names owners;
  for (const auto& each : declared) {
    if (each.hit->in_interface) return 1;
    owners.insert(each.hit->owner);
  }
  std::map<std::string, std::string> group;
  for (const auto& owner : owners) group[owner] = owner;
  const auto root = [&](std::string name) {
    while (group[name] != name) name = group[name];
    return name;
  };
  for (const auto& each : declared) {
    for (const auto& base : each.hit->bases) {
      for (const auto& owner : owners) {
        if (owner != each.hit->owner && !find_words(base, owner).empty())
          group[root(each.hit->owner)] = root(owner);
      }
    }
  }
  return static_cast<size_t>(
      std::ranges::count_if(group, [](const auto& entry) { return entry.first == entry.second; }));
}

class Finder {
 public:
  Finder(const Order& order, const std::vector<ScannedFile>& files)
      : order_(order), files_(files) {}

  std::expected<Target, std::string> find() {
    collect();
    choose();
    if (!target_.declared) {
      only_uses();
      return target_;
    }
    if (auto problem = ambiguity()) return std::unexpected(*problem);
    describe();
    return target_;
  }

 private:
  void collect() {
    for (const auto& file : files_) {
      if (!file.lang) continue;
      for (const auto& hit : file.old_hits.hits) {
        if (hit.role == Role::Declaration && hit.what != What::Local &&
            hit.what != What::Namespace && hit.what != What::None) {
          all_.push_back({&file, &hit});
        }
      }
    }
  }

  bool owner_fits(const Declared& each) const {
    if (order_.owner.empty()) return true;
    const std::string& owner = each.hit->owner;
    return owner == order_.owner || owner.ends_with("::" + order_.owner);
  }

  void choose() {
    for (const What what : wanted(order_.noun)) {
      for (const auto& each : all_) {
        if (each.hit->what == what && owner_fits(each)) meant_.push_back(each);
      }
      if (meant_.empty()) continue;
      target_.what = what;
      target_.declared = true;
      break;
    }
    // Declarations of the same thing under another owner (overrides) count as well.
    if (!target_.declared || target_.is_global()) return;
    meant_.clear();
    for (const auto& each : all_) {
      if (each.hit->what == target_.what) meant_.push_back(each);
    }
  }

  void only_uses() {
    switch (order_.noun) {
      case Noun::Function:
        target_.what = What::Function;
        break;
      case Noun::Method:
        target_.what = What::Method;
        break;
      case Noun::Variable:
        target_.what = What::Variable;
        break;
      case Noun::Field:
        target_.what = What::Field;
        break;
      case Noun::Macro:
        target_.what = What::Macro;
        break;
      default:
        target_.what = What::Type;
    }
    for (const auto& file : files_) {
      if (!file.lang) continue;
      for (const auto& hit : file.old_hits.hits) {
        // A macro between `class` and the name hides the declaration from the grammar.
        if (hit.role == Role::Reference || hit.role == Role::Scoped || hit.role == Role::Import)
          target_.families.insert(family_of(*file.lang));
      }
    }
  }

  std::optional<std::string> ambiguity() const {
    if (order_.everywhere) return std::nullopt;
    const std::string noun(name_of(target_.what));
    if (!target_.is_global()) {
      if (target_.what == What::Variant || unrelated_owners(meant_) <= 1) return std::nullopt;
      return "there are " + std::to_string(meant_.size()) + " declarations of the " + noun + " " +
             order_.old_name + " (" + listed(meant_) +
             ") in classes that share nothing, and without types the mechanic cannot tell whose is "
             "used where; '" +
             title_of(order_) + " everywhere' renames all of them";
    }
    std::map<Family, std::map<std::string, Declared>> realms;
    for (const auto& each : meant_) {
      if (each.hit->definition) realms[family_of(*each.file->lang)].emplace(realm(each), each);
    }
    std::vector<Declared> apart;
    for (const auto& [family, found] : realms) {
      if (found.size() < 2) continue;
      for (const auto& [name, each] : found) apart.push_back(each);
    }
    if (apart.empty()) return std::nullopt;
    return "there are " + std::to_string(apart.size()) + " definitions of " + order_.old_name +
           " (" + listed(apart) + "); '" + title_of(order_) + " everywhere' renames all of them";
  }

  void describe() {
    std::ranges::stable_sort(meant_, [](const auto& a, const auto& b) {
      return a.hit->definition && !b.hit->definition;
    });
    for (const auto& each : meant_) {
      const Family family = family_of(*each.file->lang);
      target_.families.insert(family);
      target_.places.push_back({each.file->path, each.hit->line});
      if (each.hit->definition && each.hit->in_class) target_.nested = true;
      if (!each.hit->owner.empty()) target_.owners.insert(last_part(each.hit->owner));
      if (family == Family::Go)
        target_.folders.insert(each.file->path.substr(
            0, std::min(each.file->path.rfind('/'), each.file->path.size())));
      if (family == Family::Go && each.file->path.find('/') == std::string::npos)
        target_.folders.insert("");
      if (family == Family::Python) {
        for (auto& part : split(each.file->path, '/'))
          target_.modules.insert(part.substr(0, part.find('.')));
      }
      if (family == Family::Java) target_.packages.insert(each.file->old_hits.package);
    }
    for (const auto& each : all_) {
      if (each.hit->what == target_.what || !target_.families.contains(family_of(*each.file->lang)))
        continue;
      if (each.hit->what == What::Method) target_.other_methods.insert(last_part(each.hit->owner));
      if (is_variant_owner(*each.hit)) target_.variant_owners.insert(each.hit->owner);
      if (each.hit->what == What::Field) target_.also_field = true;
      if (each.hit->what == What::Type) target_.also_type = true;
      if (each.hit->what == What::Function || each.hit->what == What::Variable)
        target_.also_function = true;
    }
    for (const auto& file : files_) {
      for (const auto& hit : file.old_hits.hits)
        target_.embedded = target_.embedded || (hit.embedded && target_.what == What::Type);
    }
  }

  static std::string last_part(const std::string& owner) {
    return owner.substr(owner.rfind(':') + 1);
  }

  const Order& order_;
  const std::vector<ScannedFile>& files_;
  std::vector<Declared> all_, meant_;
  Target target_;
};

constexpr std::array<std::pair<What, std::string_view>, 10> kWhats{
    {{What::None, ""},
     {What::Type, "class"},
     {What::Function, "function"},
     {What::Method, "method"},
     {What::Variable, "variable"},
     {What::Field, "field"},
     {What::Variant, "enumerator"},
     {What::Macro, "macro"},
     {What::Namespace, "module"},
     {What::Local, "local variable"}}};

json::array array_of(const Names& names) {
  json::array out;
  for (const auto& name : names) out.emplace_back(valid_utf8(name));
  return out;
}

Names names_from(const json::object& object, std::string_view key) {
  const auto strings = get_strings(object, key);
  return {strings.begin(), strings.end()};
}

}  // namespace

std::string_view name_of(What what) {
  for (const auto& [each, name] : kWhats) {
    if (each == what) return name;
  }
  return "";
}

std::expected<Target, std::string> find_target(const Order& order,
                                               const std::vector<ScannedFile>& files) {
  return Finder(order, files).find();
}

json::object to_json(const Target& target) {
  json::array families;
  for (const Family family : target.families) families.emplace_back(name_of(family));
  return {{"what", name_of(target.what)},
          {"declared", target.declared},
          {"families", std::move(families)},
          {"nested", target.nested},
          {"embedded", target.embedded},
          {"folders", array_of(target.folders)},
          {"packages", array_of(target.packages)},
          {"owners", array_of(target.owners)},
          {"other_methods", array_of(target.other_methods)},
          {"variant_owners", array_of(target.variant_owners)},
          {"also_function", target.also_function},
          {"also_field", target.also_field},
          {"also_type", target.also_type},
          {"modules", array_of(target.modules)}};
}

Target target_from(const json::object& object) {
  Target out;
  const std::string what = get_string(object, "what");
  for (const auto& [each, name] : kWhats) {
    if (name == what) out.what = each;
  }
  out.declared = get_bool(object, "declared");
  for (const auto& name : get_strings(object, "families")) {
    if (const auto family = family_from(name)) out.families.insert(*family);
  }
  out.nested = get_bool(object, "nested");
  out.embedded = get_bool(object, "embedded");
  out.folders = names_from(object, "folders");
  out.packages = names_from(object, "packages");
  out.owners = names_from(object, "owners");
  out.other_methods = names_from(object, "other_methods");
  out.variant_owners = names_from(object, "variant_owners");
  out.also_function = get_bool(object, "also_function");
  out.also_field = get_bool(object, "also_field");
  out.also_type = get_bool(object, "also_type");
  out.modules = names_from(object, "modules");
  return out;
}

}  // namespace nightjar::agent::mechanic
