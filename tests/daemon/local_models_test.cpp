#include "daemon/local_models.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "net/testing_server.h"
#include "support/model_server.h"

namespace nightjar::test {
namespace {

TEST(LocalModels, AServerThatRunsIsListedAndOneThatDoesNotIsNot) {
  const ModelServer server("any", R"({"replies": []})");
  const auto found =
      daemon::local_models({{"absent", 1}, {"present", static_cast<std::uint16_t>(server.port())}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "present/scripted");
  EXPECT_EQ(found[0].model, "scripted");
  EXPECT_EQ(found[0].base_url, "http://127.0.0.1:" + std::to_string(server.port()) + "/v1");
}

TEST(LocalModels, AreUsedWhereTheyAreNamed) {
  const auto nothing = [](const char*) -> const char* { return nullptr; };
  const auto named = model::endpoint_named("ollama/qwen3:30b", nothing);
  ASSERT_TRUE(named) << named.error();
  EXPECT_EQ(named->base_url, "http://127.0.0.1:11434/v1");
  EXPECT_EQ(named->model, "qwen3:30b");
  EXPECT_EQ(named->key.from, model::KeySource::From::Nothing);
  EXPECT_FALSE(model::endpoint_named("ollama/", nothing));
}

TEST(LocalModels, TheKeyOfAServerOnThisMachineIsNotShownToTheProxy) {
  const ModelServer server("any", R"({"replies": []})");
  std::atomic<int> asked = 0;
  const net::ScriptedServer proxy([&](int socket, const std::string&) {
    ++asked;
    net::say(socket, net::answer("{}"));
  });
  ::setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(proxy.port)).c_str(), 1);
  const auto names =
      daemon::names_at("http://127.0.0.1:" + std::to_string(server.port()) + "/v1", "a-secret-key");
  ::unsetenv("http_proxy");
  EXPECT_EQ(names, std::vector<std::string>{"scripted"});
  EXPECT_EQ(asked, 0);
}

}  // namespace
}  // namespace nightjar::test
