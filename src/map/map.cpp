#include "map/map.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "map/rank.h"
#include "map/tag_store.h"
#include "syntax/languages.h"

namespace nightjar::map {

namespace {

constexpr size_t kFewestFiles = 3, kMostFiles = 100'000;
constexpr double kTestsLess = 0.5;  // of the budget, at most, for tests

bool is_test(std::string_view path) {
  return path.find("test") != std::string_view::npos || path.find("spec") != std::string_view::npos;
}

// Tags of every file: those that are known, and those that are read now.
struct Read {
  std::vector<std::string> made;  ///< by file; empty where it was known or the time was over
  size_t parsed = 0;
};

Read read_unknown(const Request& request, const std::vector<const Blob*>& sources,
                  const TagStore& known) {
  Read out;
  out.made.resize(sources.size());
  std::vector<size_t> todo;
  for (size_t i = 0; i < sources.size(); ++i)
    if (known.find(sources[i]->id).empty()) todo.push_back(i);
  std::atomic<size_t> next = 0, parsed = 0;
  const auto work = [&] {
    syntax::Syntax syntax;
    for (size_t at = next++; at < todo.size(); at = next++) {
      if (std::chrono::steady_clock::now() > request.deadline) return;
      const size_t i = todo[at];
      std::string text;
      try {
        text = try_read_file(request.root / sources[i]->path, kLargestSource).value_or("");
      } catch (const Error&) {  // too large, or no file: it has no tags
      }
      out.made[i] = packed_tags(syntax, sources[i]->path, text);
      ++parsed;
    }
  };
  const size_t threads = std::min<size_t>(std::max(1U, request.threads), todo.size() / 16 + 1);
  std::vector<std::jthread> others;
  for (size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  others.clear();
  out.parsed = parsed;
  return out;
}

// Files in the order of their best definition, each with its chosen lines in order.
std::string rendered(const std::vector<File>& files, const std::vector<Ranked>& order,
                     size_t budget) {
  struct Chosen {
    size_t place = 0;
    std::set<std::uint32_t> definitions;
  };
  std::map<std::uint32_t, Chosen> chosen;
  size_t used = 0, tests = 0;
  const auto most_for_tests = static_cast<size_t>(kTestsLess * static_cast<double>(budget));
  for (const auto& [file, definition, score] : order) {
    const auto& one = files[file].tags.definitions[definition];
    if (one.head.empty()) continue;
    const bool fresh = !chosen.contains(file);
    const size_t cost = one.head.size() + 8 + (fresh ? files[file].path.size() + 2 : 0);
    const bool test = is_test(files[file].path);
    if (used + cost > budget) break;
    if (test && tests + cost > most_for_tests) continue;
    used += cost;
    if (test) tests += cost;
    auto& at = chosen[file];
    if (fresh) at.place = chosen.size();
    at.definitions.insert(definition);
  }
  std::vector<std::pair<size_t, std::uint32_t>> places;
  for (const auto& [file, each] : chosen) places.emplace_back(each.place, file);
  std::ranges::sort(places);
  std::string out;
  for (const auto& [place, file] : places) {
    out += inert(files[file].path) + ":\n";
    for (const std::uint32_t definition : chosen[file].definitions) {
      const auto& one = files[file].tags.definitions[definition];
      out += "  " + std::to_string(one.line) + ": " + inert(one.head) + "\n";
    }
  }
  return out;
}

}  // namespace

// "100644 blob ID\tPATH", each ended by NUL.
std::vector<Blob> blobs_in(std::string_view listing) {
  std::vector<Blob> out;
  while (!listing.empty() && out.size() < kMostFiles) {
    const size_t end = std::min(listing.find('\0'), listing.size());
    const std::string_view entry = listing.substr(0, end);
    listing.remove_prefix(std::min(end + 1, listing.size()));
    const size_t tab = entry.find('\t');
    if (tab == std::string_view::npos || !entry.starts_with("100")) continue;
    const std::string_view facts = entry.substr(0, tab);
    const size_t blank = facts.rfind(' ');
    if (blank == std::string_view::npos) continue;
    out.push_back({std::string(facts.substr(blank + 1)), std::string(entry.substr(tab + 1))});
  }
  return out;
}

Map make_map(const Request& request) {
  Map out;
  std::vector<const Blob*> sources;
  for (const auto& blob : request.files)
    if (syntax::language_of(blob.path)) sources.push_back(&blob);
  if (sources.size() < kFewestFiles) return out;
  const TagStore known(request.known_tags);
  Read read = read_unknown(request, sources, known);
  out.parsed = read.parsed;

  std::vector<File> files;
  for (size_t i = 0; i < sources.size(); ++i) {
    const std::string_view packed =
        read.made[i].empty() ? known.find(sources[i]->id) : std::string_view(read.made[i]);
    if (packed.empty()) continue;
    if (read.parsed > 0) TagStore::add(out.tags, sources[i]->id, packed);
    Tags tags;
    if (!unpack(packed, tags) || tags.definitions.empty()) continue;
    files.push_back({sources[i]->path, std::move(tags)});
  }
  out.files = files.size();
  out.text = rendered(files, ranked(files, words_of(request.brief)), request.budget);
  return out;
}

}  // namespace nightjar::map
