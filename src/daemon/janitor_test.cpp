#include "daemon/janitor.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "daemon/programs.h"
#include "run/job.h"

namespace nightjar::daemon {
namespace {

const std::string kUsed(40, 'a'), kUnused(40, 'b'), kSnapshot(32, 'c'), kCache(16, 'd');

class Janitor : public testing::Test {
 protected:
  Janitor() : store_(store::open_sqlite(dir_.path() / "nightjar.db")) {
    places_.state = dir_.path();
    config_.keep_days = 30;
  }
  void make(const std::string& path) {
    fs::create_directories((dir_.path() / path).parent_path());
    write_durably(dir_.path() / path, "x\n");
  }
  bool there(const std::string& path) const { return fs::exists(dir_.path() / path); }

  /// A task with one run that ended so long ago.
  void ended(const std::string& id, std::chrono::days ago, core::State state) {
    core::TaskSpec spec;
    spec.base_commit = kUsed;
    const Time time = now() - ago;
    const std::string run = id + ".1";
    store_->append({{id, "", 1, time, "task_created", core::to_json(spec)},
                    {id, "", 2, time, "run_created", {{"run", run}, {"base_commit", kUsed}}},
                    {id, run, 1, time, "run_started", {}},
                    {id, run, 2, time, "run_ended", {{"state", core::to_string(state)}}}});
  }
  json::object clean(bool dry_run = false) {
    return free_space(*store_, config_, places_, dry_run);
  }

