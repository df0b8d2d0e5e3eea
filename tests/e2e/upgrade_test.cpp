// One version of the program replaced by the next while a run is under way, as `make install` does
// it.
#include <gtest/gtest.h>
#include <signal.h>

#include "kill_loop.h"

namespace nightjar::test {
namespace {

constexpr std::string_view kEarlier = "0.0.9";
static_assert(kEarlier.size() == std::string_view(NIGHTJAR_VERSION).size());

// The very program, which calls itself by an earlier version.
void install(const fs::path& folder, bool earlier) {
  fs::create_directories(folder);
  for (const auto* name : {"nightjar", "nightjar-sandbox", "nightjar-toolbox"}) {
    std::string bytes = read_file(Service::built_program().parent_path() / name);
    const std::string_view ours = NIGHTJAR_VERSION;
    for (auto at = bytes.find(ours); earlier && at != std::string::npos; at = bytes.find(ours, at))
      bytes.replace(at, ours.size(), kEarlier);
    write_durably(folder / name, bytes, 0755);  // a new file in the old one's place
  }
}

class Upgrade : public ::testing::Test {
 protected:
  Upgrade() {
    nightjar_.program = folder_.path() / "bin/nightjar";
    install(folder_.path() / "bin", true);
    repo_.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"sh tests.sh\"\n");
    repo_.commit("what verifies");
    nightjar_.run({"tasks"});
    id_ = get_string(
        nightjar_.json_of({"assign", "Rename Parser to Reader"}, repo_.path()).as_object(), "id");
    runner_ = hold_runner(nightjar_, id_);
    install(folder_.path() / "bin", false);
  }
  ~Upgrade() override {
    if (runner_ > 0) ::kill(runner_, SIGCONT);
  }

  std::string version_of_run() {
    const json::object task = nightjar_.task(id_);
    return get_string(get_array(task, "runs").at(0).as_object(), "version");
  }

  TempDir folder_;
  Repo repo_ = parser_project();
  Service nightjar_;
  std::string id_;
  pid_t runner_ = 0;
};

TEST_F(Upgrade, ANewerClientSaysThatTheServiceAndARunAreOlderAndTheRunEndsAsItBegan) {
  const auto met = nightjar_.run({"tasks"});
  EXPECT_EQ(met.exit_status, 0);
  EXPECT_NE(met.err.find("older (0.0.9)"), std::string::npos) << met.err;
  EXPECT_NE(met.err.find("nightjar stop"), std::string::npos) << met.err;

  EXPECT_EQ(nightjar_.run({"stop"}).exit_status, 0);
  const auto shown = nightjar_.run({"show", id_});
  EXPECT_EQ(shown.err.find("older"), std::string::npos) << shown.err;
  EXPECT_NE(shown.out.find("older (0.0.9)"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("nightjar stop --runs"), std::string::npos) << shown.out;

  ::kill(runner_, SIGCONT);
  expect_whole(nightjar_, repo_, {id_});
  EXPECT_EQ(version_of_run(), kEarlier);
}

TEST_F(Upgrade, ARunThatIsStoppedGoesOnWithTheNewerProgram) {
  ::kill(runner_, SIGKILL);
  nightjar_.run({"stop", "--runs"});
  expect_whole(nightjar_, repo_, {id_});
  EXPECT_EQ(version_of_run(), NIGHTJAR_VERSION);
}

TEST_F(Upgrade, AnOlderServiceGoesOnWithItsOwnProgram) {
  ::kill(runner_, SIGKILL);
  expect_whole(nightjar_, repo_, {id_});
  EXPECT_EQ(version_of_run(), kEarlier);
}

}  // namespace
}  // namespace nightjar::test
