// What a model's server sends, on each wire: a reply or a failure, never a throw; and whatever was
// made of it can be sent back.
#include "agent/native/conversation.h"
#include "fuzz.h"
#include "model/wire.h"
#include "net/sse.h"

using namespace nightjar;
using model::WireKind;

namespace {

constexpr WireKind kKinds[] = {WireKind::Responses, WireKind::Chat, WireKind::Anthropic,
                               WireKind::Gemini};

model::Outcome read(const model::Wire& wire, std::string_view text, size_t piece) {
  const auto reader = wire.reader([](std::string_view) {});
  net::SseParser parser;
  bool more = true;
  for (size_t at = 0; at < text.size() && more; at += piece)
    parser.feed(text.substr(at, piece), [&](const net::SseEvent& event) {
      if (more) more = reader->on_event(event);
    });
  return reader->finish();
}

void is_json_list(const std::string& items, const char* what) {
  const auto value = parse_json("[" + items + "]");
  promise(value && value->is_array(), what);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const model::Wire& wire = wire_of(kKinds[data[0] % 4]);
  const auto text = text_of(data + 1, size - 1);
  const auto outcome = read(wire, text, text.size() + 1);
  const auto torn = read(wire, text, 3);
  promise(outcome.has_value() == torn.has_value(), "pieces make no difference");
  model::failure_of(400 + data[0], {}, text);
  if (!outcome) {
    promise(outcome.error().words.size() < 10'000, "a vendor's words are bounded");
    return 0;
  }
  promise(outcome->calls.size() <= model::kMostCalls + 1, "calls are bounded");
  is_json_list(outcome->replay, "what is sent back is JSON");
  for (const auto kind : kKinds) is_json_list(wire_of(kind).reply(*outcome), "on every wire");
  for (const auto& call : outcome->calls)
    is_json_list(model::valid_arguments(call), "arguments are JSON");
  return 0;
}
