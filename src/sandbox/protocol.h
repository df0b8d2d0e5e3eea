// What the frames carry, beyond plans: commands and changes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/change.h"
#include "sandbox/wire.h"

namespace nightjar::sandbox {

struct CommandRequest {
  std::vector<std::string> argv;
  std::string cwd;
  std::vector<std::string> environment;  ///< NAME=value, beyond and over the sandbox's own
  std::string input;
};

std::string encode(const CommandRequest& request);
CommandRequest decode_command(std::string_view bytes);

void put(Writer& writer, const core::Change& change);
core::Change get_change(Reader& reader);

}  // namespace nightjar::sandbox
