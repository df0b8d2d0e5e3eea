#include "agent/recipes.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace nightjar::agent {

// recipes/*.md of the source tree (nightjar_embed).
std::vector<std::pair<std::string_view, std::string_view>> embedded_recipes();

namespace {

using core::Kind;

constexpr size_t kLongest = 16 << 10, kLongestFile = 1 << 20;
constexpr std::array<Kind, 8> kKinds{Kind::Bugfix, Kind::Feature,    Kind::Refactor,
                                     Kind::Tests,  Kind::Migration,  Kind::Docs,
                                     Kind::Chore,  Kind::Performance};

std::string cut_at_line(std::string text) {
  if (text.size() <= kLongest) return text;
  text.resize(kLongest);
  text.resize(std::min(text.size(), text.rfind('\n') + 1));
  return text;
}

}  // namespace

Recipe recipe_of(core::Kind kind, const fs::path& folder) {
  Recipe out;
  out.kind = kind;
  const std::string name = std::string(to_string(kind)) + ".md";
  out.file = folder / name;
  try {
    if (auto own = try_read_file(out.file, kLongestFile)) {
      out.own = true;
      out.text = valid_utf8(cut_at_line(std::move(*own)));
      return out;
    }
  } catch (const Error& error) {
    out.problem = error.what();
  }
  for (const auto& [file, text] : embedded_recipes())
    if (file == name) out.text = text;
  return out;
}

std::vector<Recipe> recipes(const fs::path& folder) {
  std::vector<Recipe> out;
  for (const auto kind : kKinds) out.push_back(recipe_of(kind, folder));
  return out;
}

}  // namespace nightjar::agent
