// Where the service, its runs and its programs lie. Values; made once at its start.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace nightjar::daemon {

struct Places {
  std::filesystem::path state;
  std::filesystem::path program;  ///< this program (see programs.h): `program fork-server`
  std::filesystem::path helper;   ///< nightjar-sandbox, of the same version
  std::filesystem::path home;     ///< of the person
  std::string tool_path;
  std::filesystem::path runs() const { return state / "runs"; }
  std::filesystem::path run_folder(std::string_view run) const { return runs() / run; }
};

}  // namespace nightjar::daemon
