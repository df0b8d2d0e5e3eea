// What an earlier run learned of a repository: a file that anybody may have changed.
#include "base/text.h"
#include "fuzz.h"
#include "map/map.h"
#include "map/tag_store.h"
#include "map/tags.h"

using namespace nightjar;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const std::string text(text_of(data, size));
  map::Tags tags;
  if (map::unpack(text, tags)) {
    for (const auto& each : tags.definitions)
      promise(each.name.data() >= text.data() &&
                  each.name.data() + each.name.size() <= text.data() + text.size(),
              "names are views of the bytes");
  }
  const map::TagStore store("nightjar tags 1\n" + text);
  (void)store.find("id");
  map::blobs_in(text);
  return 0;
}
