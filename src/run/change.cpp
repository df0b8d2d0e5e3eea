#include "run/change.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/text.h"

namespace nightjar::run {

namespace {

constexpr std::uint64_t kLargestFile = std::uint64_t{256} << 20;
constexpr size_t kMostLeftOut = 100;
constexpr size_t kLargestReviewed = size_t{2} << 20;

// What tools leave behind, where no .gitignore says so. No person gives these names.
constexpr std::array<std::string_view, 10> kToolFolders{
    "__pycache__",  ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox",
    "node_modules", ".gradle",       ".cache",      ".eggs",       ".nyc_output"};
// What a tool puts into its own folder, whatever that is called.
constexpr std::array<std::string_view, 4> kMarks{"CACHEDIR.TAG", "pyvenv.cfg", "CMakeCache.txt",
                                                 ".rustc_info.json"};
// Folders that a tool and a person may have made: these tell, below them, which it was.
constexpr std::array<std::string_view, 3> kBuildFolders{"build", "target", "dist"};
constexpr std::array<std::string_view, 9> kBuilt{
    "classes", "test-classes", "maven-status", "generated-sources", "surefire-reports", "tmp",
    "reports", "test-results", "libs"};
constexpr std::array<std::string_view, 8> kLockFiles{
    "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "Cargo.lock",
    "poetry.lock",       "uv.lock",   "Pipfile.lock",   "go.sum"};

bool is_among(std::string_view name, const auto& names) {
  return std::ranges::find(names, name) != names.end();
}

// Judged by what is new: a folder that the base has in part is the repository's own.
class ToolsFiles {
 public:
  ToolsFiles(const std::vector<core::Change>& all,
             const std::set<std::string, std::less<>>& tracked) {
    for (const auto& change : all) {
      const size_t slash = change.path.rfind('/');
      if (slash == std::string::npos) continue;
      if (is_among(std::string_view(change.path).substr(slash + 1), kMarks))
        folders_.insert(change.path.substr(0, slash));
      build_folder(change.path);
    }
    for (const auto& path : tracked) {
      for (size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1))
        folders_.erase(path.substr(0, end));
    }
  }

  // The file, or the folder that stands for all that is in it; nullopt where no tool made it.
  std::optional<std::string> made(const core::Change& change) const {
    const std::string& path = change.path;
    size_t end = 0;
    bool below_a_build = false;
    for (const auto& part : split(path, '/')) {
      end += part.size() + 1;
      const std::string folder = path.substr(0, end - 1);
      if (is_among(part, kToolFolders) || part.ends_with(".egg-info") || folders_.contains(folder))
        return folder;
      below_a_build = below_a_build || is_among(part, kBuildFolders);
    }
    const auto name = std::string_view(path).substr(path.rfind('/') + 1);  // npos + 1 is 0
    const bool binary = change.content.find('\0') != std::string::npos;
    if (name.ends_with(".pyc") || name.ends_with(".o") || name == ".coverage" ||
        is_among(name, kLockFiles) || (below_a_build && binary))
      return path;
    return std::nullopt;
  }

 private:
  void build_folder(const std::string& path) {
    const auto parts = split(path, '/');
    std::string folder;
    for (size_t i = 0; i + 2 < parts.size(); ++i) {
      folder += (i ? "/" : "") + parts[i];
      const bool made = is_among(parts[i + 1], kBuilt) || parts[i + 1].starts_with("bdist.");
      if (is_among(parts[i], kBuildFolders) && made) folders_.insert(folder);
    }
  }

  std::set<std::string, std::less<>> folders_;
};

}  // namespace

