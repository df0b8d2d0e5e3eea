// What a person hands over: arguments, files, standard input, checked before anything is sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"

namespace nightjar::cli {

/// The words from `first` on as one text; where there are none, or it is "-", standard input (not a
/// terminal's, unless "-" asks for it). Throws Error(Invalid) where it is empty or holds control
/// characters.
std::string text_argument(const Context& context, size_t first, std::string_view what);
/// The ticket: BRIEF, --brief FILE or standard input.
std::string brief_argument(const Context& context);

/// Line ends of other systems become newlines; the ends are trimmed. Throws Error(Invalid) as
/// above.
std::string checked_text(std::string text, std::string_view what);

/// A number from 1 to `most`; nullopt where the option is absent.
std::optional<long> number_option(const Context& context, std::string_view option, long most);

/// --limit-time, --limit-cost, --limit-tokens and --limit-turns, as the API takes them.
void put_limits(const Context& context, json::object& request);

}  // namespace nightjar::cli
