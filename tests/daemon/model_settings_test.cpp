// Which model is had from settings and environment, with which key, at what price.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "daemon/assignment.h"
#include "daemon/list_prices.h"
#include "daemon/models.h"
#include "support/model_server.h"

namespace nightjar::daemon {
namespace {

using From = model::KeySource::From;

class ModelSettings : public testing::Test {
 protected:
  ModelSettings() {
    for (const char* name : {"OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY",
                             "ANTHROPIC_BASE_URL", "GEMINI_API_KEY", "GEMINI_BASE_URL"})
      set(name, "");
  }
  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
  static std::string trouble_of_key(From from, const std::string& value) {
    model::Endpoint endpoint;
    endpoint.name = "own";
    endpoint.key = {from, value};
    const auto key =
        model::resolve_key(endpoint, [](const char* name) { return std::getenv(name); });
    return key ? "the key is " + *key : key.error();
  }
  Config config_;
};

TEST_F(ModelSettings, TheOnlyModelOfAnotherServerIsTheDefault) {
  const test::ModelServer server("any", R"({"replies": []})");
  set("OPENAI_API_KEY", "key");
  set("OPENAI_BASE_URL", server.base_url("any", "c", "chat"));
  const auto found = find_model(config_, "");
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->name, "chat/scripted");
  EXPECT_EQ(found->base_url, server.base_url("any", "c", "chat"));
}

TEST_F(ModelSettings, AnAddressThatLeadsElsewhereGoesBeforeAVendorsKey) {
  const test::ModelServer server("any", R"({"replies": []})");
  set("OPENAI_API_KEY", "key");
  set("ANTHROPIC_API_KEY", "key");
  set("OPENAI_BASE_URL", server.base_url("any", "c", "chat"));
  const auto found = find_model(config_, "");
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->name, "chat/scripted");
  set("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
  const auto silent = find_model(config_, "");
  ASSERT_FALSE(silent) << silent->base_url;
  EXPECT_NE(silent.error().find("name one, --model chat/NAME"), std::string::npos);
  set("OPENAI_BASE_URL", "");
  set("ANTHROPIC_BASE_URL", "http://127.0.0.1:1/x");
  EXPECT_EQ(find_model(config_, "")->base_url, "http://127.0.0.1:1/x");
  set("ANTHROPIC_API_KEY", "");
  EXPECT_EQ(find_model(config_, "")->base_url, "http://127.0.0.1:1/x") << "one without keys";
  set("GEMINI_BASE_URL", "http://127.0.0.1:1/y");
  const auto two = find_model(config_, "");
  ASSERT_FALSE(two) << two->base_url;
  EXPECT_NE(two.error().find("--model"), std::string::npos) << two.error();
}

TEST_F(ModelSettings, AnAddressInTroubleIsNoReasonToAskAnotherVendor) {
  set("OPENAI_API_KEY", "key");
  set("ANTHROPIC_API_KEY", "key");
  set("OPENAI_BASE_URL", "http://u:secretpw@127.0.0.1:1/v1");
  const auto found = find_model(config_, "");
  ASSERT_FALSE(found) << found->base_url;
  EXPECT_NE(found.error().find("OPENAI_BASE_URL holds a password"), std::string::npos)
      << found.error();
  EXPECT_NE(found.error().find("--model"), std::string::npos) << found.error();
  EXPECT_EQ(find_model(config_, "anthropic/x")->base_url, "https://api.anthropic.com");
}

TEST_F(ModelSettings, OfSeveralModelsOfAnotherServerOneIsToBeNamed) {
  OtherServer server;
  server.endpoint.base_url = "http://127.0.0.1:1/v1";
  const auto silent = default_model(config_, server);
  ASSERT_FALSE(silent);
  EXPECT_NE(silent.error().find("does not say what models it has: name one, --model chat/NAME"),
            std::string::npos)
      << silent.error();
  server.names = {"small", "large"};
  const auto several = default_model(config_, server);
  ASSERT_FALSE(several);
  EXPECT_NE(several.error().find("several models (small, large): name one"), std::string::npos)
      << several.error();
}

TEST_F(ModelSettings, APasswordInAnAddressOfTheEnvironmentIsRefusedAndNotShown) {
  for (const std::string vendor : {"OPENAI", "ANTHROPIC", "GEMINI"}) {
    set((vendor + "_API_KEY").c_str(), "key");
    for (const std::string url : {"http://u:secretpw@127.0.0.1:1/x", "127.0.0.1:1/secretpw"}) {
      set((vendor + "_BASE_URL").c_str(), url);
      const std::string prefix = vendor == "OPENAI"   ? "chat"
                                 : vendor == "GEMINI" ? "gemini"
                                                      : "anthropic";
      for (const auto& found : {find_model(config_, prefix + "/x"), find_model(config_, "")}) {
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().find("secretpw"), std::string::npos) << found.error();
        EXPECT_NE(found.error().find(vendor + "_BASE_URL "), std::string::npos) << found.error();
      }
      ASSERT_EQ(model_troubles(config_).size(), 1U);
      EXPECT_TRUE(known_models(config_).empty());
    }
    set((vendor + "_API_KEY").c_str(), "");
    set((vendor + "_BASE_URL").c_str(), "");
  }
}

