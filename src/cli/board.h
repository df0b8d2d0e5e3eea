// The live board of `nightjar watch`.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "cli/client.h"
#include "cli/terminal.h"

namespace nightjar::cli {

/// One picture: what is under way, the table, the newest events; at most the terminal's height.
std::string board_frame(const Terminal& terminal, const json::array& tasks,
                        const std::vector<json::object>& recent, Time now);

/// Draws until q, Ctrl-C or SIGTERM; the terminal is then as it was, with the last board below the
/// prompt. REQUIRES: standard output is a terminal, and no other thread was started.
int run_board(const Client& client);

}  // namespace nightjar::cli
