// How a conversation becomes shorter: what old tools printed goes first, then a summary stands for
// all but the newest turns. The task, the plan, the files touched, what the checks said last and
// the person's words always stay; a call is never parted from its result. Pure.
#pragma once

#include <optional>
#include <string>

#include "agent/native/transcript.h"
#include "model/wire.h"

namespace nightjar::agent::native {

/// Results of tools older than the newest `keep` bytes of messages say only how long they were.
/// nullopt where that would not save at least a quarter.
std::optional<Replacement> clear_old_results(const Transcript& transcript, size_t keep,
                                             const model::Wire& wire);

/// The task, what `summary` says with what must outlive it, and the newest turns of at
/// most `keep` bytes; of a last turn longer than that, heads and tails of its results.
Replacement with_summary(const Transcript& transcript, const std::string& summary, size_t keep,
                         const model::Wire& wire);

/// The vendor's own items in place of everything, with what must outlive them.
Replacement with_vendor_items(const Transcript& transcript, const std::string& items,
                              const model::Wire& wire);

/// What a model is asked that writes the summary: what happened, in at most `most` bytes of text.
std::string summary_question(const Transcript& transcript, size_t most);
/// Where no model can be asked.
std::string summary_without_model(const Transcript& transcript);

/// The end of the note that stands for what was left out.
std::string standing_text(const Standing& standing);

}  // namespace nightjar::agent::native
