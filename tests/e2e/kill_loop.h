// Killing real processes of a service while it works, and what must hold afterwards.
#pragma once

#include <random>
#include <string>

#include "support/repo.h"
#include "support/service.h"

namespace nightjar::test {

/// Waits until the task needs no runner, starting the service again as often as it was killed.
json::object settle(Service& nightjar, const std::string& id);

/// Every task ended once; its log has no gap and no second end; one pull request and one branch a
/// task.
void expect_whole(Service& nightjar, const Repo& repo, const std::vector<std::string>& ids);

/// `rounds` times: two tasks, random kills (daemon, runner, helper, everything) while they are
/// under way.
void kill_at_random(int rounds, unsigned seed);

/// Stops the process of the task's first run while it waits for its first command, and so holds no
/// lock that another run may want; its pid.
pid_t hold_runner(const Service& nightjar, const std::string& id);

}  // namespace nightjar::test
