#include "git/conversions.h"

#include <fcntl.h>

#include <set>

#include "base/error.h"
#include "base/text.h"
#include "git/objects.h"

namespace nightjar::git {

namespace {

constexpr std::string_view kRules = ".gitattributes";

void put(const fs::path& file, std::string_view content) {
  fs::create_directories(file.parent_path());
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw_errno("cannot write " + file.string());
  write_all(fd.get(), content);
}

bool is_said(std::string_view value) { return value != "unspecified" && value != "unset"; }

bool holds_crlf(std::string_view content) { return content.find("\r\n") != std::string_view::npos; }

}  // namespace

RuleFiles::RuleFiles(const fs::path& git_dir, std::string_view commit,
                     const std::vector<std::string>& paths)
    : scratch_(git_dir) {
  git_ = {.git_dir = git_dir, .work_tree = scratch_.path(), .folder = scratch_.path()};
  git_.env["GIT_INDEX_FILE"] = (scratch_.path() / ".git-index").string();
  std::set<std::string> files{std::string(kRules)};
  for (const auto& path : paths) {
    for (const auto& folder : folders_above(path)) files.insert(folder + "/" + std::string(kRules));
  }
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(std::string(commit) + ":" + file);
  const auto objects = read_objects({.git_dir = git_dir}, names);
  size_t i = 0;
  for (const auto& file : files) {
    const auto& object = objects.at(i++);
    if (!object || object->type != "blob") continue;
    any_ = true;
    put(scratch_.path() / file, object->content);
  }
}

Conversions::Conversions(const fs::path& git_dir, std::string_view commit,
                         const std::vector<std::string>& paths)
    : commit_(commit), files_(git_dir, commit, paths) {}

std::map<std::string, Conversions::Rule> Conversions::rules_for(
    const std::vector<std::string>& paths) const {
  std::map<std::string, Rule> rules;
  if (!files_.any() || paths.empty()) return rules;
  std::string input;
  for (const auto& path : paths) {
    input += path;
    input += '\0';
  }
  const auto parts = fields(output(
      files_.git(),
      {"check-attr", "-z", "--stdin", "text", "crlf", "eol", "ident", "working-tree-encoding"},
      input));
  std::map<std::string, std::map<std::string, std::string>> said;
  for (size_t i = 0; i + 2 < parts.size(); i += 3) said[parts[i]][parts[i + 1]] = parts[i + 2];
  for (auto& [path, values] : said) {
    // `crlf` is the old spelling of `text`, and counts where that one says nothing.
    const std::string& text = values["text"] == "unspecified" ? values["crlf"] : values["text"];
    const std::string& eol = values["eol"];
    Rule rule;
    rule.text = text != "unset" && (is_said(text) || eol == "lf" || eol == "crlf");
    rule.crlf = text != "unset" && eol == "crlf";
    rule.ident = values["ident"] == "set";
    rule.encoded = is_said(values["working-tree-encoding"]);
    if (rule.text || rule.crlf || rule.ident || rule.encoded) rules[path] = rule;
  }
  return rules;
}

std::map<std::string, std::string> Conversions::clean(
    const std::map<std::string, std::string_view>& content_by_path) const {
  std::vector<std::string> paths;
  for (const auto& entry : content_by_path) paths.push_back(entry.first);
  const auto rules = rules_for(paths);
  std::vector<std::string> candidates;
  for (const auto& [path, rule] : rules) {
    const bool converts = rule.crlf || rule.ident || rule.encoded;
    if (converts || holds_crlf(content_by_path.at(path))) candidates.push_back(path);
  }
  std::vector<std::string> names;
  for (const auto& path : candidates) names.push_back(commit_ + ":" + path);
  const auto before = read_objects({.git_dir = files_.git().git_dir}, names);

  std::vector<std::string> converted;
  std::string lines;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const Rule& rule = rules.at(candidates[i]);
    const bool as_it_is = before[i] && !rule.encoded && rule.text && holds_crlf(before[i]->content);
    if (as_it_is) continue;
    const fs::path file = files_.folder() / candidates[i];
    if (fs::is_directory(fs::symlink_status(file))) remove_tree(file);
    put(file, content_by_path.at(candidates[i]));
    converted.push_back(candidates[i]);
    lines += c_quoted(candidates[i]) + "\n";
  }
  std::map<std::string, std::string> blobs;
  if (converted.empty()) return blobs;
  const auto result = run(files_.git(), {"hash-object", "-w", "--stdin-paths"}, std::move(lines));
  if (result.exit_status != 0 && result.err.find("encod") != std::string::npos) {
    throw Error(ErrorKind::Invalid, inert(trimmed(result.err), true));
  }
  if (result.exit_status != 0) throw_failed("hash-object", result);
  const auto ids = split(trimmed(result.out), '\n');
  for (size_t i = 0; i < converted.size(); ++i) blobs[converted[i]] = ids.at(i);
  return blobs;
}

std::map<std::string, std::string> Conversions::smudge(
    const std::map<std::string, std::string>& blob_by_path) const {
  std::vector<std::string> paths;
  for (const auto& entry : blob_by_path) paths.push_back(entry.first);
  std::map<std::string, std::string> contents;
  std::string index;
  for (const auto& [path, rule] : rules_for(paths)) {
    if (!rule.crlf && !rule.ident && !rule.encoded) continue;
    contents[path];
    index += "100644 " + blob_by_path.at(path) + "\t" + path;
    index += '\0';
  }
  if (contents.empty()) return contents;
  output(files_.git(), {"update-index", "--add", "-z", "--index-info"}, index);
  output(files_.git(), {"checkout-index", "-a", "-f", "-q"});
  for (auto& [path, content] : contents) content = read_file(files_.folder() / path);
  return contents;
}

}  // namespace nightjar::git
