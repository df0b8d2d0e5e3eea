// Every occurrence of a name in one file, and what each is: the classes that a rename decides by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/syntax.h"

namespace nightjar::agent::mechanic {

using namespace syntax;

enum class Role {
  Declaration,
  Reference,  ///< a plain identifier in code
  Import,     ///< named by an import, a use or a re-export
  Alias,      ///< bound here by an import to something of another name
  Member,     ///< after a dot or arrow
  Scoped,     ///< after `::`, or the last part of a type's path
  Key,        ///< key of a literal, keyword argument
  Shorthand,  ///< JavaScript's `{ name }`: key and reference (or local declaration) at once
  Label,
  Comment,
  Docstring,
  Annotation,  ///< a string that is a type: "Parser" in `x: "Parser"`
  Exported,    ///< an entry of `__all__`
  String,
  Text,      ///< prose of a documentation file
  Unparsed,  ///< where the file did not parse
};

/// What a declaration declares.
enum class What { None, Type, Function, Method, Variable, Field, Variant, Macro, Namespace, Local };

/// Where an identifier stands, for languages whose types, methods and values have names of their
/// own.
enum class Position { Value, Type, Call };

/// What stands before the dot.
enum class Receiver { None, Self, Name, Chain, Literal, Other };

struct Hit {
  std::uint32_t begin = 0, end = 0;
  int line = 0;
  Role role = Role::Unparsed;
  What what = What::None;   ///< of a declaration
  bool definition = false;  ///< with a body: not a forward declaration
  Position position = Position::Value;
  std::uint32_t scope_begin = 0, scope_end = 0;  ///< of a local declaration: where it hides others
  Receiver receiver = Receiver::None;
  std::string root;   ///< of a member: the first name of the receiver; of an import: its module
  std::string owner;  ///< the class around a declaration, or around `self.name`
  std::vector<std::string> bases;  ///< of that class, as written
  bool in_class = false;           ///< declared inside a class
  bool whole_string = false;       ///< the string holds the name alone
  bool embedded = false;           ///< Go: an embedded field
  bool exports = false;            ///< stands in `module.exports` or the like
  bool aliased = false;            ///< an import that binds another name here
  bool destructured = false;       ///< a shorthand in a pattern
  bool in_interface = false;       ///< a method of an interface or a trait
};

struct FileHits {
  std::vector<Hit> hits;
  bool damaged = false;  ///< the file has parts that do not parse
  std::string package;   ///< of Java and Go files
};

/// Offsets of the name where it stands as a whole word.
std::vector<std::uint32_t> find_words(std::string_view text, std::string_view name);

/// The same inside of the names of Go's examples (`func ExampleName(`, `func ExampleName_suffix(`):
/// go vet ties them to what they show.
std::vector<std::uint32_t> find_in_examples(std::string_view text, std::string_view name);

/// REQUIRES: `places` are offsets of `name` in `text`, ascending; `root` is the tree of `text`.
FileHits classify(Lang lang, TSNode root, std::string_view text, std::string_view name,
                  const std::vector<std::uint32_t>& places);

/// What an import binds in a file: `local` stands for `module` or something of it.
struct Binding {
  std::string local, module;
  bool whole_module = false;
  std::string name;  ///< what it is called in the module, where that is one thing of it
};
std::vector<Binding> bindings_of(Lang lang, TSNode root, std::string_view text);

}  // namespace nightjar::agent::mechanic
