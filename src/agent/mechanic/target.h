// What a rename is about: the declarations that are meant, found by the name's hits and the brief's
// noun.
#pragma once

#include <expected>
#include <set>
#include <string>
#include <vector>

#include "agent/mechanic/modules.h"
#include "agent/mechanic/order.h"
#include "agent/mechanic/scan.h"
#include "base/json.h"

namespace nightjar::agent::mechanic {

using Names = std::set<std::string, std::less<>>;

struct Target {
  What what = What::Type;
  bool declared = false;  ///< false: nothing here declares it, only uses are known
  std::set<Family> families;
  bool nested = false;    ///< declared inside a class
  bool embedded = false;  ///< Go: the type is embedded, so it is a field's name too
  Names folders;          ///< Go: of the declaring packages
  Names packages;         ///< Java: of the declaring files
  Names owners;           ///< of a method, field or variant: the classes that declare it
  Names other_methods;    ///< classes that declare a method of the name, where that is not what is
                          ///< meant
  Names variant_owners;   ///< enums with a variant of the name, where that is not what is meant
  bool also_function =
      false;  ///< a function or variable has the name as well (C: `struct x` and `x()`)
  bool also_field = false, also_type = false;
  Names modules;  ///< Python: names of the declaring files and of the folders around them
  std::vector<Place> places;  ///< of the declarations, definitions first

  bool is_global() const {
    return what != What::Method && what != What::Field && what != What::Variant;
  }
};

/// The error says why it cannot be told (several unrelated definitions), for the person.
std::expected<Target, std::string> find_target(const Order& order,
                                               const std::vector<ScannedFile>& files);

json::object to_json(const Target& target);
Target target_from(const json::object& object);
std::string_view name_of(What what);  ///< "class", "function", …

}  // namespace nightjar::agent::mechanic