TEST_F(ModelSettings, ADefaultThatIsNotThereIsATrouble) {
  config_.model = "nosuch";
  const auto troubles = model_troubles(config_);
  ASSERT_EQ(troubles.size(), 1U);
  EXPECT_NE(troubles[0].problem.find("model = \"nosuch\" in config.toml cannot be used"),
            std::string::npos);
}

TEST_F(ModelSettings, ALimitInDollarsHoldsOnEachBuiltInDefault) {
  for (const char* key : {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"}) {
    set(key, "key");
    const auto found = find_model(config_, "");
    ASSERT_TRUE(found) << found.error();
    EXPECT_TRUE(found->prices.known) << found->name;
    EXPECT_GT(found->prices.output, found->prices.input) << found->name;
    EXPECT_GE(found->prices.input, found->prices.cached) << found->name;
    EXPECT_EQ(spending_trouble(config_, "", 2), "");
    set(key, "");
  }
}

TEST_F(ModelSettings, ListPricesAreTheVendorsAloneAndOnesOwnCountMore) {
  model::Endpoint endpoint;
  endpoint.wire = model::WireKind::Anthropic;
  endpoint.model = "claude-sonnet-5-5";
  endpoint.base_url = model::default_base_url(endpoint.wire);
  EXPECT_TRUE(list_price(endpoint));
  config_.models["own"] = endpoint;
  config_.models["own"].name = "own";
  config_.models["own"].prices = {7, 7, 7, 7, true};
  EXPECT_EQ(find_model(config_, "own")->prices.input, 7);
  endpoint.context = 1'000'000;
  EXPECT_FALSE(list_price(endpoint)) << "the longest inputs cost more";
  endpoint.context = 0;
  endpoint.base_url = "https://elsewhere.example/x";
  EXPECT_FALSE(list_price(endpoint));
  EXPECT_NE(spending_trouble(config_, "ollama/x", 2), "");
}

TEST_F(ModelSettings, WhatIsWrongWithAKeyNamesTheModelAndTheCause) {
  EXPECT_EQ(trouble_of_key(From::Command, "echo boo >&2; exit 3"),
            "model 'own': its key's command (echo boo >&2; exit 3) ended with status 3: boo");
  EXPECT_EQ(trouble_of_key(From::Literal, " "),
            "model 'own': its key in config.toml is empty; leave it out where the server needs "
            "none");
  EXPECT_EQ(trouble_of_key(From::File, "/tmp"),
            "model 'own': its key file cannot be read: /tmp is a folder, not a file");
  EXPECT_EQ(trouble_of_key(From::Environment, "NO_SUCH_KEY"),
            "model 'own': its key's variable NO_SUCH_KEY is not set where the service runs");
  const TempDir home;
  set("HOME", home.path().string());
  EXPECT_EQ(trouble_of_key(From::File, "~/none"),
            "model 'own': there is no key file " + (home.path() / "none").string());
  write_durably(home.path() / "key", "secret\n");
  EXPECT_EQ(trouble_of_key(From::File, "~/key"), "the key is secret");
}

}  // namespace
}  // namespace nightjar::daemon
