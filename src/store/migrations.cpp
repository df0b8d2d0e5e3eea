#include "store/migrations.h"

#include <fmt/core.h>

#include "base/error.h"

namespace nightjar::store {

namespace {

std::int64_t version_of(sqlite::Connection& connection) {
  sqlite::Statement query(connection, "PRAGMA user_version");
  query.step();
  return query.integer(0);
}

}  // namespace

void migrate(sqlite::Connection& connection, std::string_view file) {
  const auto steps = sqlite_migration_files();
  const auto newest = static_cast<std::int64_t>(steps.size());
  if (const auto version = version_of(connection); version > newest) {
    throw Error(
        ErrorKind::Unavailable,
        fmt::format(
            "{} was written by a newer version of Nightjar (schema {}, this program knows {}): "
            "upgrade this program, or put a backup of the older store in its place",
            file, version, newest));
  }
  while (version_of(connection) < newest) {
    sqlite::Transaction transaction(connection);
    const auto version = version_of(connection);  // somebody else may have been faster
    if (version >= newest) break;
    connection.execute(steps[static_cast<size_t>(version)].second);
    connection.execute(fmt::format("PRAGMA user_version = {}", version + 1));
    transaction.commit();
  }
}

}  // namespace nightjar::store
