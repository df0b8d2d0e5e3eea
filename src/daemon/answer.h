// How the service answers: refusals, and faults as the answer of the one request that met them.
#pragma once

#include <expected>
#include <string>

#include "base/error.h"
#include "server/server.h"

namespace nightjar::daemon {

inline std::unexpected<server::Problem> refuse(ErrorKind kind, std::string detail,
                                               json::object more = {}) {
  return std::unexpected(server::Problem{kind, std::move(detail), std::move(more)});
}

/// What the repository or the disk threw at us becomes the answer of this one request.
template <class Work>
auto answer(Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const Error& error) {
    return std::unexpected(server::Problem{error.kind(), error.what(), {}});
  } catch (const std::exception& error) {
    return std::unexpected(server::Problem{ErrorKind::Internal, error.what(), {}});
  }
}

}  // namespace nightjar::daemon
