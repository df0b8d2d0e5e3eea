// What a file of a repository is for, where that matters to what judges a change: tests and their
// configuration, continuous integration, dependencies. `is_test_path` is in verify.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nightjar::verify {

std::string_view file_name(std::string_view path);  ///< behind the last slash
/// Named as tests are, in whatever folder; without the helpers and data beside them.
bool is_test_name(std::string_view path);
bool is_ci_path(std::string_view path);

/// The part of a file that decides which tests run and how; nullopt where it decides nothing of it.
std::optional<std::string> test_configuration(std::string_view path, std::string_view text);

/// The part of a manifest that names dependencies; nullopt where the file is none.
std::optional<std::string> dependencies(std::string_view path, std::string_view text);

/// A remark at the end of a source file, as formatters leave it; "" where the language has none.
std::string remark(std::string_view path, std::string_view text);

}  // namespace nightjar::verify
