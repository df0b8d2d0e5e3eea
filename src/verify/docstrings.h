// Python without what only people read.
#pragma once

#include <string>
#include <string_view>

namespace nightjar::verify {

/// Without comments, docstrings and blank lines. What tools read in comments (type, noqa, coding)
/// stays, and a docstring that holds a doctest does.
std::string without_python_prose(std::string_view text);

}  // namespace nightjar::verify
