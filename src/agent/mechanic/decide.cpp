#include "agent/mechanic/decide.h"

#include <algorithm>

#include "agent/mechanic/classifier.h"
#include "agent/mechanic/prose.h"

namespace nightjar::agent::mechanic {

namespace {

Decision keep(std::string rule) { return {false, std::move(rule), ""}; }
Decision take(std::string text = "") { return {true, "", std::move(text)}; }

bool starts_upper(std::string_view name) {
  return !name.empty() && name[0] >= 'A' && name[0] <= 'Z';
}

class Decider {
 public:
  Decider(const ScannedFile& file, const Target& target, const Modules& modules, const Wish& wish)
      : file_(file), target_(target), modules_(modules), wish_(wish) {
    if (file.lang) family_ = family_of(*file.lang);
    look_at_file();
  }

  Decision operator()(const Hit& hit) const {
    switch (hit.role) {
      case Role::Text:
        return file_.kind == FileKind::Changelog ? keep("changelog_left") : prose(hit);
      case Role::Comment:
      case Role::Docstring:
        return other_thing_ || (foreign_ && has_code_) ? keep("other_meaning") : prose(hit);
      case Role::String:
        return string(hit);
      default:
        break;
    }
    if (hit.role == Role::Label) return keep("");
    if (foreign_) return keep("other_language");
    switch (hit.role) {
      case Role::Declaration:
        return declaration(hit);
      case Role::Reference:
        return reference(hit);
      case Role::Import:
        return import(hit);
      case Role::Alias:
        return keep("other_meaning");
      case Role::Member:
        return target_.is_global() ? global_member(hit) : member(hit);
      case Role::Scoped:
        return target_.is_global() ? global_scoped(hit) : member_scoped(hit);
      case Role::Key:
        return key(hit);
      case Role::Shorthand:
        return shorthand(hit);
      case Role::Annotation:
      case Role::Exported:
        if (family_ == Family::Go && !in_package_) return keep("other_meaning");
        return target_.is_global() && !other_thing_ ? take() : keep("other_meaning");
      default:
        return keep("unparsed");
    }
  }

 private:
  // Which thing the bare name means in this file.
  void look_at_file() {
    if (!file_.lang) return;
    foreign_ = !target_.families.contains(family_);
    bool other = false;
    for (const auto& hit : file_.old_hits.hits) {
      if (hit.what == What::Local) locals_.push_back(&hit);
      has_code_ = has_code_ || (hit.role != Role::Comment && hit.role != Role::Docstring &&
                                hit.role != Role::String);
      if (hit.role == Role::Declaration && (hit.what == target_.what || in_stub(hit)))
        declared_ = true;
      if (hit.role == Role::Declaration && hit.what == What::Field) has_field_ = true;
      const bool required = hit.role == Role::Shorthand && hit.destructured && !hit.root.empty();
      const bool imports = hit.role == Role::Import && hit.what != What::Namespace;
      if ((imports && !hit.aliased) || required) (is_ours(hit) ? imported_ : other) = true;
      if (hit.role == Role::Alias && !hit.exports) other = true;
      const bool global = hit.role == Role::Declaration && !hit.in_class &&
                          one_of(name_of(hit.what), {"class", "function", "variable"});
      if (global && hit.what != target_.what && !in_stub(hit)) other = true;
    }
    if (family_ == Family::Go) {
      const size_t slash = file_.path.rfind('/');
      const std::string folder = slash == std::string::npos ? "" : file_.path.substr(0, slash);
      in_package_ = !target_.declared || target_.folders.contains(folder);
    }
    const bool may_be_other = family_ != Family::Native && target_.is_global();
    other_thing_ = may_be_other && other && !declared_ && !imported_ &&
                   (family_ != Family::Go || !in_package_);
  }

  // Python's stubs may declare a class as an overloaded function.
  bool in_stub(const Hit& declaration) const {
    return file_.path.ends_with(".pyi") && target_.is_global() && !declaration.in_class &&
           one_of(name_of(declaration.what), {"class", "function", "variable"});
  }

