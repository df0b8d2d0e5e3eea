#include "daemon/config.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "daemon/assignment.h"
#include "daemon/jobs.h"
#include "daemon/models.h"

namespace nightjar::daemon {
namespace {

class ConfigTest : public testing::Test {
 protected:
  std::expected<Config, std::string> load(const std::string& text) {
    write_durably(file(), text);
    return load_config(file());
  }
  std::string trouble(const std::string& text) {
    const auto config = load(text);
    return config ? "" : config.error();
  }
  fs::path file() const { return dir_.path() / "config.toml"; }
  TempDir dir_{"nightjar-config"};
};

constexpr const char* kModel = "[models.m]\nwire = \"anthropic\"\nmodel = \"x\"\n";

TEST_F(ConfigTest, WhatACacheTookIsNeverFreeForWantOfAPrice) {
  const auto config = load(std::string(kModel) + "price_input = 3\nprice_output = 15.0\n");
  ASSERT_TRUE(config) << config.error();
  const model::Prices& prices = config->models.at("m").prices;
  // 100,000 tokens in, of which 95,000 came from a cache and 4,000 were written to it.
  EXPECT_NEAR(model::cost_of({100'000, 95'000, 4'000, 0, 0}, prices), 0.3, 1e-9);
  EXPECT_NE(trouble(std::string(kModel) + "price_input = 3.0\n").find("both price_input and"),
            std::string::npos);
}

TEST_F(ConfigTest, AnAddressIsLookedAtWhenItIsRead) {
  EXPECT_NE(trouble(std::string(kModel) + "base_url = \"localhost:8080/v1\"\n")
                .find("must be an address such as"),
            std::string::npos);
  const std::string shown = trouble(std::string(kModel) + "base_url = \"http://a:secret@h/v1\"\n");
  EXPECT_NE(shown.find("holds a password"), std::string::npos);
  EXPECT_EQ(shown.find("secret"), std::string::npos);
}

TEST_F(ConfigTest, AModelThatWasAddedSinceTheStartIsNotSimplyUnknown) {
  const auto config = load(kModel);
  ASSERT_TRUE(config);
  EXPECT_EQ(find_model(*config, "b").error().find("was changed"), std::string::npos);
  write_durably(file(), std::string(kModel) + "[models.b]\nwire = \"chat\"\nmodel = \"y\"\n");
  fs::last_write_time(file(), config->written + std::chrono::seconds(1));
  EXPECT_NE(find_model(*config, "b").error().find("was changed since the service started"),
            std::string::npos);
}

TEST_F(ConfigTest, ALimitOfNoDollarsIsNotReadAsNoLimit) {
  for (const char* zero : {"0", "0.0"}) {
    const std::string why = trouble(fmt::format("limit_cost_usd = {}\n", zero));
    EXPECT_NE(why.find("config.toml:1: 'limit_cost_usd' must be above 0"), std::string::npos)
        << why;
  }
  EXPECT_EQ(trouble("limit_cost_usd = 0.005\n"), "");
  EXPECT_EQ(trouble(std::string(kModel) + "price_input = 0\nprice_output = 0\n"), "")
      << "a model may be free";
}

TEST_F(ConfigTest, ALimitInDollarsOfTheSettingsNeedsPricesAsWell) {
  const auto config = load("limit_cost_usd = 1.0\n" + std::string(kModel));
  ASSERT_TRUE(config);
  EXPECT_NE(spending_trouble(*config, "m", 1).find("needs prices"), std::string::npos);
  const auto assigned =
      read_assignment({{"brief", "Make it better"}, {"repo", dir_.path().string()}}, *config);
  ASSERT_FALSE(assigned);
  EXPECT_NE(assigned.error().detail.find("needs prices"), std::string::npos)
      << assigned.error().detail;
}

TEST_F(ConfigTest, AnotherServerAtOpenAisVariableHasModelsOfItsOwn) {
  ::setenv("OPENAI_API_KEY", "x", 1);
  ::setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1", 1);
  const Config config;
  EXPECT_TRUE(known_models(config).empty());
  EXPECT_NE(find_model(config, "").error().find("--model chat/NAME"), std::string::npos);
  EXPECT_TRUE(find_model(config, "chat/qwen"));
  ::unsetenv("OPENAI_BASE_URL");
  EXPECT_EQ(known_models(config).size(), 1U);
  ::unsetenv("OPENAI_API_KEY");
}

TEST_F(ConfigTest, TheGatewayMayOfferFurtherModels) {
  const auto config = load("gateway = [\"m\", \"nowhere\"]\n" + std::string(kModel));
  ASSERT_TRUE(config) << config.error();
  EXPECT_TRUE(config->gateway);
  const auto assigned =
      read_assignment({{"brief", "Make it better"}, {"repo", dir_.path().string()}}, *config);
  ASSERT_FALSE(assigned);
  EXPECT_NE(assigned.error().detail.find("gateway: there is no model 'nowhere'"), std::string::npos)
      << assigned.error().detail;
  EXPECT_NE(trouble("gateway = 3\n").find("must be true, false or a list"), std::string::npos);
}

TEST_F(ConfigTest, SecretsOfAModelAreNoPartOfAJob) {
  run::Job job;
  job.model.emplace();
  job.model->key = {model::KeySource::From::Literal, "literal-key"};
  job.model->headers = {{"api-key", "header-secret"}};
  job.model->proxy = "http://me:proxy-secret@proxy:3128";
  job.gateway_models.emplace_back().key = {model::KeySource::From::Literal, "gateway-key"};
  const auto variables = take_keys(job);
  const std::string text = to_pretty(run::to_json(job));
  for (const char* secret : {"literal-key", "header-secret", "proxy-secret", "gateway-key"})
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  const run::Job again = run::job_from(parse_json(text)->as_object());
  ASSERT_TRUE(again.model);
  EXPECT_EQ(again.model->headers,
            (std::vector<std::pair<std::string, std::string>>{{"api-key", "header-secret"}}));
  EXPECT_EQ(again.model->proxy, "http://me:proxy-secret@proxy:3128");
  const auto key =
      model::resolve_key(*again.model, [](const char* name) { return std::getenv(name); });
  EXPECT_EQ(key.value_or(""), "literal-key");
  for (const auto& [name, value] : variables) ::unsetenv(name.c_str());
}

}  // namespace
}  // namespace nightjar::daemon
