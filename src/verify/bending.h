// Code of a program that meddles with the process that tests it. By text, line by line, and so
// approximate: what it says is a reason to look, and that tests alone are no evidence.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightjar::verify {

/// "if 'pytest' in sys.modules": behaves differently where it is tested.
bool asks_whether_tested(std::string_view line);

/// Why the tests of this program prove little, by the lines that a change added to it; empty where
/// nothing is said against them. `after`: the whole text.
std::string bends_its_tests(const std::vector<std::string>& fresh, std::string_view after);

/// The same where honest programs say so as well: it counts where nothing stronger than text does.
std::string may_bend_its_tests(const std::vector<std::string>& fresh, std::string_view after);

/// The same of a shell's script.
std::string bends_a_shell(const std::vector<std::string>& fresh, std::string_view after);

/// Hooks that decide which tests run, or what their results are.
bool is_hook(std::string_view line, bool in_tests);

}  // namespace nightjar::verify
