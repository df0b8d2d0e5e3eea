#include "tools/ignore.h"

#include "base/text.h"

namespace nightjar::tools {

IgnoreFile::IgnoreFile(std::string_view text) {
  for (const auto& raw : split(text, '\n')) {
    std::string line = raw;
    if (line.ends_with('\r')) line.pop_back();
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    const bool kept = line[0] == '!';
    if (kept) line.erase(0, 1);
    const bool folders_only = line.ends_with('/');
    if (folders_only) line.pop_back();
    // A slash before the end binds the pattern to this folder.
    if (!line.empty() && line != "/") rules_.push_back({Glob(line), kept, folders_only});
  }
}

IgnoreFile::Verdict IgnoreFile::of(const SplitPath& path, bool folder) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if ((!rule->folders_only || folder) && rule->glob.matches(path))
      return rule->kept ? Verdict::Kept : Verdict::Ignored;
  }
  return Verdict::Unsaid;
}

}  // namespace nightjar::tools
