// A source file of a repository, in each language, under the mechanic's hands.
#include <fcntl.h>

#include "agent/mechanic/worker.h"
#include "base/file.h"
#include "fuzz.h"

using namespace nightjar;
using namespace nightjar::agent::mechanic;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  static const TempDir folder("nightjar-fuzz");
  static const char* const kEnds[] = {"py", "js", "ts",   "tsx", "c", "cpp",
                                      "h",  "go", "java", "rs",  "md"};
  static const char* const kBriefs[] = {"rename Parser to Reader everywhere",
                                        "rename Parser to Reader everywhere, strings too",
                                        "replace `old($A, $B)` with `fresh($B, $A)`"};
  static size_t turn = 0;
  const std::string name = std::string("one.") + kEnds[turn % std::size(kEnds)];
  const auto order = parse_order(kBriefs[turn / std::size(kEnds) % std::size(kBriefs)], {});
  ++turn;
  {
    Fd file(::open((folder.path() / name).c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));
    write_all(file.get(), text_of(data, size));
  }
  Request request;
  request.order = order.value();
  request.threads = 1;
  const auto result = work_on(folder.path(), request);
  promise(result_from(encode(result)).has_value(), "a result goes over the wire");
  fs::remove(folder.path() / name);
  fs::remove(folder.path() / ("Reader" + name.substr(3)));
  return 0;
}
