// What one identifier is: shared helpers, and one function a language family (inside of hits.cpp
// only).
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "agent/mechanic/hits.h"

namespace nightjar::agent::mechanic {

bool one_of(std::string_view word, std::initializer_list<std::string_view> words);
bool one_of(std::string_view word, std::span<const std::string_view> words);

class Classifier {
 public:
  Classifier(Lang lang, std::string_view text, const Path& path, Hit& hit)
      : lang_(lang), text_(text), path_(path), hit_(hit) {}

  /// REQUIRES: the path ends at an identifier.
  void identify();

 private:
  void python();
  bool python_binding();
  void python_import(size_t name);
  void script();
  bool script_declaration();
  bool script_binding();
  void native();
  bool native_declaration();
  bool native_hidden_class();
  bool native_declarator();
  bool native_declared(size_t level, bool function, bool qualified);
  void go();
  bool go_declaration();
  void java();
  bool java_declaration();
  void rust();
  bool rust_declaration();
  bool rust_pattern();
  std::string rust_use_path(size_t name) const;

  /// 0 is the leaf, 1 its parent; an empty frame above the root.
  const Frame& up(size_t levels) const;
  bool parent_is(std::string_view type, std::string_view field = "*", size_t levels = 1) const;
  /// Levels up to the first of these types; 0 where there is none.
  size_t find(std::initializer_list<std::string_view> types, size_t from = 1) const;
  size_t find(std::span<const std::string_view> types, size_t from = 1) const;
  /// Whether a function stands between the leaf and the class or file around it.
  bool in_function(size_t from = 1) const;

  /// A class; in C++ also one that a macro before its name hides: `class API Parser { … };` reads
  /// as a function.
  bool is_class(size_t levels) const;
  bool hides_class(size_t levels) const;

  void reference(Position position = Position::Value);
  /// `from`: the level around the declaration (the leaf's parent is the declaration itself, in most
  /// languages).
  void declare(What what, bool definition = true, size_t from = 2);
  /// A variable of the file, of a class, or of a function.
  void declare_variable(size_t levels);
  void declare_local(size_t levels, Position position = Position::Value);
  void member(Role role, TSNode receiver);
  void owner_of(size_t levels);

  Lang lang_;
  std::string_view text_;
  const Path& path_;
  Hit& hit_;
};

}  // namespace nightjar::agent::mechanic