Selection select_changes(sandbox::Session& session, const agent::WorkResult& result,
                         const git::Mirror& mirror, std::string_view start_commit,
                         const fs::path& checkouts) {
  std::vector<core::Change> all;
  session.collect([&](core::Change&& change) { all.push_back(std::move(change)); }, kLargestFile);
  const std::set<std::string, std::less<>> named(result.paths.begin(), result.paths.end());
  std::set<std::string, std::less<>> tracked;
  std::set<std::string, std::less<>> ignored;
  if (result.all_changes) {
    for (auto& path : mirror.paths(start_commit)) tracked.insert(std::move(path));
    std::vector<std::string> fresh;
    for (const auto& change : all) {
      if (!tracked.contains(change.path)) fresh.push_back(change.path);
    }
    for (auto& path : mirror.ignored(start_commit, fresh, checkouts))
      ignored.insert(std::move(path));
  }
  const ToolsFiles tools(all, tracked);
  Selection out;
  std::set<std::string> left_out;
  for (auto& change : all) {
    bool wanted = named.contains(change.path);
    const auto made = tools.made(change);
    if (result.all_changes) {
      const bool folder_gone = change.what == core::Change::What::Deleted ||
                               change.what == core::Change::What::OpaqueFolder;
      wanted =
          tracked.contains(change.path) || folder_gone || (!ignored.contains(change.path) && !made);
    }
    if (wanted) {
      out.changes.push_back(std::move(change));
    } else if (left_out.size() < kMostLeftOut && !ignored.contains(change.path)) {
      left_out.insert(made.value_or(change.path));
    }
  }
  out.left_out.assign(left_out.begin(), left_out.end());
  return out;
}

git::CommitRequest commit_request(const Job& job, const agent::WorkResult& result,
                                  std::vector<core::Change> changes) {
  std::string message = inert(result.summary.empty() ? job.spec.title : result.summary) + "\n\n";
  message += inert(job.brief, true) + "\n\n";
  message += "Nightjar-Task: " + job.task + "\nNightjar-Run: " + job.run + "\n";
  if (!job.spec.person.empty()) message += "Co-authored-by: " + inert(job.spec.person) + "\n";
  return {job.start_commit, std::move(message), job.author, std::move(changes)};
}

verify::AgentClaim claim_from(const json::object& claim) {
  verify::AgentClaim out;
  out.action = get_string(claim, "action");
  out.old_name = get_string(claim, "old_name");
  out.new_name = get_string(claim, "new_name");
  out.pattern = get_string(claim, "pattern");
  out.replacement = get_string(claim, "replacement");
  return out;
}

std::vector<std::string> paths_of(const std::vector<git::ChangedPath>& changed) {
  std::vector<std::string> out;
  for (const auto& change : changed) {
    out.push_back(change.path);
    if (!change.old_path.empty()) out.push_back(change.old_path);
  }
  return out;
}

std::map<std::string, std::pair<std::string, std::string>> contents_for_review(
    const git::Mirror& mirror, std::string_view before, std::string_view after,
    const std::vector<std::string>& paths) {
  auto out = mirror.contents(before, after, paths);
  for (auto& [path, sides] : out) {
    for (auto* text : {&sides.first, &sides.second}) {
      const bool binary = std::string_view(*text).substr(0, 8000).find('\0') != std::string::npos;
      if (binary || text->size() > kLargestReviewed) text->clear();
    }
  }
  return out;
}

std::set<std::string, std::less<>> unread_files(const std::vector<core::Change>& changes) {
  std::set<std::string, std::less<>> out;
  for (const auto& change : changes) {
    if (change.what == core::Change::What::Deleted) continue;
    const bool text = change.what == core::Change::What::File &&
                      change.content.size() <= kLargestReviewed &&
                      change.content.find('\0') == std::string::npos;
    if (!text) out.insert(change.path);
  }
  return out;
}

core::Task folded_task(const Job& job, const std::vector<core::Event>& events) {
  core::Task task;
  task.id = job.task;
  const Time first = events.empty() ? now() : events.front().time;
  task = core::apply(std::move(task),
                     {job.task, "", 1, first, "task_created", core::to_json(job.spec)});
  task = core::apply(std::move(task), {job.task,
                                       "",
                                       2,
                                       first,
                                       "run_created",
                                       {{"run", job.run},
                                        {"agent", job.agent},
                                        {"brief", job.brief},
                                        {"base_commit", job.base_commit}}});
  for (const auto& event : events) task = core::apply(std::move(task), event);
  return task;
}

}  // namespace nightjar::run
