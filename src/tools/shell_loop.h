// What the toolbox's shell runs between the commands.
#pragma once

namespace nightjar::tools {

// POSIX, so that it works where there is no bash. 8 and 9 are closed for what the commands start.
// Scripts are sourced, so they may do to this loop what they like: `set --` takes its parameters,
// `continue` goes past the end of the inner one and `break` out of it, and functions may have the
// names of what it calls.
inline constexpr const char* kShellLoop =
    "readonly nightjar_scratch=\"$1\"\n"
    "nightjar_n=0\n"
    "shift\n"
    "while :; do\n"
    "while command printf '%s %s\\n' \"$nightjar_n\" \"$?\" >&9; "
    "IFS=' ' command read -r nightjar_n nightjar_pipe <&8 || command exit 0; do\n"
    ". \"$nightjar_scratch/command\" </dev/null >\"$nightjar_scratch/$nightjar_pipe\" 2>&1 "
    "8<&- 9>&-\n"
    "done\n"
    "done\n";

}  // namespace nightjar::tools
