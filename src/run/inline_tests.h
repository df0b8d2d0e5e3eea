// A changed file that holds tests beside its code: what of it is evidence of what.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "sandbox/session.h"
#include "verify/parts.h"

namespace nightjar::run {

struct Halves {
  std::string code;   ///< the change's code with the base's tests
  std::string tests;  ///< the base's code with the change's tests
};

/// By path, before and after.
using Versions = std::map<std::string, std::pair<std::string, std::string>>;

/// Of the changed files those that are source and may bring other tests within them.
Versions files_with_inline_tests(const Versions& changed, const verify::Parts& parts);

/// Those whose tests differ; nullopt where code and tests cannot be told apart. By the toolbox in
/// the session: a stranger's code is not parsed out here. Throws Cancelled, sandbox::SandboxLost.
std::map<std::string, std::optional<Halves>> parted(sandbox::Session& session,
                                                    const Versions& changed, std::stop_token stop);

}  // namespace nightjar::run
