// Commits from values, and values from commits.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/fault.h"
#include "base/text.h"
#include "base/time.h"
#include "git/attributes.h"
#include "git/command.h"
#include "git/path_rules.h"
#include "git/repository.h"

namespace nightjar::git {

namespace {

using core::Change;

struct Entry {
  std::string mode, id;
};

std::map<std::string, Entry, std::less<>> tree_of(const fs::path& git_dir, std::string_view commit) {
  std::map<std::string, Entry, std::less<>> tree;
  const std::string text = output({git_dir}, {"ls-tree", "-r", "-z", std::string(commit)});
  for (size_t at = 0; at < text.size();) {
    const auto end = text.find('\0', at);
    const std::string_view line = std::string_view(text).substr(at, end - at);
    const auto tab = line.find('\t');
    if (tab != std::string_view::npos && tab > 50) {
      const auto words = split(line.substr(0, tab), ' ');
      tree[std::string(line.substr(tab + 1))] = {words.at(0), words.at(2)};
    }
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return tree;
}

// As fast-import reads it: C-style quotes.
std::string c_quoted(std::string_view path) {
  std::string out = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string ident(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '<' && c != '>' && c != '\n' && c != '\0') out += c;
  }
  return trimmed(out);
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

std::string refused_gitlink(const Change& change, const std::vector<std::string>& gitlinks) {
  for (const auto& link : gitlinks) {
    if (change.path == link || is_below(change.path, link) || (change.what == Change::What::Deleted && is_below(link, change.path))) {
      return "the change touches the submodule '" + inert(link) + "'";
    }
  }
  return "";
}

}  // namespace

std::expected<std::optional<std::string>, std::string> Mirror::commit(const CommitRequest& request) const {
  const auto tree = tree_of(path_, request.parent);
  std::vector<std::string> gitlinks;
  std::vector<std::string> all_paths;
  for (const auto& [path, entry] : tree) {
    if (entry.mode == "160000") gitlinks.push_back(path);
    all_paths.push_back(path);
  }
  std::vector<std::string> written;
  for (const auto& change : request.changes) {
    std::string reason = why_refused(change);
    if (reason.empty()) reason = refused_gitlink(change, gitlinks);
    if (reason.empty() && change.what == Change::What::File && change.size != change.content.size()) {
      reason = "the file '" + inert(change.path) + "' is too large (" + human_size(change.size) + ")";
    }
    if (!reason.empty()) return std::unexpected(reason);
    if (change.what == Change::What::File) written.push_back(change.path);
  }
  const Attributes attributes(path_, request.parent, all_paths);
  const auto converted = attributes.converted(written);

  const std::string ref = "refs/nightjar/making/" + random_id(16);
  const std::string when = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now().time_since_epoch()).count()) + " +0000";
  const std::string who = ident(request.author.name) + " <" + ident(request.author.mail) + "> " + when;
  std::string stream = "commit " + ref + "\nauthor " + who + "\ncommitter " + who + "\ndata " + std::to_string(request.message.size()) + "\n" +
                       request.message + "\nfrom " + request.parent + "\n";
  const auto emit = [&](std::string_view mode, const Change& change) {
    stream += "M " + std::string(mode) + " inline " + c_quoted(change.path) + "\ndata " + std::to_string(change.content.size()) + "\n" + change.content + "\n";
  };
  for (const auto& change : request.changes) {
    switch (change.what) {
      case Change::What::OpaqueFolder:
        for (auto below = tree.lower_bound(change.path + "/"); below != tree.end() && is_below(below->first, change.path); ++below) {
          stream += "D " + c_quoted(below->first) + "\n";
        }
        break;
      case Change::What::Deleted: stream += "D " + c_quoted(change.path) + "\n"; break;
      case Change::What::Symlink: emit("120000", change); break;
      case Change::What::File:
        if (converted.contains(change.path)) {
          stream += "M " + std::string(change.executable ? "100755 " : "100644 ") + attributes.clean(change.path, change.content) + " " + c_quoted(change.path) + "\n";
        } else {
          emit(change.executable ? "100755" : "100644", change);
        }
        break;
      case Change::What::Other: break;  // refused above
    }
  }
  stream += "\ndone\n";
  output({path_}, {"fast-import", "--quiet", "--done", "--date-format=raw"}, std::move(stream));
  const std::string commit = trimmed(output({path_}, {"rev-parse", ref}));
  const std::string trees = output({path_}, {"rev-parse", commit + "^{tree}", request.parent + "^{tree}"});
  run({path_}, {"update-ref", "-d", ref});
  const auto both = split(trimmed(trees), '\n');
  if (both.size() == 2 && both[0] == both[1]) return std::nullopt;
  return commit;
}

std::vector<core::Change> Mirror::changes_between(std::string_view base, std::string_view commit) const {
  const std::string raw = output({path_}, {"diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", std::string(base), std::string(commit)});
  struct Wanted {
    Change change;
    std::string id;
  };
  std::vector<Wanted> wanted;
  std::string ids;
  std::vector<std::string> written;
  const auto parts = split(raw, '\0');
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    const auto words = split(parts[i], ' ');  // ":oldmode newmode oldid newid status"
    if (words.size() < 5) continue;
    Wanted entry;
    entry.change.path = parts[i + 1];
    if (words[1] == "000000") {
      entry.change.what = Change::What::Deleted;
    } else if (words[1] == "160000") {
      continue;
    } else {
      entry.change.what = words[1] == "120000" ? Change::What::Symlink : Change::What::File;
      entry.change.executable = words[1] == "100755";
      entry.id = words[3];
      ids += words[3] + "\n";
      written.push_back(entry.change.path);
    }
    wanted.push_back(std::move(entry));
  }
  const Attributes attributes(path_, commit, paths(commit));
  const auto converted = attributes.converted(written);
  const std::string blobs = ids.empty() ? "" : output({path_}, {"cat-file", "--batch"}, std::move(ids));
  std::vector<Change> out;
  size_t at = 0;
  // Deletions first: a folder may have become a file.
  for (const auto& entry : wanted) {
    if (entry.change.what == Change::What::Deleted) out.push_back(entry.change);
  }
  for (auto& entry : wanted) {
    if (entry.change.what == Change::What::Deleted) continue;
    const auto line_end = blobs.find('\n', at);
    const auto words = split(std::string_view(blobs).substr(at, line_end - at), ' ');
    if (line_end == std::string::npos || words.size() < 3) throw Error(ErrorKind::NotFound, "a blob is missing (a partial clone?): " + entry.id);
    const size_t size = std::stoull(words[2]);
    entry.change.content = blobs.substr(line_end + 1, size);
    at = line_end + 1 + size + 1;
    if (entry.change.what == Change::What::File && converted.contains(entry.change.path)) {
      entry.change.content = attributes.smudge(entry.change.path, entry.id);
    }
    entry.change.size = entry.change.content.size();
    out.push_back(std::move(entry.change));
  }
  return out;
}

}  // namespace nightjar::git
