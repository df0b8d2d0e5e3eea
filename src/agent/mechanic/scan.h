// The files of a work tree that hold a name, read and classified.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/mechanic/hits.h"
#include "agent/mechanic/work_tree.h"

namespace nightjar::agent::mechanic {

enum class FileKind { Code, Document, Changelog, Other };

FileKind kind_of(std::string_view path);

struct ScannedFile {
  std::string path;
  FileKind kind = FileKind::Other;
  std::optional<Lang> lang;
  std::string text;
  FileHits old_hits, new_hits;
  std::vector<Binding> bindings;
  bool gave_up = false;  ///< the parser took too long: nothing is known but places
};

/// Every file that holds `name`, and every file of code that holds `other` (may be empty), by path.
std::vector<ScannedFile> scan(const WorkTree& tree, const std::vector<std::string>& paths,
                              const std::string& name, const std::string& other, unsigned threads);

}  // namespace nightjar::agent::mechanic