  // An import of something of this repository.
  bool is_ours(const Hit& import) const {
    if (family_ == Family::Java) return java_package_fits(import.root);
    return modules_.is_internal(family_, import.root);
  }

  bool java_package_fits(std::string_view package) const {
    if (!target_.declared || target_.packages.contains(package)) return true;
    // Inside of a class: `import a.b.Outer.Name`.
    const size_t dot = package.rfind('.');
    return dot != std::string_view::npos && starts_upper(package.substr(dot + 1));
  }

  bool shadowed(const Hit& hit) const {
    return std::ranges::any_of(locals_, [&hit](const Hit* local) {
      if (local == &hit || hit.begin < local->scope_begin || hit.begin >= local->scope_end)
        return false;
      // A variable hides no type, where the two have names of their own.
      return !(hit.position == Position::Type && local->position != Position::Type);
    });
  }

  Decision prose(const Hit& hit) const {
    switch (mention_at(file_.text, hit.begin, hit.end)) {
      case Mention::Name:
        return take();
      case Mention::Word:
        return wish_.strings_too ? take() : keep("word_left");
      case Mention::FileName:
        return keep("file_name_left");
      case Mention::Link:
        return keep("link_left");
    }
    return keep("word_left");
  }

  Decision string(const Hit& hit) const {
    const bool shown = std::ranges::any_of(wish_.evidence, [&](const Place& place) {
      return place.path == file_.path && place.line == hit.line;
    });
    if (shown || (wish_.strings_too && file_.kind != FileKind::Changelog)) return take();
    if (hit.what == What::Namespace) return keep("module_name");
    if (file_.lang) return keep("string_left");
    return names_module(hit) ? take() : keep("other_file");
  }

  // `thing.parser:Parser` of an entry point, or `thing.parser.Parser`: a path of Python in a
  // configuration.
  bool names_module(const Hit& hit) const {
    if (!target_.is_global() || !target_.families.contains(Family::Python)) return false;
    const std::string_view text = file_.text;
    if (hit.begin < 2 || (text[hit.begin - 1] != ':' && text[hit.begin - 1] != '.')) return false;
    size_t begin = hit.begin - 1;
    while (begin > 0 &&
           (isalnum(static_cast<unsigned char>(text[begin - 1])) || text[begin - 1] == '_'))
      --begin;
    const auto module = text.substr(begin, hit.begin - 1 - begin);
    return std::ranges::any_of(target_.modules,
                               [&module](const auto& name) { return name == module; });
  }

  Decision declaration(const Hit& hit) const {
    if (in_stub(hit)) return take();
    if (hit.what == target_.what) {
      if (target_.what == What::Variable && family_ == Family::Python && other_thing_)
        return keep("other_meaning");
      return take();
    }
    // A method defined outside of its class looks the same as a function of a namespace, and a
    // constructor as both.
    if (hit.root == "qualified" && hit.what == What::Method) {
      const std::string owner = hit.owner.substr(hit.owner.rfind(':') + 1);
      if (target_.what == What::Type && owner == wish_.old_name) return take();
      if (target_.what == What::Function && !target_.other_methods.contains(owner)) return take();
    }
    // In Java and C++ a constructor is declared with the class's name.
    if (target_.what == What::Type && family_ == Family::Native && hit.owner == wish_.old_name &&
        (hit.what == What::Method || hit.what == What::Function)) {
      return take();
    }
    if (hit.what == What::Variable && target_.is_global() && declared_)
      return take();  // bound a second time: try/except
    return keep("other_meaning");
  }

  Decision reference(const Hit& hit) const {
    if (shadowed(hit) || other_thing_) return keep("other_meaning");
    if (!target_.is_global()) return member_by_bare_name(hit);
    if (family_ == Family::Go && !in_package_) return keep("other_meaning");
    const bool type = target_.what == What::Type;
    if (family_ == Family::Java) {
      if (hit.position == Position::Call) return keep("other_meaning");
      if (type && hit.position == Position::Value && has_field_) return keep("other_meaning");
    }
    if (target_.what == What::Function && hit.position == Position::Type &&
        ((family_ != Family::Native && family_ != Family::Script) || target_.also_type)) {
      return keep("other_meaning");
    }
    if (family_ == Family::Native && target_.also_function && type &&
        hit.position == Position::Value)
      return keep("other_meaning");
    return take();
  }

