#include "git/person.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "base/text.h"

namespace nightjar::git {

namespace {

std::string first_line_of(const fs::path& file) {
  try {
    const std::string text = try_read_file(file, 1 << 16).value_or("");
    return trimmed(text);
  } catch (const std::exception&) {
    return "";
  }
}

bool is_mine(const fs::path& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) != 0 || info.st_uid == ::geteuid();
}

}  // namespace

std::string user_name(unsigned uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry ? entry->pw_name : "uid " + std::to_string(uid);
}

fs::path common_git_dir(const fs::path& repository) {
  std::error_code ignored;
  fs::path git_dir = repository / ".git";
  if (fs::is_regular_file(git_dir, ignored)) {
    const std::string text = first_line_of(git_dir);
    if (text.starts_with("gitdir: ")) git_dir = repository / text.substr(8);
  } else if (!fs::is_directory(git_dir, ignored)) {
    git_dir = repository;
  }
  if (const std::string common = first_line_of(git_dir / "commondir"); !common.empty()) {
    git_dir /= common;
  }
  const fs::path real = fs::weakly_canonical(git_dir, ignored);
  return ignored ? git_dir : real;
}

Git in_repository(const fs::path& repository) {
  Git git;
  git.folder = repository;
  if (is_mine(repository) && is_mine(repository / ".git") && is_mine(common_git_dir(repository))) {
    return git;
  }
  // What the person trusts counts for us too. A transport asks for each of the folders by itself.
  Git person;
  person.as_person = true;
  person.folder = repository;
  if (run(person, {"rev-parse", "--git-dir"}).exit_status != 0) return git;
  for (const auto& folder : {repository, repository / ".git", common_git_dir(repository)}) {
    git.settings.emplace_back("safe.directory", folder.string());
  }
  return git;
}

Settings settings_of_person(const fs::path& folder) {
  Settings out;
  out.git.folder = folder;
  out.git.as_person = true;
  const auto found =
      run(out.git, {"config", "-z", "--get-regexp",
                    "^(user\\.(name|email)|filter\\..*\\.(clean|smudge|process|required))$"});
  std::string name, mail;
  std::set<std::string> drivers;
  for (const auto& field : fields(found.out)) {  // "key\nvalue", or "key"; the last one wins
    const auto newline = field.find('\n');
    const std::string key = field.substr(0, newline);
    if (key.starts_with("filter."))
      drivers.insert(key);
    else if (newline != std::string::npos)
      (key == "user.name" ? name : mail) = inert(field.substr(newline + 1));
  }
  for (const auto& key : drivers)
    out.git.settings.emplace_back(key, key.ends_with(".required") ? "false" : "");
  std::erase_if(name, [](char c) { return c == '<' || c == '>'; });
  std::erase_if(mail, [](char c) { return c == '<' || c == '>' || c == ' '; });
  if (!trimmed(name).empty() && !mail.empty()) out.person = trimmed(name) + " <" + mail + ">";
  return out;
}

Git in_work_tree(const fs::path& folder) { return settings_of_person(folder).git; }

}  // namespace nightjar::git
