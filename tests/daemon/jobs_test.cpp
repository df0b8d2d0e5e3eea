// What a runner is told to do, with the settings of the day.
#include "daemon/jobs.h"

#include <gtest/gtest.h>

namespace nightjar::daemon {
namespace {

class Jobs : public testing::Test {
 protected:
  Jobs() {
    for (const char* name : {"own", "second", "beside"}) add(name, true);
    config_.models["own"].failover = "second";
    config_.gateway = true;
    config_.gateway_models = {"beside"};
    task_.spec.model = "own";
    task_.spec.limits.cost_usd = 2;
    run_.agent = "native";
  }
  void add(const std::string& name, bool has_prices) {
    model::Endpoint endpoint;
    endpoint.name = endpoint.model = name;
    endpoint.base_url = "http://127.0.0.1:1/v1";
    endpoint.failover = config_.models[name].failover;
    if (has_prices) endpoint.prices = {1, 1, 1, 1, true};
    config_.models[name] = endpoint;
  }
  run::Job job() const { return job_for(task_, run_, History({}, ""), config_, {}, false); }

  Config config_;
  core::Task task_;
  core::Run run_;
};

TEST_F(Jobs, ALimitInDollarsWhosePricesAreGoneStopsTheRunBeforeItSpends) {
  EXPECT_TRUE(job().model);
  EXPECT_EQ(job().model_trouble, "");
  for (const std::string name : {"own", "second", "beside"}) {
    add(name, false);
    const run::Job without = job();
    EXPECT_FALSE(without.model) << name;
    EXPECT_NE(without.model_trouble.find("those of '" + name + "'"), std::string::npos)
        << without.model_trouble;
    add(name, true);
  }
  // So where the limit is the person's for all runs; without one no price is needed.
  add("own", false);
  task_.spec.limits.cost_usd = 0;
  EXPECT_TRUE(job().model);
  config_.limits.cost_usd = 3;
  EXPECT_FALSE(job().model);
}

}  // namespace
}  // namespace nightjar::daemon
