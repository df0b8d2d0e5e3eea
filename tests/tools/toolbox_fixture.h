// For tests: the toolbox in a sandbox over a small repository.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "sandbox/session_fixture.h"
#include "tools/toolbox.h"

namespace nightjar::tools {

class ToolboxTest : public sandbox::SessionTest {
 protected:
  ToolboxTest() {
    policy_.programs.push_back(fs::path(NIGHTJAR_BINARY_DIR) / "bin" / "nightjar-toolbox");
    policy_.path = "/usr/bin:/bin";
  }
  Toolbox& toolbox() {
    if (!toolbox_) toolbox_ = std::make_unique<Toolbox>(session());
    return *toolbox_;
  }
  Answer call(std::string_view tool, const json::object& arguments,
              Deadline deadline = in(std::chrono::seconds(30)), std::stop_token stop = {}) {
    return toolbox().call(
        tool, arguments, [this](std::string_view more) { streamed_ += more; }, deadline, stop);
  }
  std::string shell(const std::string& command) {
    return call("shell", {{"command", command}}).output;
  }
  std::unique_ptr<Toolbox> toolbox_;
  std::string streamed_;
};

}  // namespace nightjar::tools
