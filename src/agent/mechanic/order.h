// What a brief asks the mechanic to do. Parsing it is pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::agent::mechanic {

/// What is renamed, as far as the brief says; Any: whatever has the name.
enum class Noun { Any, Type, Function, Method, Variable, Field, Macro };

struct Place {
  std::string path;
  int line = 0;
  bool operator==(const Place&) const = default;
};

struct Order {
  enum class Action { Rename, Replace, Run };
  Action action = Action::Rename;
  // Rename
  Noun noun = Noun::Any;
  std::string noun_said;             ///< "struct": the word that the person used, for what is told
  std::string owner;                 ///< `Parser` of `Parser.feed`; empty: none was named
  std::string old_name;              ///< as it was before the first run
  std::vector<std::string> interim;  ///< names that earlier runs gave it, oldest first
  std::string new_name;
  bool everywhere = false;  ///< all definitions of that name, where there are several
  bool strings_too = false;
  std::string in_path;  ///< the definition in this file; empty: wherever it is
  // Replace
  std::string pattern, replacement;
  // Run
  std::string command;
  bool operator==(const Order&) const = default;
};

/// The order that `brief` gives on top of the briefs of earlier runs ("call it X instead"), or why
/// it is none.
std::expected<Order, std::string> parse_order(std::string_view brief,
                                              const std::vector<std::string>& earlier);
std::string_view to_string(Noun noun);  ///< "class", "function", …; "" for Any
bool is_identifier(std::string_view text);
/// What is renamed, in the person's own word where there was one: "struct"; "" for Any.
std::string noun_of(const Order& order);
/// One line for people: "Rename class Parser to Reader".
std::string title_of(const Order& order);

}  // namespace nightjar::agent::mechanic
