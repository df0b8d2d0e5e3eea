// The languages that Nightjar reads, and which file speaks which.
#pragma once

#include <tree_sitter/api.h>

#include <optional>
#include <string_view>
#include <vector>

namespace nightjar::syntax {

enum class Lang { Python, JavaScript, TypeScript, Tsx, C, Cpp, Go, Java, Rust };
inline constexpr int kLanguages = 9;

/// Languages whose files see each other's names.
enum class Family { Python, Script, Native, Go, Java, Rust };

const TSLanguage* grammar(Lang lang);
std::string_view name_of(Lang lang);
std::string_view name_of(Family family);
Family family_of(Lang lang);
std::optional<Family> family_from(std::string_view name);
/// By the path's extension; headers of C count as C++ (its grammar reads both).
std::optional<Lang> language_of(std::string_view path);
const std::vector<Lang>& all_languages();

}  // namespace nightjar::syntax
