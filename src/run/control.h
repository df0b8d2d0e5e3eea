// The control socket of a run: one line in, one line out. `cancel` is the only order of today;
// `ping` answers with the runner's version. Whoever can reach the run's folder may give orders
// (mode 0700).
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/file.h"

namespace nightjar::run {

class Control {
 public:
  /// Listens from now on; `on_cancel` is called from the control's own thread.
  Control(const std::filesystem::path& run_folder, std::function<void()> on_cancel);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

 private:
  void serve();
  Fd listener_;
  Fd wake_;
  std::function<void()> on_cancel_;
  std::jthread thread_;
};

/// Sends one order to a run; its answer, or nullopt where nobody listens.
std::optional<std::string> order(const std::filesystem::path& run_folder, std::string_view line);

}  // namespace nightjar::run
