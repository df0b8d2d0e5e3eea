// What the mechanic tells people: Markdown for the pull request, words for findings.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/mechanic/order.h"
#include "core/proof.h"

namespace nightjar::agent::mechanic {

/// "in strings", "as a member of something else": where a rule leaves the name.
std::string_view words_of_rule(std::string_view rule);

std::string rename_details(const Order& order, const std::map<std::string, size_t>& table,
                           const std::vector<core::Finding>& findings,
                           const std::map<std::string, std::string>& renamed_files);

/// The details of a rename after some strings ("string_followed") turned out to be the renamed
/// thing.
std::string with_followed(std::string details, const std::vector<core::Finding>& findings);

std::string replace_details(const Order& order, size_t calls, size_t files,
                            const std::vector<core::Finding>& findings);

/// At most as many as a reader can use, blocking ones first; the last one says how many are left
/// out.
std::vector<core::Finding> bounded(std::vector<core::Finding> findings);

}  // namespace nightjar::agent::mechanic
