#include "git/attributes.h"

#include "base/text.h"

namespace nightjar::git {

Attributes::Attributes(const fs::path& git_dir, std::string_view commit, const std::vector<std::string>& all_paths)
    : scratch_("nightjar-attributes") {
  std::string wanted;
  for (const auto& path : all_paths) {
    if (path == ".gitattributes" || path.ends_with("/.gitattributes")) wanted += path + '\0';
  }
  if (wanted.empty()) return;
  any_ = true;
  git_ = {git_dir, scratch_.path(), {{"GIT_INDEX_FILE", (scratch_.path() / ".index").string()}}};
  output(git_, {"read-tree", std::string(commit)});
  output(git_, {"checkout-index", "-q", "-f", "-z", "--stdin"}, std::move(wanted));
}

std::set<std::string> Attributes::converted(const std::vector<std::string>& paths) const {
  std::set<std::string> out;
  if (!any_ || paths.empty()) return out;
  std::string input;
  for (const auto& path : paths) input += path + '\0';
  const std::string text = output(git_, {"check-attr", "-z", "--stdin", "eol", "ident", "working-tree-encoding"}, std::move(input));
  std::vector<std::string> parts = split(text, '\0');
  for (size_t i = 0; i + 2 < parts.size(); i += 3) {
    const std::string& value = parts[i + 2];
    if (value == "unspecified" || value == "unset") continue;
    if (parts[i + 1] == "eol" && value != "crlf") continue;
    out.insert(parts[i]);
  }
  return out;
}

std::string Attributes::clean(const std::string& path, std::string content) const {
  return trimmed(output(git_, {"hash-object", "-w", "--stdin", "--path=" + path}, std::move(content)));
}

std::string Attributes::smudge(const std::string& path, const std::string& blob) const {
  return output(git_, {"cat-file", "--filters", "--path=" + path, blob});
}

}  // namespace nightjar::git
