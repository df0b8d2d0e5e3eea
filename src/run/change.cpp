#include "run/change.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace nightjar::run {

namespace {

constexpr std::uint64_t kLargestFile = std::uint64_t{256} << 20;
constexpr size_t kMostLeftOut = 100;
constexpr size_t kLargestReviewed = size_t{2} << 20;

// What tools leave behind, where no .gitignore says so.
constexpr std::array<std::string_view, 14> kToolFolders{
    "__pycache__",  ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox",
    "node_modules", "target",        "build",       ".venv",       "venv",
    ".gradle",      ".cache",        ".eggs",       ".nyc_output"};
constexpr std::array<std::string_view, 8> kLockFiles{
    "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "Cargo.lock",
    "poetry.lock",       "uv.lock",   "Pipfile.lock",   "go.sum"};

// A tool's folder stands for all that is in it.
std::string left_out_as(const std::string& path) {
  size_t end = 0;
  for (const auto& part : split(path, '/')) {
    end += part.size() + 1;
    if (std::ranges::find(kToolFolders, part) != kToolFolders.end()) return path.substr(0, end - 1);
  }
  return path;
}

bool made_by_a_tool(std::string_view path) {
  for (const auto& part : split(path, '/')) {
    if (std::ranges::find(kToolFolders, part) != kToolFolders.end() || part.ends_with(".egg-info"))
      return true;
  }
  const auto name = path.substr(path.rfind('/') + 1);
  return name.ends_with(".pyc") || name.ends_with(".o") || name == ".coverage" ||
         std::ranges::find(kLockFiles, name) != kLockFiles.end();
}

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
  Selection out;
  std::set<std::string> left_out;
  for (auto& change : all) {
    bool wanted = named.contains(change.path);
    if (result.all_changes) {
      const bool folder_gone = change.what == core::Change::What::Deleted ||
                               change.what == core::Change::What::OpaqueFolder;
      wanted = tracked.contains(change.path) || folder_gone ||
               (!ignored.contains(change.path) && !made_by_a_tool(change.path));
    }
    if (wanted) {
      out.changes.push_back(std::move(change));
    } else if (left_out.size() < kMostLeftOut && !ignored.contains(change.path)) {
      left_out.insert(left_out_as(change.path));
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
