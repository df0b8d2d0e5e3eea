// What is asked and where, as each wire writes it; pure.
#include <gtest/gtest.h>

#include "model/wire.h"

namespace nightjar::model {
namespace {

TEST(Urls, OfAnAddressWithAQueryKeepItBehindThePath) {
  Endpoint endpoint;
  endpoint.model = "m";
  endpoint.base_url = "http://h/deployments/gpt/?api-version=2026-01-01";
  const Frame frame{"", {}, ""};
  const std::string base = "http://h/deployments/gpt", query = "?api-version=2026-01-01";
  const auto url = [&](WireKind kind) { return wire_of(kind).url(endpoint); };
  EXPECT_EQ(url(WireKind::Chat), base + "/chat/completions" + query);
  EXPECT_EQ(url(WireKind::Responses), base + "/responses" + query);
  EXPECT_EQ(url(WireKind::Anthropic), base + "/v1/messages" + query);
  EXPECT_EQ(url(WireKind::Gemini),
            base + "/v1beta/models/m:streamGenerateContent?alt=sse&api-version=2026-01-01");
  const auto counted = [&](WireKind kind) {
    return wire_of(kind).count_call(endpoint, frame, "")->url;
  };
  EXPECT_EQ(counted(WireKind::Responses), base + "/responses/input_tokens" + query);
  EXPECT_EQ(counted(WireKind::Anthropic), base + "/v1/messages/count_tokens" + query);
  EXPECT_EQ(counted(WireKind::Gemini), base + "/v1beta/models/m:countTokens" + query);
  EXPECT_EQ(wire_of(WireKind::Responses).compact_call(endpoint, frame, "")->url,
            base + "/responses/compact" + query);
}

TEST(ResponsesWire, EncryptedThoughtsAreNotAskedOfModelsThatHaveNone) {
  const auto prefix = [](const std::string& model) {
    Endpoint endpoint;
    endpoint.model = model;
    return wire_of(WireKind::Responses).prefix(endpoint, {});
  };
  for (const std::string model : {"gpt-4.1", "gpt-4.1-mini", "openai/gpt-4o", "gpt-3.5-turbo"})
    EXPECT_EQ(prefix(model).find("encrypted"), std::string::npos) << model;
  for (const std::string model : {"gpt-5", "o3", "gpt-40", "scripted"})
    EXPECT_NE(prefix(model).find(R"("include":["reasoning.encrypted_content"])"), std::string::npos)
        << model;
}

}  // namespace
}  // namespace nightjar::model
