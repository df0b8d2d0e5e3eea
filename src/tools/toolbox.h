// The tools of an agent, both ends: a process that stays inside the sandbox does the work, the
// runner outside asks. Nothing of a repository is read, matched or parsed outside.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "sandbox/session.h"
#include "tools/answer.h"
#include "tools/channel.h"

namespace nightjar::tools {

/// Where scripts and long outputs are kept inside; read by the model where an answer names a file.
inline constexpr std::string_view kScratch = "/tmp/.nightjar";
inline constexpr std::string_view kFreshTags = "/tmp/.nightjar/tags";

/// The runner's end. Belongs to the session's thread.
class Toolbox {
 public:
  /// Starts it in the session; the program must be among the policy's `programs`.
  explicit Toolbox(sandbox::Session& session);

  /// Tools: shell {command, timeout_s?, background?, job?, stop?}, read, write, edit, patch,
  /// search, outline; for the verifier canary {path, text, test?, how, why} (tools/canary.h)
  /// and tests_of {path, program, tests} (tools/inline_tests.h);
  /// map {brief, budget} of the commit that the sandbox shows (map/map.h): fresh tags lie in
  /// `kFreshTags` where the answer says `changed`. Blocks until the answer; `on_output` gets the
  /// newest of what a long command prints, at most once a second. A call under way at `deadline` is
  /// stopped and answered so; at a stop it is stopped and Cancelled is thrown. Throws
  /// sandbox::SandboxLost where the toolbox has gone.
  Answer call(std::string_view tool, const json::object& arguments,
              const std::function<void(std::string_view)>& on_output, Deadline deadline,
              std::stop_token stop);

 private:
  sandbox::Session& session_;
  Fd socket_;
  Fd wake_;
  Inbox inbox_;
  long number_ = 0;
};

/// The process inside: serves standard input until its end. `nightjar-toolbox`.
int toolbox_main();

}  // namespace nightjar::tools
