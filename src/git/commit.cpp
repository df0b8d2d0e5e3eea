// A change as one commit, without a work tree: values go to `git fast-import`, and what came of
// them is judged by the difference of the two trees, which cannot lie.
#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "git/conversions.h"
#include "git/objects.h"
#include "git/path_rules.h"
#include "git/repository.h"

namespace nightjar::git {

namespace {

using core::Change;

std::string why_refused(const std::vector<Change>& changes) {
  for (const auto& change : changes) {
    std::string reason = why_name_refused(change);
    if (!reason.empty()) return reason;
    if (change.what == Change::What::File && change.size != change.content.size()) {
      return "the file '" + inert(change.path) + "' is too large (" + human_size(change.size) + ")";
    }
  }
  return "";
}

// What the commit really did to entries that a change must leave alone.
std::string why_refused(const std::vector<TreeChange>& done) {
  for (const auto& entry : done) {
    const std::string shown = "'" + inert(entry.path) + "'";
    if (entry.old_mode == kGitlink || entry.new_mode == kGitlink) {
      return "the change touches the submodule " + shown;
    }
    if (is_modules_file(entry.path)) return "the change touches " + shown;
  }
  return "";
}

// New and changed links; one that the base has already may lead where it wants.
std::string why_links_refused(const std::vector<TreeChange>& done,
                              const std::vector<Change>& changes) {
  std::map<std::string_view, std::string_view> targets;
  for (const auto& change : changes) {
    if (change.what == Change::What::Symlink) targets[change.path] = change.content;
  }
  for (const auto& entry : done) {
    if (entry.new_mode != kLink) continue;
    const auto target = targets.find(entry.path);
    if (target == targets.end() || leaves_the_tree(entry.path, target->second)) {
      return "the link '" + inert(entry.path) + "' leads out of the repository" +
             (target == targets.end() ? "" : ", to '" + inert(target->second) + "'");
    }
  }
  return "";
}

// Without what would end the field early.
std::string ident_part(std::string_view text, std::string_view fallback) {
  std::string out;
  for (const char c : text) {
    if (c != '<' && c != '>' && c != '\n' && c != '\0') out += c;
  }
  out = trimmed(out);
  return out.empty() ? std::string(fallback) : out;
}

std::string signature(const Author& author) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now().time_since_epoch()).count();
  return ident_part(author.name, "Nightjar") + " <" +
         ident_part(author.mail, "nightjar@localhost") + "> " + std::to_string(seconds) + " +0000";
}

// A folder that was made anew where the base has a submodule is that submodule's empty folder
// again.
std::vector<std::string> emptied_folders(const Git& git, const CommitRequest& request) {
  std::vector<std::string> folders;
  for (const auto& change : request.changes) {
    if (change.what == Change::What::OpaqueFolder) folders.push_back(change.path);
  }
  const std::vector<std::string> asked = folders;
  constexpr size_t kAtOnce = 500;  // what fits on a command line
  for (size_t from = 0; from < asked.size(); from += kAtOnce) {
    std::vector<std::string> args{"ls-tree", "-z", request.parent, "--"};
    const size_t to = std::min(asked.size(), from + kAtOnce);
    for (size_t i = from; i < to; ++i) args.push_back(asked[i]);
    for (const auto& line : fields(output(git, args))) {
      if (line.starts_with(kGitlink)) std::erase(folders, line.substr(line.find('\t') + 1));
    }
  }
  return folders;
}

void add_data(std::string& stream, std::string_view data) {
  stream += "data " + std::to_string(data.size()) + "\n";
  stream += data;
  stream += "\n";
}

// Deletions come first, in whatever order the changes are listed: a folder that was made anew holds
// what is added after it.
std::string stream_of(const Git& git, const CommitRequest& request,
                      const std::map<std::string, std::string>& converted) {
  // No ref is left behind: the branch that fast-import wants is given up again in the same stream.
  const std::string ref = "refs/nightjar/making/" + random_id(16);
  const std::string who = signature(request.author);
  std::string stream = "commit " + ref + "\nmark :1\nauthor " + who + "\ncommitter " + who + "\n";
  add_data(stream, request.message);
  stream += "from " + request.parent + "\n";
  for (const auto& folder : emptied_folders(git, request)) stream += "D " + c_quoted(folder) + "\n";
  for (const auto& change : request.changes) {
    if (change.what == Change::What::Deleted) stream += "D " + c_quoted(change.path) + "\n";
  }
  for (const auto& change : request.changes) {
    const bool link = change.what == Change::What::Symlink;
    if (!link && change.what != Change::What::File) continue;
    const std::string mode(link ? kLink : change.executable ? kExecutable : "100644");
    const auto blob = converted.find(change.path);
    if (!link && blob != converted.end()) {
      stream += "M " + mode + " " + blob->second + " " + c_quoted(change.path) + "\n";
    } else {
      stream += "M " + mode + " inline " + c_quoted(change.path) + "\n";
      add_data(stream, change.content);
    }
  }
  const std::string nothing(request.parent.size(), '0');
  return stream + "\nget-mark :1\nreset " + ref + "\nfrom " + nothing + "\n\ndone\n";
}

}  // namespace

std::expected<std::optional<std::string>, std::string> Mirror::commit(
    const CommitRequest& request) const {
  if (std::string reason = why_refused(request.changes); !reason.empty()) {
    return std::unexpected(std::move(reason));
  }
  std::vector<std::string> paths;
  std::map<std::string, std::string_view> contents;
  for (const auto& change : request.changes) {
    if (change.what != Change::What::File) continue;
    paths.push_back(change.path);
    contents[change.path] = change.content;
  }
  std::map<std::string, std::string> converted;
  if (!paths.empty()) {
    const Conversions conversions(path_, request.parent, paths);
    try {
      converted = conversions.clean(contents);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Invalid) throw;
      return std::unexpected(std::string(error.what()));
    }
  }
  const Git git{.git_dir = path_};
  const std::string id =
      trimmed(output(git, {"fast-import", "--quiet", "--done", "--date-format=raw"},
                     stream_of(git, request, converted)));
  const auto done = tree_changes(git, request.parent, id);
  if (done.empty()) return std::nullopt;
  std::string reason = why_refused(done);
  if (reason.empty()) reason = why_links_refused(done, request.changes);
  if (!reason.empty()) return std::unexpected(std::move(reason));
  return id;
}

std::string commit_message(std::string_view title, std::string_view body,
                           const std::vector<std::pair<std::string, std::string>>& trailers) {
  std::string out = shortened(inert(trimmed(title)), 200) + "\n";
  if (const std::string text = trimmed(inert(body, true)); !text.empty()) out += "\n" + text + "\n";
  out += "\n";
  for (const auto& [key, value] : trailers) {
    if (!value.empty()) out += key + ": " + inert(trimmed(value)) + "\n";
  }
  return out;
}

}  // namespace nightjar::git
