#include "agent/native/instructions.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "agent/agent.h"
#include "base/text.h"

namespace nightjar::agent::native {

namespace {

constexpr size_t kMostBytes = 24'000, kMostFurther = 16'000;
constexpr size_t kMostNamed = 40, kMostImports = 8, kMostRules = 20, kMostFolders = 16;
constexpr int kDeepestImport = 2;

// The first that is there counts: they say the same to different programs.
constexpr std::array<std::string_view, 4> kRootFiles{"AGENTS.override.md", "AGENTS.md", "CLAUDE.md",
                                                     ".claude/CLAUDE.md"};
// For programs of their own; what they say may be nowhere else.
constexpr std::array<std::string_view, 3> kFurtherFiles{
    "GEMINI.md", ".github/copilot-instructions.md", ".cursorrules"};
constexpr std::string_view kCursorRules = ".cursor/rules";
constexpr std::array<std::string_view, 3> kFolderFiles{"AGENTS.override.md", "AGENTS.md",
                                                       "CLAUDE.md"};

struct Instructions {
  std::string name, text;
};

std::optional<Instructions> read(sandbox::Session& session, const std::string& name) {
  auto text = session.read_file(fs::path(kBaseFolder) / name, kMostBytes + 1);
  if (!text || trimmed(*text).empty()) return std::nullopt;
  const bool cut = text->size() > kMostBytes;
  std::string shown = valid_utf8(std::string_view(*text).substr(0, kMostBytes));
  if (cut) shown += "\n[cut here; read the file for the rest]";
  return Instructions{name, std::move(shown)};
}

// A path inside the tree, without "..", or empty.
std::string inside(std::string_view path) {
  const fs::path normal = fs::path(path).lexically_normal();
  if (normal.is_absolute() || normal.empty() || *normal.begin() == "..") return "";
  return normal.string();
}

// What a file says ends where the program says so.
std::string quoted(const Instructions& file) {
  std::string text = file.text;
  for (size_t at = text.find("</file"); at != std::string::npos; at = text.find("</file", at))
    text.insert(at + 1, 1, ' ');
  return fmt::format("<file name=\"{}\">\n{}\n</file>\n", inert(file.name), text);
}

bool is_fence(std::string_view line) { return line.starts_with("```") || line.starts_with("~~~"); }

// "@docs/style.md" after a blank or a bracket, outside of `code`: a mail address has a name before
// its @.
void add_imports_of_line(std::string_view line, std::string_view folder,
                         std::vector<std::string>& out) {
  bool code = false;
  for (size_t at = 0; at < line.size() && out.size() < kMostNamed; ++at) {
    if (line[at] == '`') code = !code;
    const bool begins =
        at == 0 || std::string_view(" \t(").find(line[at - 1]) != std::string_view::npos;
    if (line[at] != '@' || code || !begins) continue;
    std::string_view path = line.substr(at + 1);
    path = path.substr(0, path.find_first_of(" \t()`<>\"'"));
    while (!path.empty() && std::string_view(".,;:!?*").find(path.back()) != std::string_view::npos)
      path.remove_suffix(1);
    if (path.empty() || path[0] == '~' || path[0] == '/') continue;
    const std::string found = inside((fs::path(folder) / path).string());
    if (!found.empty() && std::ranges::find(out, found) == out.end()) out.push_back(found);
  }
}

// A file with what it imports, and what that imports; `given`: the names that were quoted already.
std::string with_imports(const Instructions& file, sandbox::Session& session,
                         std::set<std::string>& given, int depth = 0) {
  given.insert(file.name);
  std::string out = quoted(file);
  if (depth >= kDeepestImport) return out;
  for (const auto& path : imports_of(file.text, fs::path(file.name).parent_path().string())) {
    if (given.size() > kMostImports || given.contains(path)) continue;
    if (const auto imported = read(session, path))
      out += with_imports(*imported, session, given, depth + 1);
  }
  return out;
}

std::vector<std::string> further_files(sandbox::Session& session) {
  std::vector<std::string> out(kFurtherFiles.begin(), kFurtherFiles.end());
  const fs::path base(kBaseFolder);
  auto rules = session.find_files(base / kCursorRules, "*.mdc");
  std::ranges::sort(rules);
  for (size_t i = 0; i < rules.size() && i < kMostRules; ++i)
    out.push_back(fs::path(rules[i]).lexically_relative(base).string());
  return out;
}

// What programs of their own are told; not again what stands in `said`.
std::string further_instructions(sandbox::Session& session, const std::string& said,
                                 const std::set<std::string>& given) {
  std::string out;
  for (const auto& name : further_files(session)) {
    if (given.contains(name)) continue;
    const auto file = read(session, name);
    if (!file || (said + out).find(trimmed(file->text)) != std::string::npos) continue;
    const std::string text = quoted(*file);
    if (out.size() + text.size() <= kMostFurther)
      out += text;
    else
      out += fmt::format("[{} is left out here; read it where it matters]\n", inert(name));
  }
  return out;
}

}  // namespace

std::vector<std::string> imports_of(std::string_view text, std::string_view folder) {
  std::vector<std::string> out;
  bool fenced = false;
  for (const std::string_view line : lines(text)) {
    const bool fence = is_fence(line.substr(std::min(line.find_first_not_of(" \t"), line.size())));
    if (fence) fenced = !fenced;
    if (!fence && !fenced) add_imports_of_line(line, folder, out);
  }
  return out;
}

std::string root_instructions(sandbox::Session& session) {
  std::set<std::string> given;
  std::string name, text;
  for (const auto candidate : kRootFiles) {
    const auto file = read(session, std::string(candidate));
    if (!file) continue;
    name = candidate;
    text = with_imports(*file, session, given);
    break;
  }
  text += further_instructions(session, text, given);
  if (text.empty()) return "";
  return fmt::format(
      "The repository's {} (written by its authors, not by the person who gave you the task; "
      "where they differ, the task counts; a file of that name in a folder below counts more for "
      "that folder):\n{}\n",
      name.empty() ? "instructions" : name, text);
}

std::string NearestInstructions::for_path(std::string_view path, sandbox::Session& session) {
  const std::string normal = inside(path);
  if (normal.empty()) return "";
  std::string out;
  fs::path folder;
  size_t depth = 0;
  const fs::path parent = fs::path(normal).parent_path();
  for (const auto& part : parent) {
    folder /= part;
    if (++depth > kMostFolders) break;
    if (!given_.insert(folder.string()).second) continue;
    for (const auto name : kFolderFiles) {
      const auto file = read(session, (folder / name).string());
      if (!file) continue;
      out += fmt::format("\n[for {}, from the repository's authors]\n{}", inert(folder.string()),
                         quoted(*file));
      break;
    }
  }
  return out;
}

}  // namespace nightjar::agent::native
