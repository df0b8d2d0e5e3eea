#include "run/job.h"

#include <gtest/gtest.h>

namespace nightjar::run {
namespace {

TEST(Job, ReadsBackWhatItWrote) {
  Job job;
  job.spec.title = "Rename Parser to Reader";
  job.spec.repo = "/src/thing";
  job.spec.check_commands = {"make test"};
  job.spec.limits.time = Millis(5000);
  job.task = "abc123";
  job.run = "abc123.2";
  job.agent = "mechanic";
  job.brief = "call it Loader instead";
  job.earlier = {"rename Parser to Reader"};
  job.base_commit = "b";
  job.start_commit = "s";
  job.branch = "nightjar/abc123-x";
  job.expected_head = "h";
  job.publish = false;
  job.superseded = true;
  job.network_allowed = true;
  job.limits.idle = Millis(7);
  job.state = "/state";
  job.helper = "/helper";
  job.tool_path = "/bin";
  job.home = "/home/x";
  job.author = {"A", "a@b"};
  EXPECT_EQ(job_from(to_json(job)), job);
}

}  // namespace
}  // namespace nightjar::run
