// Edits and patches as models write them: file, piece and replacement between NUL bytes; or a
// patch.
#include "base/text.h"
#include "fuzz.h"
#include "tools/edit.h"
#include "tools/glob.h"
#include "tools/ignore.h"
#include "tools/patch.h"
#include "tools/patch_command.h"

using namespace nightjar;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  if (size > 20'000) return 0;
  const auto parts = split(text_of(data, size), '\0');
  const std::string file = !parts.empty() ? std::string(parts[0]) : "";
  const std::string piece = parts.size() > 1 ? std::string(parts[1]) : "";
  const std::string fresh = parts.size() > 2 ? std::string(parts[2]) : "";
  for (const bool all : {false, true}) {
    const auto edited = tools::edit_text(file, piece, fresh, all);
    if (!edited) promise(!edited.error().empty(), "a refusal has a reason");
  }
  const size_t exact = piece.empty() ? 0 : file.find(piece);
  if (!piece.empty() && exact != std::string::npos &&
      file.find(piece, exact + 1) == std::string::npos) {
    const auto edited = tools::edit_text(file, piece, fresh, false);
    std::string wanted = file;
    wanted.replace(exact, piece.size(), fresh);
    const bool plain = (file + fresh).find('\r') == std::string::npos && piece != fresh &&
                       !file.starts_with("\xEF\xBB\xBF");
    promise(!plain || (edited && edited->text == wanted),
            "what stands there once is replaced exactly");
  }
  const auto patches = tools::parse_patch(piece.empty() ? file : piece);
  if (patches) {
    const auto changes = tools::apply_patch(
        *patches, [&](const std::string&) { return std::optional<std::string>(file); });
    if (!changes) promise(!changes.error().empty(), "a refusal has a reason");
  } else {
    promise(!patches.error().empty(), "a refusal has a reason");
  }
  tools::patch_command("apply_patch " + file);
  tools::left_out(file, piece + fresh);
  const tools::Globs globs(file.substr(0, 2000));
  for (const char* path : {"a", "a/b.txt", ".x/y", "build/out.o"})
    globs.matches(tools::SplitPath(path));
  const tools::IgnoreFile rules(file);
  for (const char* path : {"a", "a/b.txt", ".x/y", "build/out.o"}) rules.of(path, false);
  tools::glob_matches(file.substr(0, 200), piece.substr(0, 200));
  return 0;
}
