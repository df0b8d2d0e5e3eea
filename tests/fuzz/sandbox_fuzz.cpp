// Frames from inside a sandbox.
#include "base/error.h"
#include "fuzz.h"
#include "sandbox/plan.h"
#include "sandbox/protocol.h"

using namespace nightjar;
using namespace nightjar::sandbox;

namespace {

template <typename Decode>
void attempt(const Decode& decode) {
  try {
    decode();
  } catch (const Error&) {  // the one way to say that it is damaged
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const auto bytes = text_of(data, size);
  attempt([&] { (void)decode_command(bytes); });
  attempt([&] { (void)decode_plan(bytes); });
  attempt([&] {
    Reader reader(bytes);
    const core::Change change = get_change(reader);
    Writer writer;
    put(writer, change);
    Reader again(writer.bytes());
    promise(get_change(again) == change, "a change comes back unchanged");
  });
  return 0;
}
