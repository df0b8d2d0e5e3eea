#include "agent/mechanic/scan.h"

#include <algorithm>
#include <array>
#include <memory>

#include "agent/mechanic/classifier.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

std::vector<Hit> plain_hits(std::string_view text, std::uint32_t length,
                            const std::vector<std::uint32_t>& places, Role role) {
  std::vector<Hit> out;
  int line = 1;
  size_t counted = 0;
  for (const std::uint32_t place : places) {
    line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                                        text.begin() + place, '\n'));
    counted = place;
    Hit hit;
    hit.begin = place;
    hit.end = place + length;
    hit.line = line;
    hit.role = role;
    out.push_back(std::move(hit));
  }
  return out;
}

}  // namespace

FileKind kind_of(std::string_view path) {
  const std::string name = lower(path.substr(path.rfind('/') + 1));
  const std::string stem = name.substr(0, name.find('.'));
  if (one_of(stem, {"changelog", "changes", "history", "news", "releases", "release_notes",
                    "release-notes", "changelogs"}) &&
      !language_of(path)) {
    return FileKind::Changelog;
  }
  const std::string folder = lower(path.substr(0, std::min(path.rfind('/'), path.size())));
  if (folder.find("changelog.d") != std::string::npos || folder.ends_with("newsfragments") ||
      folder.ends_with("changes")) {
    if (!language_of(path)) return FileKind::Changelog;
  }
  if (language_of(path)) return FileKind::Code;
  for (std::string_view end : {".md", ".rst", ".markdown", ".mdx", ".adoc", ".asciidoc"}) {
    if (name.ends_with(end)) return FileKind::Document;
  }
  if (name.ends_with(".txt")) {
    const bool list = name == "cmakelists.txt" || name.find("requirements") != std::string::npos ||
                      name.starts_with("constraints") || name == "manifest.txt" ||
                      name == "robots.txt" || stem == "license" || stem == "licence";
    return list ? FileKind::Other : FileKind::Document;
  }
  if (one_of(name, {"readme", "contributing", "install", "todo", "hacking"}))
    return FileKind::Document;
  return FileKind::Other;
}

std::vector<ScannedFile> scan(const WorkTree& tree, const std::vector<std::string>& paths,
                              const std::string& name, const std::string& other, unsigned threads) {
  struct Worker {
    Syntax syntax;
    std::string buffer;
    std::vector<ScannedFile> found;
  };
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < threads; ++i) workers.push_back(std::make_unique<Worker>());
  in_parallel(paths.size(), threads, [&](unsigned thread, size_t i) {
    Worker& worker = *workers[thread];
    const std::string& path = paths[i];
    if (!tree.read(path, worker.buffer)) return;
    const std::string_view text = worker.buffer;
    auto places = find_words(text, name);
    if (path.ends_with("_test.go")) {
      std::ranges::copy(find_in_examples(text, name), std::back_inserter(places));
      std::ranges::sort(places);
    }
    const FileKind kind = kind_of(path);
    std::vector<std::uint32_t> others;
    if (kind == FileKind::Code && !other.empty()) others = find_words(text, other);
    if (places.empty() && others.empty()) return;
    ScannedFile file;
    file.path = path;
    file.kind = kind;
    file.lang = kind == FileKind::Code ? language_of(path) : std::nullopt;
    const auto length = static_cast<std::uint32_t>(name.size());
    if (file.lang) {
      const Tree syntax = worker.syntax.parse_file(path, *file.lang, text);
      if (syntax) {
        const TSNode root = ts_tree_root_node(syntax.get());
        file.old_hits = classify(*file.lang, root, text, name, places);
        file.new_hits = classify(*file.lang, root, text, other, others);
        file.bindings = bindings_of(*file.lang, root, text);
      } else {
        file.gave_up = true;
        file.old_hits.hits = plain_hits(text, length, places, Role::Unparsed);
      }
    } else {
      file.old_hits.hits =
          plain_hits(text, length, places, kind == FileKind::Other ? Role::String : Role::Text);
    }
    file.text.assign(text);
    worker.found.push_back(std::move(file));
  });
  std::vector<ScannedFile> out;
  for (auto& worker : workers) std::ranges::move(worker->found, std::back_inserter(out));
  std::ranges::sort(out, {}, &ScannedFile::path);
  return out;
}

}  // namespace nightjar::agent::mechanic
