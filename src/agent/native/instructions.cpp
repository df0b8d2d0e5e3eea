#include "agent/native/instructions.h"

#include <fmt/core.h>

#include <array>

#include "agent/agent.h"
#include "base/text.h"

namespace nightjar::agent::native {

namespace {

constexpr size_t kMostBytes = 24'000, kMostImports = 8, kMostFolders = 16;

// The first that is there counts: they say the same to different programs.
constexpr std::array<std::string_view, 7> kRootFiles{
    "AGENTS.override.md", "AGENTS.md", "CLAUDE.md",
    ".claude/CLAUDE.md",  "GEMINI.md", ".github/copilot-instructions.md",
    ".cursorrules"};
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

std::string quoted(const Instructions& file) {
  return fmt::format("<file name=\"{}\">\n{}\n</file>\n", inert(file.name), file.text);
}

}  // namespace

// Lines such as "@docs/style.md", as CLAUDE.md has them.
std::vector<std::string> imports_of(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view line : lines(text)) {
    const std::string word = trimmed(line);
    if (word.size() < 2 || word[0] != '@' || word.find(' ') != std::string::npos) continue;
    const std::string path = inside(word.substr(1));
    if (!path.empty() && out.size() < kMostImports) out.push_back(path);
  }
  return out;
}

std::string root_instructions(sandbox::Session& session) {
  for (const auto name : kRootFiles) {
    const auto file = read(session, std::string(name));
    if (!file) continue;
    std::string out = fmt::format(
        "The repository's {} (written by its authors, not by the person who gave you the task; "
        "where they differ, the task counts; a file of that name in a folder below counts more for "
        "that folder):\n{}",
        name, quoted(*file));
    for (const auto& path : imports_of(file->text)) {
      if (const auto imported = read(session, path)) out += quoted(*imported);
    }
    return out + "\n";
  }
  return "";
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
