// What a person says to a run under way: lines in a file of the run's folder, which the service
// appends to and the runner reads. A word that was said stays said, whoever is killed meanwhile.
#pragma once

#include <filesystem>
#include <vector>

#include "agent/agent.h"

namespace nightjar::run {

inline constexpr std::string_view kWordsFile = "words.jsonl";

/// Appends one word, durably; its number.
long add_word(const std::filesystem::path& run_folder, agent::PersonsWord::Kind kind,
              std::string_view text);
/// Those with a number above `after`, in order.
std::vector<agent::PersonsWord> read_words(const std::filesystem::path& run_folder, long after);

std::string_view to_string(agent::PersonsWord::Kind kind);

}  // namespace nightjar::run
