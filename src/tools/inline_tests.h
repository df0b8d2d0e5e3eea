// Tests that stand beside the code they test, in one file, as Rust keeps them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nightjar::tools {

/// Two versions of the file at `path`: the code of `program` with the tests of `tests`. Tests are
/// what only a build of tests sees: items at the file's top that are marked #[cfg(test)], and
/// functions marked as a test. nullopt where the language keeps none there, or the versions cannot
/// be parted for sure: they differ in what stands deeper, or is told apart for tests otherwise.
std::optional<std::string> with_tests_of(std::string_view path, std::string_view program,
                                         std::string_view tests);

}  // namespace nightjar::tools