  TempDir dir_;
  Config config_;
  Places places_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(Janitor, FreesWhatIsOursAndFinished) {
  ended("old", std::chrono::days(31), core::State::Failed);
  for (const auto& path : std::vector<std::string>{
           "runs/old.1/journal.jsonl", "runs/gone.2/journal.jsonl",
           "caches/" + kCache + "/npm/0001.top/x", "snapshots/" + kSnapshot + "/tree/x",
           "baselines/" + kSnapshot + ".json", "checkouts/" + kUnused + "/a",
           "checkouts/" + kUnused + ".complete", "checkouts/" + kUnused + ".paths",
           "checkouts/" + kUnused + ".manifests", "checkouts/" + kUnused + ".texts"})
    make(path);
  const auto planned = clean(true);
  EXPECT_EQ(get_array(planned, "items").size(), 6u);
  EXPECT_TRUE(there("runs/old.1")) << "a dry run frees nothing";
  EXPECT_TRUE(there("checkouts/" + kUnused + ".complete"));
  EXPECT_EQ(get_int(clean(), "bytes"), get_int(planned, "bytes"));
  for (const char* folder : {"runs", "caches", "snapshots", "baselines", "checkouts"})
    EXPECT_TRUE(fs::is_empty(dir_.path() / folder)) << folder;
}

TEST_F(Janitor, LeavesWhatSomebodyElsePutThere) {
  const std::vector<std::string> strangers{"runs/notes/x",
                                           "runs/my.copy/x",
                                           "checkouts/notes/x",
                                           "checkouts/" + kUnused + "-mine/x",
                                           "snapshots/notes/x",
                                           "caches/notes/x",
                                           "baselines/notes.txt",
                                           "mirrors/notes.making/x",
                                           "checkouts/x.making",
                                           "runs/x.freeing/y",
                                           "checkouts/.notes.texts.a1B2c3"};
  for (const auto& path : strangers) make(path);
  sweep_scratch(*store_, config_, places_);
  EXPECT_TRUE(get_array(clean(), "items").empty());
  for (const auto& path : strangers) EXPECT_TRUE(there(path)) << path;
}

TEST_F(Janitor, LeavesWhatAnOpenTaskAndALivingRunHold) {
  ended("open", std::chrono::days(100), core::State::InReview);
  ended("late", std::chrono::days(29), core::State::Failed);
  ended("busy", std::chrono::days(31), core::State::Failed);
  const std::vector<std::string> kept{"runs/open.1/logs/a.log", "runs/late.1/logs/a.log",
                                      "runs/busy.1/stages/work1/x", "checkouts/" + kUsed + "/a",
                                      "checkouts/" + kUnused + ".making/a"};
  for (const auto& path : kept) make(path);
  const auto run = FileLock::try_acquire(dir_.path() / "runs/busy.1" / run::kLockFile);
  const auto checkout = FileLock::try_acquire(dir_.path() / "checkouts" / (kUnused + ".lock"));
  sweep_scratch(*store_, config_, places_);
  clean();
  for (const auto& path : kept) EXPECT_TRUE(there(path)) << path;
}

TEST_F(Janitor, SweepsWhatAKilledProcessLeft) {
  ended("done", std::chrono::days(1), core::State::Failed);
  ended("old", std::chrono::days(31), core::State::Cancelled);
  const std::string mirror = "mirrors/" + std::string(24, 'e') + ".git.making/x";
  for (const auto& path :
       {std::string("runs/done.1/stages/work1/x"), std::string("runs/old.1/logs/a.log"),
        std::string("runs/old.2.freeing/x"), "checkouts/" + kUnused + ".making/x",
        "checkouts/" + kUnused + ".freeing/x", "snapshots/" + kSnapshot + ".making/x", mirror})
    make(path);
  make("checkouts/." + kUnused + ".texts.a1B2c3");
  make("baselines/." + kSnapshot + ".json.a1B2c3");
  make("runs/done.1/logs/a.log");
  sweep_scratch(*store_, config_, places_);
  EXPECT_FALSE(there("runs/done.1/stages"));
  EXPECT_TRUE(there("runs/done.1/logs/a.log"));
  EXPECT_FALSE(there("runs/old.1"));
  for (const char* folder : {"checkouts", "snapshots", "mirrors", "baselines"})
    EXPECT_TRUE(fs::is_empty(dir_.path() / folder)) << folder;
  EXPECT_FALSE(there("runs/old.2.freeing"));
  EXPECT_TRUE(store_->task("old")) << "the record stays";
}

TEST_F(Janitor, AProgramThatWasCutShortIsKeptAnew) {
  make("bin/nightjar");
  make("bin/nightjar-sandbox");
  const Programs installed{dir_.path() / "bin/nightjar", dir_.path() / "bin/nightjar-sandbox"};
  for (const auto& file : {installed.program, installed.helper})
    fs::permissions(file, fs::perms::owner_all);
  const Programs kept = keep_programs(dir_.path(), installed);
  EXPECT_NE(kept.program, installed.program);
  fs::remove(kept.helper);  // the name, not the file that it shares
  write_durably(kept.helper, "", 0755);
  EXPECT_EQ(keep_programs(dir_.path(), installed).helper, kept.helper);
  EXPECT_EQ(read_file(kept.helper), "x\n");
}

TEST_F(Janitor, KeepsTheProgramThatARunIsUnderWayWith) {
  const auto install = [&](const std::string& content) {
    fs::create_directories(dir_.path() / "bin");
    for (const auto* name : {"nightjar", "nightjar-sandbox"})
      write_durably(dir_.path() / "bin" / name, "#!" + content, 0755);
    return keep_programs(dir_.path(),
                         {dir_.path() / "bin/nightjar", dir_.path() / "bin/nightjar-sandbox"});
  };
  const Programs earlier = install("/bin/one"), later = install("/bin/two");
  places_.program = later.program;
  EXPECT_EQ(read_file(earlier.helper), "#!/bin/one");
  EXPECT_EQ(read_file(later.program), "#!/bin/two");
  fs::create_directories(dir_.path() / "runs/done.1");
  {
    const auto held = FileLock::try_acquire(dir_.path() / "runs/done.1" / run::kLockFile);
    sweep_scratch(*store_, config_, places_);
    EXPECT_TRUE(fs::exists(earlier.program));
  }
  sweep_scratch(*store_, config_, places_);
  EXPECT_FALSE(fs::exists(earlier.program));
  EXPECT_TRUE(fs::exists(later.helper));
}

}  // namespace
}  // namespace nightjar::daemon
