#include "run/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace nightjar::run {
namespace {

TEST(Journal, ReplaysWhatWasWritten) {
  const TempDir dir;
  const fs::path file = dir.path() / "journal";
  {
    Journal journal(file, "t", "t.1");
    journal.append("stage_started", {{"stage", "prepare"}});
    journal.append("stage_finished", {{"stage", "prepare"}, {"x", 1}});
    journal.append("stage_finished", {{"stage", "baseline"}});
  }
  const Journal again(file, "t", "t.1");
  EXPECT_EQ(again.events().size(), 3u);
  ASSERT_TRUE(again.last("stage_finished", "prepare"));
  EXPECT_EQ(get_int(again.last("stage_finished", "prepare")->body, "x"), 1);
  EXPECT_FALSE(again.last("stage_finished", "work"));
}

TEST(Journal, CutsATornLastLineAndGoesOnWithTheNextNumber) {
  const TempDir dir;
  const fs::path file = dir.path() / "journal";
  {
    Journal(file, "t", "t.1").append("one", {});
  }
  {
    Fd fd(::open(file.c_str(), O_WRONLY | O_APPEND));
    write_all(fd.get(), R"({"task":"t","run":"t.1","se)");
  }
  {
    Journal(file, "t", "t.1").append("two", {});
  }
  size_t offset = 0;
  const auto events = read_journal(file, offset);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].seq, 2);
  EXPECT_EQ(offset, fs::file_size(file));
}

TEST(ReadJournal, LeavesAnUnfinishedLineForTheNextRead) {
  const TempDir dir;
  const fs::path file = dir.path() / "journal";
  {
    Journal(file, "t", "t.1").append("one", {});
  }
  size_t offset = 0;
  EXPECT_EQ(read_journal(file, offset).size(), 1u);
  const size_t whole = offset;
  {
    Fd fd(::open(file.c_str(), O_WRONLY | O_APPEND));
    write_all(fd.get(), "{\"task\"");
  }
  EXPECT_TRUE(read_journal(file, offset).empty());
  EXPECT_EQ(offset, whole);
}

TEST(ReadJournal, SaysSoWhereALineIsNoEvent) {
  const TempDir dir;
  write_durably(dir.path() / "journal", "{}\n");
  size_t offset = 0;
  EXPECT_THROW(read_journal(dir.path() / "journal", offset), Error);
}

TEST(Journal, LosesNoAcknowledgedEventWhenItsWriterIsKilled) {
  const TempDir dir;
  const fs::path file = dir.path() / "journal";
  for (int round = 0; round < 20; ++round) {
    int acknowledged[2];
    ASSERT_EQ(::pipe(acknowledged), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      Journal journal(file, "t", "t.1");
      for (;;) {
        const long seq = journal.append("tick", {}).seq;
        if (::write(acknowledged[1], &seq, sizeof seq) < 0) ::_exit(1);
      }
    }
    long seq = 0;
    for (int i = 0; i < 3; ++i)
      ASSERT_EQ(::read(acknowledged[0], &seq, sizeof seq), static_cast<ssize_t>(sizeof seq));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(acknowledged[1]);
    while (::read(acknowledged[0], &seq, sizeof seq) == static_cast<ssize_t>(sizeof seq)) {
    }
    ::close(acknowledged[0]);
    const Journal after(file, "t", "t.1");
    ASSERT_GE(after.events().back().seq, seq);
    long expected = 0;
    for (const auto& event : after.events()) ASSERT_EQ(event.seq, ++expected);
  }
}

}  // namespace
}  // namespace nightjar::run
