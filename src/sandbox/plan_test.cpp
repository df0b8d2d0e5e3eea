#include "sandbox/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"

namespace nightjar::sandbox {
namespace {

using What = Step::What;

// One line a step, so that a difference is read at a glance.
std::string line_of(const Plan& plan, const Step& step) {
  static const char* const names[] = {"folder",  "file", "link",    "bind", "device",
                                      "scratch", "tree", "written", "proc", "terminals"};
  std::string out = std::string(names[static_cast<int>(step.what)]) + " " + step.target;
  if (step.what == What::Link) out += " -> " + step.text;
  for (const auto index : step.sources) {
    const Source& source = plan.sources.at(index);
    out += " < " + source.path;
    if (source.map_owner)
      out += " (" + std::to_string(source.owner_uid) + ":" + std::to_string(source.owner_gid) + ")";
  }
  if (step.upper >= 0) out += " ^ " + plan.sources.at(static_cast<size_t>(step.upper)).path;
  if (step.copy) out += " copied";
  if (step.work_tree) out += " *";
  return out;
}

std::vector<std::string> lines(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& step : plan.steps) out.push_back(line_of(plan, step));
  return out;
}

Policy small_policy() {
  Policy policy;
  policy.tree = {{"/state/checkout"}, "/state/run/tree", "/home/u/src/thing"};
  return policy;
}

HostFacts small_host() {
  return {.root = false,
          .run_uid = 1001,
          .run_gid = 1002,
          .staging = "/tmp",
          .folders = {},
          .links = {{"/bin", "usr/bin"}},
          .etc = {"ssl"},
          .owners = {{"/state/checkout", {1001, 1002}}},
          .devices = {"null"}};
}

const std::vector<std::string> kBasics{"bind /usr < /usr",
                                       "link /bin -> usr/bin",
                                       "bind /etc/ssl < /etc/ssl",
                                       "file /etc/passwd",
                                       "file /etc/group",
                                       "file /etc/hosts",
                                       "file /etc/nsswitch.conf",
                                       "file /etc/hostname",
                                       "link /etc/mtab -> /proc/self/mounts",
                                       "device /dev/null < /dev/null",
                                       "link /dev/fd -> /proc/self/fd",
                                       "link /dev/stdin -> /proc/self/fd/0",
                                       "link /dev/stdout -> /proc/self/fd/1",
                                       "link /dev/stderr -> /proc/self/fd/2",
                                       "link /dev/ptmx -> pts/ptmx",
                                       "terminals /dev/pts",
                                       "scratch /dev/shm",
                                       "scratch /tmp",
                                       "scratch /var/tmp",
                                       "scratch /run",
                                       "link /var/run -> /run",
                                       "proc /proc"};

std::vector<std::string> with_basics(std::vector<std::string> more) {
  more.insert(more.begin(), kBasics.begin(), kBasics.end());
  return more;
}

TEST(Plan, OfAnOrdinaryUser) {
  const Plan plan = make_plan(small_policy(), small_host());
  EXPECT_EQ(lines(plan),
            with_basics({"scratch /home/nightjar",
                         "tree /home/u/src/thing < /state/checkout ^ /state/run/tree *"}));
  EXPECT_FALSE(plan.from_root);
  EXPECT_EQ(plan.run_uid, 1001u);
  EXPECT_EQ(plan.run_gid, 1002u);
  EXPECT_EQ(plan.start_folder, "/home/u/src/thing");
}

// The helper has them ready, in this order.
TEST(Plan, BeginsWithTheGround) {
  const HostFacts host{.run_uid = 1001,
                       .folders = {"/lib", "/nix/store"},
                       .etc = {"profile", "ssl"},
                       .owners = {{"/state/checkout", {1001, 1002}}},
                       .devices = {"null", "zero"}};
  const Plan plan = make_plan(small_policy(), host);
  const Ground ground = make_ground(host);
  EXPECT_EQ(ground.sources.size(), 7u);
  ASSERT_GT(plan.sources.size(), ground.sources.size());
  for (size_t i = 0; i < ground.sources.size(); ++i) {
    EXPECT_EQ(plan.sources[i], ground.sources[i]) << i;
    const auto uses = std::ranges::count_if(plan.steps, [i](const Step& step) {
      return step.sources == std::vector{std::uint32_t(i)};
    });
    EXPECT_EQ(uses, 1) << ground.sources[i].path;
  }
  EXPECT_EQ(ground.sources.back().as, Source::As::Device);
  EXPECT_EQ(plan.sources[ground.sources.size()].as, Source::As::Layer);
}

TEST(Plan, OfRootMapsTheOwnersOfLayers) {
  HostFacts host = small_host();
  host.root = true;
  host.run_uid = host.run_gid = kFirstRunUid;
  const Plan plan = make_plan(small_policy(), host);
  EXPECT_EQ(lines(plan).back(),
            "tree /home/u/src/thing < /state/checkout (1001:1002) ^ /state/run/tree *");
  EXPECT_TRUE(plan.sources.back().map_owner);
  EXPECT_EQ(plan.sources.back().owner_uid, kStorageUid);
  EXPECT_TRUE(plan.from_root);
  EXPECT_EQ(plan.run_uid, kFirstRunUid);
}

TEST(Plan, PutsParentsBeforeWhatStandsInThem) {
  Policy policy = small_policy();
  policy.tools = {{"/root/.pyenv", "/root/.pyenv"}, {"/opt/x", "/opt/x"}};
  policy.overlays = {{{"/cache"}, {}, "/home/nightjar/.cache/pip"},
                     {{"/venv"}, {}, "/home/u/src/thing/.venv"},
                     {{}, "/state/home", "/home/nightjar"},
                     {{}, {}, "/var/scratch"}};
  policy.programs = {"/build/mechanic"};
  EXPECT_EQ(lines(make_plan(policy, small_host())),
            with_basics({"bind /root/.pyenv < /root/.pyenv", "bind /opt/x < /opt/x",
                         "written /home/nightjar ^ /state/home", "scratch /var/scratch",
                         "tree /home/u/src/thing < /state/checkout ^ /state/run/tree *",
                         "tree /home/nightjar/.cache/pip < /cache",
                         "tree /home/u/src/thing/.venv < /venv",
                         "bind /.nightjar/bin/mechanic < /build/mechanic"}));
}

TEST(Plan, LeavesOutToolsThatTheTreeBrings) {
  Policy policy = small_policy();
  policy.tools = {{"/home/u/src/thing/node_modules/.bin", "/home/u/src/thing/node_modules/.bin"},
                  {"/home/u/src/thing2/bin", "/home/u/src/thing2/bin"}};
  EXPECT_EQ(lines(make_plan(policy, small_host())),
            with_basics({"scratch /home/nightjar",
                         "tree /home/u/src/thing < /state/checkout ^ /state/run/tree *",
                         "bind /home/u/src/thing2/bin < /home/u/src/thing2/bin"}));
}

TEST(Plan, CopiesATreeWhoseOwnerCannotBeMapped) {
  HostFacts host = small_host();
  host.owners["/state/checkout"] = {1001, 50};
  EXPECT_EQ(lines(make_plan(small_policy(), host)).back(),
            "tree /home/u/src/thing < /state/checkout ^ /state/run/tree copied *");
}

TEST(Plan, HasTheWholeEnvironmentAndNoOther) {
  Policy policy = small_policy();
  policy.path = "/p";
  policy.env = {{"A", "b"}, {"TZ", "Europe/Berlin"}};
  const std::vector<std::string> expected{
      "A=b",           "HOME=/home/nightjar", "LANG=C.UTF-8",     "LOGNAME=nightjar", "PATH=/p",
      "SHELL=/bin/sh", "TMPDIR=/tmp",         "TZ=Europe/Berlin", "USER=nightjar"};
  EXPECT_EQ(make_plan(policy, small_host()).environment, expected);
}

TEST(Plan, RefusesPlacesThatAreNone) {
  for (const char* target : {"", "relative", "/", "/."}) {
    Policy policy = small_policy();
    policy.tree.target = target;
    EXPECT_THROW(make_plan(policy, small_host()), Error) << target;
    policy = small_policy();
    policy.overlays = {{{"/x"}, {}, target}};
    EXPECT_THROW(make_plan(policy, small_host()), Error) << target;
  }
  Policy policy = small_policy();
  policy.tree.lowers.clear();
  EXPECT_THROW(make_plan(policy, small_host()), Error);
}

}  // namespace
}  // namespace nightjar::sandbox
