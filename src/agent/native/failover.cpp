#include "agent/native/failover.h"

#include <fmt/core.h>

#include <map>
#include <utility>

namespace nightjar::agent::native {

std::vector<Entry> with_own_ids(std::vector<Entry> entries) {
  std::map<std::string, std::string> names;  // of the reply before
  for (auto& entry : entries) {
    if (entry.kind == Entry::Kind::Reply) names.clear();
    int number = 0;
    for (auto& call : entry.reply.calls) {
      const std::string own = fmt::format("call_{}_{}", entry.turn, ++number);
      names[std::exchange(call.id, own)] = own;
    }
    for (auto& result : entry.results) {
      const auto found = names.find(result.call);
      if (found != names.end()) result.call = found->second;
    }
  }
  return entries;
}

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
  auto entries = with_own_ids(transcript.entries);
  for (size_t i = 0; i < entries.size(); ++i) {
    Replacement::Part part;
    part.from = static_cast<int>(i);
    part.item = rewritten(entries[i], wire);
    part.results = std::move(entries[i].results);
    out.parts.push_back(std::move(part));
  }
  out.picture_bytes = picture_bytes(out, transcript);
  out.successor = Replacement::Successor{to.name, std::string(to_string(to.wire)),
                                         wire.prefix(to, frame), spent_usd, spent_known};
  return out;
}

}  // namespace nightjar::agent::native
