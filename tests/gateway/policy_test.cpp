// What goes out of a request from inside a sandbox, and what does not; pure.
#include "gateway/policy.h"

#include <gtest/gtest.h>

#include "gateway/exchange.h"

namespace nightjar::gateway {
namespace {

using model::WireKind;

std::expected<json::object, std::string> out(WireKind wire, std::string_view body) {
  model::Endpoint endpoint;
  endpoint.wire = wire;
  endpoint.model = "the-runs-model";
  const auto made = outgoing({wire, false, false}, body, endpoint);
  if (!made) return std::unexpected(made.error());
  return parse_json(made->body)->as_object();
}

/// The member that a body is refused for; empty: it goes out.
std::string refused(WireKind wire, std::string_view body) {
  const auto made = out(wire, body);
  if (made) return "";
  const std::string& words = made.error();
  return words.substr(1, words.find('\'', 1) - 1);
}

std::string with_picture(const std::string& url) {
  return R"({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": ")" +
         url + R"("}}]}]})";
}
std::string with_item(const std::string& item) { return R"({"input": [)" + item + "]}"; }
std::string with_part(const std::string& part) {
  return R"({"messages": [{"role": "user", "content": [)" + part + "]}]}";
}

TEST(GatewayPolicy, APictureStandsInTheRequestWhateverTheCaseOfItsAddress) {
  for (const char* url :
       {"HTTPS://evil.example/?data", "Http://evil.example", "hTTps://x", "GS://b/x",
        "ftp://evil.example/x", "file:///etc/passwd", " https://evil.example", "//evil.example/x",
        "evil.example/x", "s3://bucket/x"})
    EXPECT_EQ(refused(WireKind::Chat, with_picture(url)), "url") << url;
  for (const char* url : {"data:image/png;base64,AAAA", "DATA:image/png;base64,AAAA", ""})
    EXPECT_EQ(refused(WireKind::Chat, with_picture(url)), "") << url;
  const std::string input =
      R"({"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": ")";
  EXPECT_EQ(refused(WireKind::Responses, with_item(input + R"(HTTPS://evil.example/?data"}]})")),
            "image_url");
  EXPECT_EQ(refused(WireKind::Responses, with_item(input + R"(data:image/png;base64,AA"}]})")), "");
  EXPECT_EQ(
      refused(
          WireKind::Anthropic,
          with_part(
              R"({"type": "image", "source": {"type": "url", "url": "HTTPS://evil.example"}})")),
      "url");
}

TEST(GatewayPolicy, NeitherDoFilmsDocumentsFilesAndSoundsStandBehindAnAddress) {
  EXPECT_EQ(
      refused(WireKind::Chat, with_part(R"({"type": "video_url", "video_url": "HTTP://x.y"})")),
      "video_url");
  EXPECT_EQ(refused(WireKind::Chat,
                    with_part(R"({"type": "document_url", "document_url": "Https://x.y"})")),
            "document_url");
  EXPECT_EQ(refused(WireKind::Chat,
                    with_part(R"({"type": "file", "file": {"file_data": "HTTPS://x.y/a.pdf"}})")),
            "file_data");
  EXPECT_EQ(
      refused(
          WireKind::Chat,
          with_part(R"({"type": "input_audio", "input_audio": {"data": "HTTPS://x.y/a.mp3"}})")),
      "data");
  for (const char* data : {"JVBERi0xLjc+/w==", "data:application/pdf;base64,JVBERi0xLjc="}) {
    EXPECT_EQ(refused(WireKind::Chat, with_part(R"({"type": "file", "file": {"file_data": ")" +
                                                std::string(data) + "\"}}")),
              "");
    EXPECT_EQ(
        refused(WireKind::Chat, with_part(R"({"type": "input_audio", "input_audio": {"data": ")" +
                                          std::string(data) + "\"}}")),
        "");
  }
}

TEST(GatewayPolicy, NothingThatIsStoredAtTheVendorIsNamed) {
  EXPECT_EQ(refused(WireKind::Responses, R"({"prompt": {"id": "pmpt_1", "version": "2"}})"),
            "prompt");
  EXPECT_EQ(refused(WireKind::Responses, with_item(R"({"type": "item_reference", "id": "msg_1"})")),
            "item_reference");
  // Its type may be left out.
  for (const char* item : {R"({"id": "msg_1"})", R"({"id": "msg_1", "type": null})"})
    EXPECT_EQ(refused(WireKind::Responses, with_item(item)), "item_reference");
  EXPECT_EQ(refused(WireKind::Responses, with_item(R"({"role": "user", "content": "Hello"})")), "");
  EXPECT_EQ(refused(WireKind::Responses,
                    with_item(R"({"type": "reasoning", "id": "rs_1", "encrypted_content": "x"})")),
            "");
  EXPECT_EQ(refused(WireKind::Gemini, R"({"cached_content": "cachedContents/1"})"),
            "cached_content");
}

TEST(GatewayPolicy, NoRouterIsToldOfOtherServersOrSettings) {
  for (const char* member : {"preset", "base_url", "api_base", "user_config"})
    EXPECT_EQ(refused(WireKind::Chat, std::string("{\"") + member + "\": \"x\"}"), member);
}

TEST(GatewayPolicy, OtherModelsAndSearchesAreLeftOut) {
  const auto made = out(WireKind::Chat, R"({"messages": [], "model": "x",
      "plugins": [{"id": "web"}], "models": ["dear/model"], "route": "fallback",
      "fallbacks": ["dear/model"], "provider": {"order": ["elsewhere"]},
      "search_parameters": {"mode": "on"}, "enable_search": true, "search_options": {"forced": true},
      "search_settings": {"include_domains": ["evil.example"]}, "inference_geo": "us"})");
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(*made, (json::object{{"messages", json::array{}}, {"model", "the-runs-model"}}));
}

TEST(GatewayPolicy, AShellIsTheClientsWhereItDoesNotRunAtTheVendor) {
  const auto made = out(WireKind::Responses, R"({"tools": [
      {"type": "shell", "environment": {"type": "container_auto"}},
      {"type": "shell", "environment": {"type": "container_reference", "container_id": "c"}},
      {"type": "shell", "environment": {"type": "local"}}, {"type": "shell"}]})");
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(to_line(made->at("tools")),
            R"([{"type":"shell","environment":{"type":"local"}},{"type":"shell"}])");
}

TEST(GatewayPolicy, TheVendorsToolsAreLeftOutAlsoWhereTheyAreNoList) {
  const std::string own =
      R"("url_context": {}, "urlContext": {}, "google_search": {}, "googleSearch": {},
         "google_search_retrieval": {}, "code_execution": {}, "codeExecution": {},
         "file_search": {}, "computer_use": {}, "googleMaps": {}, "mcpServers": [{"url": "x"}])";
  for (const std::string& tools : {"{" + own + "}", "[{" + own + "}]", std::string("\"x\"")}) {
    const auto made = out(WireKind::Gemini, R"({"contents": [], "tools": )" + tools + "}");
    ASSERT_TRUE(made) << made.error();
    EXPECT_EQ(to_line(*made), R"({"contents":[]})") << tools;
  }
  const auto made = out(WireKind::Gemini,
                        R"({"tools": {"function_declarations": [{"name": "a"}], )" + own + "}}");
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(to_line(*made), R"({"tools":[{"function_declarations":[{"name":"a"}]}]})");
  for (const WireKind wire : {WireKind::Responses, WireKind::Chat, WireKind::Anthropic}) {
    for (const char* tools :
         {R"({"type": "web_search_20250305"})", R"({"type": "code_interpreter"})", "7", "null"}) {
      const auto sent =
          out(wire, R"({"tool_choice": "auto", "tools": )" + std::string(tools) + "}");
      ASSERT_TRUE(sent) << sent.error();
      EXPECT_FALSE(sent->contains("tools") || sent->contains("tool_choice")) << to_line(*sent);
    }
  }
}

TEST(GatewayPolicy, WhatOnlyLooksLikeACallIsLookedAt) {
  EXPECT_EQ(refused(WireKind::Responses, R"({"type": "tool_use", "input": [{"type": "message",
      "role": "user", "content": [{"type": "input_image", "image_url": "https://evil.example"}]}]})"),
            "image_url");
  EXPECT_EQ(
      refused(WireKind::Anthropic, with_part(R"({"type": "tool_use", "id": "a", "name": "open",
      "input": {"url": "https://example.org", "type": "item_reference"}})")),
      "");
}

TEST(GatewayAddress, ThePathGoesBeforeTheQuery) {
  model::Endpoint endpoint;
  endpoint.base_url = "http://127.0.0.1:1/deployments/gpt?api-version=7";
  EXPECT_EQ(url_for({WireKind::Chat, false, false}, "/v1/chat/completions", endpoint),
            "http://127.0.0.1:1/deployments/gpt/chat/completions?api-version=7");
}

}  // namespace
}  // namespace nightjar::gateway
