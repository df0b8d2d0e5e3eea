#include "agent/native/failover.h"

namespace nightjar::agent::native {

std::string rewritten(const Entry& entry, const model::Wire& wire) {
  switch (entry.kind) {
    case Entry::Kind::User:
      return entry.of_vendor ? "" : wire.user(entry.text);  // nobody else can read it
    case Entry::Kind::Reply:
      return wire.reply(entry.reply);
    case Entry::Kind::Results:
      return wire.results(entry.results, entry.text);
  }
  return "";
}

Replacement handed_over(const Transcript& transcript, const model::Endpoint& to,
                        const model::Frame& frame, double spent_usd, bool spent_known) {
  const model::Wire& wire = model::wire_of(to.wire);
  Replacement out;
  out.how = "model";
  for (size_t i = 0; i < transcript.entries.size(); ++i) {
    Replacement::Part part;
    part.from = static_cast<int>(i);
    part.item = rewritten(transcript.entries[i], wire);
    out.parts.push_back(std::move(part));
  }
  out.successor = Replacement::Successor{to.name, std::string(to_string(to.wire)),
                                         wire.prefix(to, frame), spent_usd, spent_known};
  return out;
}

}  // namespace nightjar::agent::native
