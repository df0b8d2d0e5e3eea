// Paths and queries of requests.
#include "fuzz.h"
#include "server/message.h"

using namespace nightjar;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const auto text = text_of(data, size);
  for (const bool plus : {false, true}) {
    const auto decoded = server::percent_decoded(text, plus);
    promise(!decoded || decoded->size() <= text.size(), "decoding does not grow");
  }
  (void)server::parse_query(text);
  return 0;
}
