// Text for people and for names: everything that comes from outside is shown through these.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightjar {

/// Control characters, escape sequences and bidirectional overrides made visible (\x1b, \u202e);
/// newlines and tabs stay where `keep_lines`. Invalid UTF-8 becomes U+FFFD.
std::string inert(std::string_view text, bool keep_lines = false);
/// True where `inert` would change something other than invalid UTF-8 (newline and tab are fine).
bool has_control_characters(std::string_view text);

/// At most `most` code points, the last one "…" where something was cut; first line only.
std::string shortened(std::string_view text, size_t most);
/// The same with all its lines.
std::string shortened_lines(std::string_view text, size_t most);
/// "rename-class-parser": lower case letters, digits and single dashes, at most `most` bytes.
std::string slug(std::string_view text, size_t most = 40);
std::string trimmed(std::string_view text);
std::string lower(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::vector<std::string_view> lines(std::string_view text);
std::vector<std::string> split_by(std::string_view text, std::string_view separator);
/// Every occurrence of `from` replaced.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);
/// Removes `prefix`, where `text` starts with it.
bool take(std::string_view& text, std::string_view prefix);
/// Without blanks, tabs and returns there; the bytes are the caller's still.
std::string_view trim_left(std::string_view text);
std::string_view trim_right(std::string_view text);
std::string_view trim(std::string_view text);
/// A letter, a digit, an underscore, or part of a character beyond ASCII.
bool is_word_char(char c);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// "1 file", "3 files": the noun with an s unless `count` is 1.
std::string count_of(size_t count, std::string_view noun);
/// "512 B", "1.5 MB": powers of 1000.
std::string human_size(unsigned long long bytes);
/// The word as a POSIX shell reads it back unchanged.
std::string shell_quoted(std::string_view word);

/// Six characters of Crockford's base 32 in lower case, from getrandom(2): ids for tasks.
std::string random_id(size_t length = 6);

}  // namespace nightjar
