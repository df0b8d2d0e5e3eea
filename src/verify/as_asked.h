// What somebody did for a brief that the mechanic understands, beside what the mechanic makes of
// it.
#pragma once

#include <string>
#include <vector>

#include "verify/verify.h"

namespace nightjar::verify {

/// The text of a file as the brief wants it: what the mechanic makes of it, or the base's.
std::string text_as_asked(const Case& input, const std::string& path);
/// The file is what the brief wants; a rename may go further into its strings and its prose.
bool stands_as_asked(const Case& input, const std::string& path);
/// Lines of the program that should be there and are not, each with its file. Of a rename, every
/// line; of a replaced call, those that hold the new one. Layout, comments and the place do not
/// count.
std::vector<std::string> missing_of_what_was_asked(const Case& input);

}  // namespace nightjar::verify
