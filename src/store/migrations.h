// The schema's history: sql/sqlite/NNNN_name.sql, embedded when the program is built.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "store/sqlite.h"

namespace nightjar::store {

/// Name and content, in order; made by cmake/embed.cmake.
std::vector<std::pair<std::string_view, std::string_view>> sqlite_migration_files();

/// Brings the file to this program's schema, each step in a transaction of its own. Throws
/// Error(Unavailable) where a newer program wrote it.
void migrate(sqlite::Connection& connection, std::string_view file);

}  // namespace nightjar::store