  // Java and C++ call methods of the same class without saying whose.
  Decision member_by_bare_name(const Hit& hit) const {
    if (target_.what == What::Variant)
      return family_ == Family::Native || family_ == Family::Java ? take() : keep("other_meaning");
    if (family_ == Family::Java) {
      const bool call = hit.position == Position::Call;
      return call == (target_.what == What::Method) && hit.position != Position::Type
                 ? take()
                 : keep("other_meaning");
    }
    if (family_ == Family::Native && hit.position == Position::Value && !target_.also_function)
      return take();
    return keep("other_meaning");
  }

  Decision import(const Hit& hit) const {
    if (hit.what == What::Namespace) return keep("module_name");
    if (family_ == Family::Java) {
      const std::string last = hit.root.substr(hit.root.rfind('.') + 1);
      if (!target_.is_global())
        return target_.owners.contains(last) ? take() : keep("other_meaning");
      return java_package_fits(hit.root) ? take() : keep("other_meaning");
    }
    if (!target_.is_global()) return keep("other_meaning");
    if (modules_.is_internal(family_, hit.root)) return take();
    // The same name from elsewhere where ours is missing: `try: from x import Name; except: class
    // Name`.
    const bool specifier =
        family_ == Family::Python || (family_ == Family::Script && !hit.whole_string);
    if ((declared_ || imported_) && specifier && !hit.aliased)
      return take(wish_.old_name + " as " + wish_.new_name);
    return keep("other_meaning");
  }

  const Binding* binding(std::string_view local) const {
    const auto found = std::ranges::find(file_.bindings, local, &Binding::local);
    return found == file_.bindings.end() ? nullptr : &*found;
  }

  bool is_foreign_root(const Hit& hit) const {
    const Binding* bound = binding(hit.root);
    return bound && !modules_.is_internal(family_, bound->module);
  }

  Decision global_member(const Hit& hit) const {
    if (hit.exports) return other_thing_ ? keep("other_meaning") : take();
    if (is_foreign_root(hit) || hit.receiver == Receiver::Literal) return keep("other_meaning");
    if (family_ == Family::Native) {
      const bool initializer = hit.receiver == Receiver::None;
      if (!initializer || target_.what != What::Type) return keep("member_left");
      const bool delegates = hit.owner.substr(hit.owner.rfind(':') + 1) == wish_.old_name;
      return delegates || !target_.also_field ? take() : keep("member_left");
    }
    if (family_ == Family::Java) return java_path(hit);
    if (target_.nested && target_.what == What::Type && hit.receiver != Receiver::Other)
      return take();
    if (target_.embedded && family_ == Family::Go) return take();
    if (hit.receiver != Receiver::Name && hit.receiver != Receiver::Chain)
      return keep("member_left");
    const Binding* bound = binding(hit.root);
    if (!bound) return keep("member_left");
    if (bound->whole_module || modules_.is_module(family_, bound->name)) return take();
    return keep("member_left");
  }

  // `a.b.Name` in Java: a package, or a class around it.
  Decision java_path(const Hit& hit) const {
    size_t begin = hit.begin;
    while (begin > 0 && (isalnum(static_cast<unsigned char>(file_.text[begin - 1])) ||
                         file_.text[begin - 1] == '.' || file_.text[begin - 1] == '_'))
      --begin;
    std::string_view prefix = std::string_view(file_.text).substr(begin, hit.begin - begin);
    if (prefix.ends_with('.')) prefix.remove_suffix(1);
    if (hit.position == Position::Call || target_.what != What::Type) return keep("member_left");
    const auto last = prefix.substr(prefix.rfind('.') + 1);
    if (starts_upper(last)) return target_.nested ? take() : keep("member_left");
    return target_.packages.contains(prefix)
               ? take()
               : keep(hit.role == Role::Scoped ? "other_meaning" : "member_left");
  }

