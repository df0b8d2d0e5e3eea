// A stream of events: the same in whatever pieces it comes.
#include "base/error.h"
#include "fuzz.h"
#include "net/sse.h"

using namespace nightjar;

namespace {

std::vector<net::SseEvent> read(std::string_view text, size_t piece) {
  std::vector<net::SseEvent> out;
  net::SseParser parser(1 << 12);
  try {
    for (size_t at = 0; at < text.size(); at += piece)
      parser.feed(text.substr(at, piece),
                  [&](const net::SseEvent& event) { out.push_back(event); });
  } catch (const Error&) {  // longer than it may be
    out.push_back({"", "limit", ""});
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const auto text = text_of(data, size);
  const auto whole = read(text, text.size() + 1);
  for (const size_t piece : {1, 7})
    promise(read(text, piece) == whole, "pieces make no difference");
  return 0;
}
