// The file of a conversation: read whole, or an error; the transcript reads what it can.
#include "agent/native/conversation.h"
#include "base/error.h"
#include "fuzz.h"

using namespace nightjar;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  static const TempDir dir("nightjar-fuzz");
  const std::string text(text_of(data, size));
  const fs::path file = dir.path() / "conversation.jsonl";
  write_durably(file, text);
  agent::native::read_transcript(text);
  agent::native::read_transcript(text, 2);
  model::Endpoint endpoint;
  endpoint.wire = model::WireKind::Anthropic;
  endpoint.model = "m";
  try {
    agent::native::Conversation conversation(file, endpoint, {"system", {}, ""});
    const std::string request(conversation.request());
    conversation.transcript();
    conversation.user("more");
    agent::native::Conversation again(file, endpoint, {"system", {}, ""});
    promise(again.request() == conversation.request(), "the next process sends the same");
  } catch (const Error&) {  // somebody changed it, and is told
  }
  return 0;
}