  Decision global_scoped(const Hit& hit) const {
    if (family_ == Family::Java) return java_path(hit);
    if (family_ == Family::Go) return is_foreign_root(hit) ? keep("other_meaning") : take();
    if (one_of(hit.root, {"std", "core", "alloc"})) return keep("other_meaning");
    const std::string last = scope_before(hit);
    if (family_ == Family::Rust) {
      const Binding* bound = binding(hit.root);
      if (bound && !modules_.is_internal(family_, bound->module)) return keep("other_meaning");
      return starts_upper(last) ? keep("member_left") : take();
    }
    if (target_.what == What::Type && last == wish_.old_name)
      return take();  // a constructor or destructor by its full name
    if (target_.other_methods.contains(last) || target_.variant_owners.contains(last))
      return keep("member_left");
    return take();
  }

  // The name right before `::`.
  std::string scope_before(const Hit& hit) const {
    size_t end = hit.begin;
    while (end > 0 &&
           (file_.text[end - 1] == ':' || file_.text[end - 1] == ' ' || file_.text[end - 1] == '~'))
      --end;
    size_t depth = 0;
    while (end > 0 && (file_.text[end - 1] == '>' || depth > 0)) {
      if (file_.text[end - 1] == '>') ++depth;
      if (file_.text[end - 1] == '<') --depth;
      --end;
    }
    if (end > 1 && file_.text[end - 1] == ':') end -= 2;  // `Name::<T>::`
    size_t begin = end;
    while (begin > 0 && (isalnum(static_cast<unsigned char>(file_.text[begin - 1])) ||
                         file_.text[begin - 1] == '_'))
      --begin;
    return file_.text.substr(begin, end - begin);
  }

  Decision member(const Hit& hit) const {
    if (is_foreign_root(hit) || hit.receiver == Receiver::Literal) return keep("other_meaning");
    if (family_ == Family::Java &&
        (hit.position == Position::Call) != (target_.what == What::Method))
      return keep("member_left");
    if (family_ == Family::Native && hit.receiver == Receiver::None)
      return target_.what == What::Field ? take() : keep("member_left");
    const Binding* bound = binding(hit.root);
    // A function of a module, not a method of a value.
    if (bound && bound->whole_module && hit.receiver == Receiver::Name &&
        target_.what == What::Method)
      return keep("member_left");
    return take();
  }

  Decision member_scoped(const Hit& hit) const {
    const std::string last = scope_before(hit);
    return target_.owners.contains(last) || last == "Self" ? take() : keep("member_left");
  }

  Decision key(const Hit&) const {
    if (target_.what == What::Field && family_ != Family::Python) return take();
    if (target_.embedded && family_ == Family::Go) return take();
    return keep("key_left");
  }

  Decision shorthand(const Hit& hit) const {
    const std::string colon = ": ";
    if (target_.what == What::Field) return take(wish_.new_name + colon + wish_.old_name);
    if (!target_.is_global() || other_thing_) return keep("key_left");
    if (hit.exports) return take();
    if (hit.destructured) {
      if (hit.root.empty() || !modules_.is_internal(family_, hit.root))
        return keep("other_meaning");
      return take();
    }
    if (shadowed(hit)) return keep("other_meaning");
    return take(wish_.old_name + colon + wish_.new_name);
  }

  const ScannedFile& file_;
  const Target& target_;
  const Modules& modules_;
  const Wish& wish_;
  Family family_ = Family::Python;
  std::vector<const Hit*> locals_;  // in file_
  bool foreign_ = false;            // of a language in which the name is not declared
  bool has_code_ = false;
  bool declared_ = false, imported_ = false;
  bool has_field_ = false;
  bool other_thing_ = false;  // in this file the bare name means something else
  bool in_package_ = true;
};

}  // namespace

std::vector<Decision> decide(const ScannedFile& file, const Target& target, const Modules& modules,
                             const Wish& wish) {
  const Decider decider(file, target, modules, wish);
  std::vector<Decision> out;
  out.reserve(file.old_hits.hits.size());
  for (const auto& hit : file.old_hits.hits) out.push_back(decider(hit));
  return out;
}

}  // namespace nightjar::agent::mechanic
