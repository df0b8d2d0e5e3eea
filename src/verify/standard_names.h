// Names that a language's own library, or a test runner, has: a file that takes one is found first.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace nightjar::verify {

/// "unittest.py", "pytest/__init__.py", "evil.pth": in any folder, what an interpreter would load
/// instead of, or before, a test runner.
bool takes_a_runners_place(std::string_view path);

/// "difflib.py" outside any package, "iniconfig.py" that pytest stands on, "include/assert.h".
/// `exists`: whether the base or the change has a file.
bool takes_a_standard_name(std::string_view path,
                           const std::function<bool(const std::string&)>& exists);

}  // namespace nightjar::verify
