// Another model goes on with a conversation: the same messages, as its own wire says them. What the
// first one thought, and what only its vendor can read, stays behind.
#pragma once

#include <string>
#include <vector>

#include "agent/native/transcript.h"
#include "model/endpoint.h"
#include "model/wire.h"

namespace nightjar::agent::native {

/// The calls named anew, and their results with them: what one vendor calls its calls another may
/// refuse, for their letters, their length, or because two replies have the same.
std::vector<Entry> with_own_ids(std::vector<Entry> entries);

/// An entry as `wire` says it; empty where there is nothing of it to say.
std::string rewritten(const Entry& entry, const model::Wire& wire);

/// `spent_usd`: what the conversation cost so far, which the next model's prices cannot tell.
Replacement handed_over(const Transcript& transcript, const model::Endpoint& to,
                        const model::Frame& frame, double spent_usd, bool spent_known);

}  // namespace nightjar::agent::native
