#include "agent/mechanic/file_names.h"

#include <algorithm>

#include "agent/mechanic/classifier.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

std::string folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

std::string_view name_in(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view stem_of(std::string_view path) {
  const auto name = name_in(path);
  return name.ends_with(".d.ts") ? name.substr(0, name.size() - 5)
                                 : name.substr(0, name.rfind('.'));
}

bool may_be_renamed(const std::string& path) {
  const auto lang = language_of(path);
  return lang && one_of(name_of(*lang), {"Java", "TypeScript", "TSX", "C++", "C"});
}

// "a/./b/../c" without the dots.
std::string normalised(std::string_view path) {
  std::vector<std::string> parts;
  for (auto& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty())
      parts.pop_back();
    else
      parts.push_back(std::move(part));
  }
  return join(parts, "/");
}

bool ends_with_path(std::string_view path, std::string_view end) {
  return path == end || (path.size() > end.size() && path.ends_with(end) &&
                         path[path.size() - end.size() - 1] == '/');
}

// The word of a path, include or import around the place: no spaces, quotes, brackets.
std::string_view path_around(std::string_view text, std::uint32_t begin, std::uint32_t end,
                             size_t& start) {
  constexpr std::string_view kStops = " \t\r\n\"'`<>()[]{},;:=$";
  size_t first = begin, last = end;
  while (first > 0 && begin - first < 300 && kStops.find(text[first - 1]) == std::string_view::npos)
    --first;
  while (last < text.size() && last - end < 50 && kStops.find(text[last]) == std::string_view::npos)
    ++last;
  start = first;
  return text.substr(first, last - first);
}

bool names_file(const ScannedFile& file, std::string_view word, const std::string& renamed) {
  const std::string here = folder_of(file.path);
  if (word.starts_with('.')) {
    const std::string target = normalised(here + "/" + std::string(word));
    return target == renamed;
  }
  if (file.lang && family_of(*file.lang) == Family::Native) {
    return ends_with_path(renamed, normalised(word)) ||
           normalised(here + "/" + std::string(word)) == renamed;
  }
  return ends_with_path(renamed, normalised(word));
}

// An import of TypeScript leaves the extension out, or says `.js`.
bool imports_file(const ScannedFile& file, std::string_view word, const std::string& renamed) {
  std::string bare =
      renamed.substr(0, renamed.size() - (name_in(renamed).size() - stem_of(renamed).size()));
  for (std::string_view end : {"", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".d.ts"}) {
    const std::string candidate = bare + std::string(end);
    if (word.starts_with('.')) {
      if (normalised(folder_of(file.path) + "/" + std::string(word)) == candidate) return true;
    } else if ((word.starts_with("@/") || word.starts_with("~/")) &&
               ends_with_path(candidate, word.substr(2))) {
      return true;
    } else if (word.find('/') != std::string_view::npos && ends_with_path(candidate, word)) {
      return true;
    }
  }
  return false;
}

}  // namespace

FileRenames plan_file_renames(const WorkTree& tree, const std::vector<std::string>& paths,
                              const std::vector<ScannedFile>& files, const Target& target,
                              const std::string& old_name, const std::string& new_name) {
  FileRenames out;
  if (!target.is_global() || target.nested) return out;
  std::set<Family> families;
  for (const auto& place : target.places) {
    if (stem_of(place.path) == old_name && may_be_renamed(place.path))
      families.insert(family_of(*language_of(place.path)));
  }
  if (families.empty()) return out;
  const auto declares = [&](const std::string& path) {
    return std::ranges::any_of(target.places,
                               [&path](const Place& place) { return place.path == path; });
  };
  // In C a file is no home of one thing, and a header alone does not say which language it is.
  bool cpp = false;
  for (const auto& path : paths) {
    const auto end = std::string_view(path).substr(std::min(path.rfind('.'), path.size()));
    cpp = cpp || one_of(end, {".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx"});
    if (end == ".c" && stem_of(path) == old_name) families.erase(Family::Native);
  }
  if (!cpp || target.what != What::Type) families.erase(Family::Native);
  for (const auto& path : paths) {
    if (stem_of(path) != old_name || !may_be_renamed(path)) continue;
    const Family family = family_of(*language_of(path));
    if (!families.contains(family)) continue;
    // The other half of a pair declares nothing itself, but it holds the name.
    const bool pair =
        family == Family::Native &&
        std::ranges::any_of(files, [&path](const auto& file) { return file.path == path; });
    if (!declares(path) && !pair) continue;
    std::string to = folder_of(path);
    if (!to.empty()) to += "/";
    to += new_name + std::string(name_in(path).substr(old_name.size()));
    if (tree.exists(to)) out.taken = to;
    out.paths.emplace(path, std::move(to));
  }
  return out;
}

std::vector<Edit> path_edits(const ScannedFile& file, const FileRenames& renames,
                             const std::string& old_name, const std::string& new_name) {
  std::vector<Edit> out;
  if (renames.paths.empty() || file.kind == FileKind::Changelog) return out;
  for (const auto& hit : file.old_hits.hits) {
    const bool candidate = hit.role == Role::String || hit.role == Role::Text ||
                           hit.role == Role::Comment || hit.role == Role::Unparsed;
    if (!candidate) continue;
    size_t start = 0;
    const auto word = path_around(file.text, hit.begin, hit.end, start);
    // The name must be the last part's stem.
    const auto rest = word.substr(hit.begin - start);
    if (rest.find('/') != std::string_view::npos ||
        (hit.begin > start && file.text[hit.begin - 1] != '/'))
      continue;
    const bool script = file.lang && family_of(*file.lang) == Family::Script;
    for (const auto& [from, to] : renames.paths) {
      const bool same_family =
          language_of(from) && file.lang && family_of(*language_of(from)) == family_of(*file.lang);
      if (file.lang && !same_family) continue;
      const bool names = rest == old_name ? script && imports_file(file, word, from)
                                          : names_file(file, word, from) ||
                                                (script && imports_file(file, word, from));
      if (!names) continue;
      out.push_back({hit.begin, hit.end, new_name});
      break;
    }
  }
  return out;
}

}  // namespace nightjar::agent::mechanic
