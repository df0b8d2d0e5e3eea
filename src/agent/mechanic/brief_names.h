// The nouns and names of a brief.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/mechanic/brief_words.h"
#include "agent/mechanic/order.h"

namespace nightjar::agent::mechanic {

/// "struct", "functions": what kind of thing; nullopt for other words. Any: a word that leaves it
/// open.
std::optional<Noun> noun_from(std::string_view word);

/// A name as it may stand in a brief: `Parser`, "Parser", Parser(), Owner.parser, Owner::parser.
struct Name {
  std::string owner, name;
};

std::optional<Name> name_from(const Word& word);

/// In one of the languages: no new name may be one.
bool is_keyword(std::string_view text);

}  // namespace nightjar::agent::mechanic
