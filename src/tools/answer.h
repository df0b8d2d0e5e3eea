// What a tool gives back, and the one policy by which all of them stay short enough for a model.
#pragma once

#include <string>
#include <string_view>

namespace nightjar::tools {

struct Answer {
  std::string output;  ///< for the model: valid UTF-8, bounded
  bool error = false;
  bool changed = false;           ///< files of the work tree were written
  std::string image_type, image;  ///< a picture: "image/png" and its bytes in base 64
  std::string diff;               ///< of an edit, for people
  bool operator==(const Answer&) const = default;
};

Answer failed(std::string why);
/// On a line of its own behind what is there.
void append_line(std::string& text, std::string_view line);

/// Most bytes of one answer; its first and last half are kept where there is more.
inline constexpr size_t kMostShown = 24'000;

/// Head and tail in whole lines where they are not too long, and between them a line that says how
/// much is missing and, as `remark` says ("the whole is in FILE"), where there is more of it.
std::string shortened_middle(std::string_view text, std::string_view remark = {},
                             size_t most = kMostShown);
/// The same of a text whose middle is not at hand: `bytes` in all.
std::string with_gap(std::string_view head, std::string_view tail, unsigned long long bytes,
                     std::string_view remark);

}  // namespace nightjar::tools
