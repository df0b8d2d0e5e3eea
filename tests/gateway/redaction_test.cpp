// A text that comes in pieces, without its secrets.
#include "gateway/redaction.h"

#include <gtest/gtest.h>

namespace nightjar::gateway {
namespace {

const std::vector<Upstream>& upstreams() {
  static const std::vector<Upstream> all = [] {
    model::Endpoint endpoint;
    endpoint.headers = {{"x-team", "sk-team-9876"}};
    return std::vector<Upstream>{{endpoint, "sk-hush-1234"}};
  }();
  return all;
}

TEST(Redaction, ASecretThatComesInPiecesIsTakenOut) {
  const std::string text =
      "data: your key sk-hush-1234 of sk-team-9876, sk-hush-12 and sk-sk-hush-1234\n\n";
  for (size_t size = 1; size <= text.size(); ++size) {
    Redaction redaction(upstreams());
    std::string out;
    for (size_t at = 0; at < text.size(); at += size) out += redaction.next(text.substr(at, size));
    out += redaction.rest();
    EXPECT_EQ(out, "data: your key [key] of [key], sk-hush-12 and sk-[key]\n\n") << size;
  }
}

TEST(Redaction, NothingElseIsHeldBack) {
  Redaction redaction(upstreams());
  EXPECT_EQ(redaction.next("data: {\"x\": \"hello s"), "data: {\"x\": \"hello ");
  EXPECT_EQ(redaction.next("un\"}\n\n"), "sun\"}\n\n");
  EXPECT_EQ(redaction.next("sk-hush"), "");
  EXPECT_EQ(redaction.rest(), "sk-hush");
}

}  // namespace
}  // namespace nightjar::gateway
