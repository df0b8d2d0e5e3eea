// nightjar.toml of a repository.
#include "fuzz.h"
#include "project/project.h"

using namespace nightjar;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const auto config = project::parse(text_of(data, size));
  if (!config) {
    promise(!config.error().empty(), "a refusal has a reason");
    return 0;
  }
  const auto again = project::parse(project::to_toml(*config));
  promise(again.has_value(), "what was written can be read");
  return 0;
}
