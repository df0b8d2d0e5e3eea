// Built-in conversions between a blob and a file of a work tree (text, eol, ident,
// working-tree-encoding). Done by git itself, in a scratch folder that holds the commit's
// .gitattributes files and nothing else; no filter driver is configured there, so none runs.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "git/command.h"
#include "git/scratch.h"

namespace nightjar::git {

/// A scratch work tree that holds the .gitattributes files of a commit above these paths.
class RuleFiles {
 public:
  RuleFiles(const std::filesystem::path& git_dir, std::string_view commit,
            const std::vector<std::string>& paths);
  bool any() const { return any_; }
  const std::filesystem::path& folder() const { return scratch_.path(); }
  /// A git with an index of its own that reads its rules there.
  const Git& git() const { return git_; }

 private:
  Scratch scratch_;
  Git git_;
  bool any_ = false;
};

class Conversions {
 public:
  /// The rules of `commit` for these paths.
  Conversions(const std::filesystem::path& git_dir, std::string_view commit,
              const std::vector<std::string>& paths);

  /// Blobs, in the object store, of those files that git would convert on the way in; all others
  /// are stored byte by byte. A file whose blob in the commit holds CRLF where the rules want LF
  /// stays as it is: the repository is not normalised there, and nobody asked for that. REQUIRES:
  /// the paths are among those of the constructor. Error(Invalid) where a content is not valid in
  /// the encoding that the rules name.
  std::map<std::string, std::string> clean(
      const std::map<std::string, std::string_view>& content_by_path) const;

  /// Contents in a work tree of those blobs that git would convert on the way out.
  std::map<std::string, std::string> smudge(
      const std::map<std::string, std::string>& blob_by_path) const;

 private:
  struct Rule {
    bool text = false;  ///< CRLF becomes LF on the way in
    bool crlf = false;  ///< LF becomes CRLF on the way out
    bool ident = false;
    bool encoded = false;
  };
  std::map<std::string, Rule> rules_for(const std::vector<std::string>& paths) const;

  std::string commit_;
  RuleFiles files_;
};

}  // namespace nightjar::git
