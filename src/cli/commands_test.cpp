// Commands as a person runs them: this program as client, and as the service that it starts
// (main_test.cpp).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <latch>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/paths.h"
#include "base/text.h"
#include "proc/process.h"

namespace nightjar::cli {
namespace {

class Commands : public testing::Test {
 protected:
  ~Commands() override { run({"stop"}); }

  proc::Result run(const std::vector<std::string>& words, const std::string& input = "") const {
    proc::Options options;
    options.argv = {proc::own_executable().string(), "cli"};
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    options.cwd = dir_.path();
    options.env = proc::minimal_environment();
    options.env["XDG_STATE_HOME"] = base().string();
    options.env["XDG_CONFIG_HOME"] = (dir_.path() / "config").string();
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"}) {
      if (const char* value = std::getenv(name)) options.env[name] = value;
    }
    for (const auto& [name, value] : extra) options.env[name] = value;
    options.input = input;
    options.deadline = in(std::chrono::seconds(60));
    return proc::run(options);
  }
  json::value json_of(std::vector<std::string> words, int status = 0) const {
    words.push_back("--json");
    const auto result = run(words);
    EXPECT_EQ(result.exit_status, status) << result.out << result.err;
    auto value = parse_json(result.out);
    if (!value) throw Error(ErrorKind::Internal, "not JSON alone: " + result.out);
    return std::move(*value);
  }
  std::string assigned(const std::string& brief) const {
    return get_string(json_of({"assign", brief}).as_object(), "id");
  }
  const fs::path& base() const { return base_; }
  fs::path state() const { return base() / "nightjar"; }

  TempDir dir_;
  fs::path base_ = dir_.path() / "state";
  std::map<std::string, std::string> extra;
};

TEST_F(Commands, TheFirstCommandStartsTheServiceAndItIsPrivate) {
  const auto result = run({"tasks"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("no tasks yet")) << result.out;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(fs::status(state()).permissions(), fs::perms::owner_all);
}

TEST_F(Commands, ManyAtOnceStartOneService) {
  constexpr int kClients = 8;
  std::latch together(kClients);
  std::vector<std::jthread> clients;
  std::array<proc::Result, kClients> results;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      together.arrive_and_wait();
      results[static_cast<size_t>(i)] = run({"tasks"});
    });
  }
  clients.clear();
  for (const auto& result : results) EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(read_file(state() / "served"), "once\n");
}

TEST_F(Commands, NoStartForbidsIt) {
  extra["NIGHTJAR_NO_START"] = "1";
  const auto result = run({"tasks"});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("nightjar serve"), std::string::npos) << result.err;
  EXPECT_FALSE(fs::exists(state()));
}

TEST_F(Commands, AServiceThatCannotStartIsStatusThreeWithItsLastWords) {
  extra["PLAYED_BROKEN"] = "1";
  const auto result = run({"tasks"});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find("the store is \\x1b[31mdamaged"), std::string::npos) << result.err;
}

TEST_F(Commands, AStateFolderWithALongPathIsNoHindrance) {
  base_ = dir_.path() / std::string(120, 'x') / "state";
  EXPECT_EQ(run({"tasks"}).exit_status, 0);
  EXPECT_EQ(json_of({"show", assigned("stay")}).as_object().at("state"), json::value("queued"));
}

TEST_F(Commands, AServiceOfAnotherApiIsRefusedWithTheWayOut) {
  extra["PLAYED_API"] = "0";
  extra["PLAYED_VERSION"] = "0.0.9";
  const auto result = run({"tasks"});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_NE(result.err.find("upgrade it with: nightjar stop"), std::string::npos) << result.err;
  EXPECT_EQ(run({"stop"}).exit_status, 0);
}

TEST_F(Commands, AnOlderServiceIsUsedAndSaid) {
  extra["PLAYED_VERSION"] = "0.0.9";
  const auto result = run({"tasks", "--json"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.out, "[]\n");
  EXPECT_NE(result.err.find("older (0.0.9)"), std::string::npos) << result.err;
}

TEST_F(Commands, AssignSendsWhatWasAsked) {
  const json::object task =
      json_of({"assign", "--base", "dev", "--kind", "migration", "--check", "[ -f a ]", "--check",
               "make", "--attempts", "2", "--limit-time", "5m", "--title", "Short", "stay"})
          .as_object();
  EXPECT_EQ(task.at("brief"), json::value("stay"));
  EXPECT_EQ(task.at("title"), json::value("Short"));
  EXPECT_EQ(task.at("base"), json::value("dev"));
  EXPECT_EQ(task.at("kind_guessed"), json::value(false));
  EXPECT_EQ(task.at("attempts"), json::value(2));
  EXPECT_EQ(task.at("limits").at("time_ms"), json::value(300'000));
  EXPECT_EQ(get_string(task, "repo"), dir_.path().string());
}

TEST_F(Commands, ABriefMayComeFromAFileOrStandardInput) {
  write_durably(dir_.path() / "ticket.md", "stay\r\n");
  EXPECT_EQ(json_of({"assign", "--brief", "ticket.md"}).as_object().at("brief"),
            json::value("stay"));
  const auto piped = run({"assign", "--json"}, "stay\n");
  EXPECT_EQ(parse_json(piped.out).value().as_object().at("brief"), json::value("stay"));
  const auto dash = run({"assign", "-", "--json"}, "stay\n");
  EXPECT_EQ(parse_json(dash.out).value().as_object().at("brief"), json::value("stay"));
}

TEST_F(Commands, BadInputIsStatusTwoAndStartsNothing) {
  const std::vector<std::vector<std::string>> cases{
      {"assign", ""},
      {"assign", "  \n"},
      {"assign", "a\x1b[2Jb"},
      {"assign", "a", "--kind", "poetry"},
      {"assign", "a", "--limit-time", "soon"},
      {"assign", "a", "--attempts", "0"},
      {"assign", "a", "--attempts", "x"},
      {"assign", "a", "--check", " "},
      {"assign", "a", "--brief", "b"},
      {"assign", "--brief", "no-such-file"},
      {"merge", "x", "--method", "force"},
      {"comment", "x", "text", "--line", "3"},
      {"show"},
      {"show", ""},
      {"show", ".."},
      {"asign", "x"},
      {"assign", "--bse", "x"},
      {"help", "nothing"},
      {"completion", "tcsh"},
  };
  for (const auto& words : cases) {
    const auto result = run(words);
    EXPECT_EQ(result.exit_status, 2) << join(words, " ");
    EXPECT_EQ(result.out, "") << join(words, " ");
    EXPECT_TRUE(result.err.starts_with("nightjar: ")) << result.err;
    EXPECT_EQ(result.err.find('\x1b'), std::string::npos) << join(words, " ");
  }
  EXPECT_FALSE(fs::exists(state()));
}

TEST_F(Commands, TheServicesRefusalIsItsStatusAndWords) {
  const auto result = run({"assign", "stay", "--base", "nowhere"});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_EQ(result.err, "nightjar: there is no ref 'nowhere'\n");
}

TEST_F(Commands, ErrorsAreJsonToo) {
  const json::value error = json_of({"assign", "stay", "--base", "nowhere"}, 2);
  EXPECT_EQ(error.at("error").at("kind"), json::value("invalid"));
  EXPECT_EQ(error.at("error").at("exit_status"), json::value(2));
  EXPECT_EQ(json_of({"asign"}, 2).at("error").at("kind"), json::value("invalid"));
  extra["NIGHTJAR_NO_START"] = "1";
  run({"stop"});
  EXPECT_EQ(json_of({"tasks"}, 3).at("error").at("kind"), json::value("unavailable"));
}

TEST_F(Commands, AMergeConflictIsStatusOneWithTheFiles) {
  const std::string id = assigned("stay");
  const auto result = run({"merge", id});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.err, "nightjar: it conflicts with main\n  conflict in a\\x1b.py\n");
  EXPECT_EQ(json_of({"merge", id}, 1).at("error").at("conflicts").as_array().size(), 1u);
}

TEST_F(Commands, WaitEndsWithTheTasksFate) {
  EXPECT_EQ(json_of({"assign", "succeed", "--wait"}).at("state"), json::value("in_review"));
  EXPECT_EQ(json_of({"assign", "nobody", "--wait"}).at("state"), json::value("waiting"));
  const json::value failed = json_of({"assign", "fail", "--wait"}, 1);
  EXPECT_EQ(failed.at("state"), json::value("failed"));
  EXPECT_EQ(failed.at("reason"), json::value("a test fails now"));
}

TEST_F(Commands, WatchOfOneTellsItsStoryOnceAndEnds) {
  const std::string id = get_string(json_of({"assign", "fail", "--wait"}, 1).as_object(), "id");
  const auto lines_of = run({"watch", id});
  EXPECT_EQ(lines_of.exit_status, 1);
  EXPECT_NE(lines_of.out.find("run ended: failed: a test fails now"), std::string::npos)
      << lines_of.out;
  EXPECT_NE(lines_of.out.find("nightjar retry " + id), std::string::npos) << lines_of.out;
  const auto events = run({"watch", id, "--json"});
  EXPECT_EQ(events.exit_status, 1);
  std::vector<std::string> kinds;
  for (const auto line : lines(events.out))
    kinds.push_back(get_string(parse_json(line).value().as_object(), "kind"));
  ASSERT_FALSE(kinds.empty());
  EXPECT_EQ(kinds.front(), "task_created");
  EXPECT_EQ(std::ranges::count(kinds, "run_ended"), 1);
}

// The client as a process whose lines are read while it runs.
class Watching {
 public:
  Watching(const std::vector<std::string>& words, const fs::path& base) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe2");
    out_ = Fd(ends[0]);
    const Fd in(ends[1]);
    std::vector<std::string> argv{proc::own_executable().string(), "cli"};
    argv.insert(argv.end(), words.begin(), words.end());
    std::vector<char*> pointers;
    for (auto& word : argv) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::dup2(in.get(), STDOUT_FILENO);
    ::setenv("XDG_STATE_HOME", base.c_str(), 1);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;
  ~Watching() { end(SIGKILL); }

  bool sees(std::string_view text) {
    const Deadline deadline = in(std::chrono::seconds(20));
    while (output.find(text) == std::string::npos) {
      pollfd waited{out_.get(), POLLIN, 0};
      if (::poll(&waited, 1, poll_timeout(deadline)) <= 0) return false;
      char buffer[4096];
      const ssize_t length = ::read(out_.get(), buffer, sizeof buffer);
      if (length <= 0) return false;
      output.append(buffer, static_cast<size_t>(length));
    }
    return true;
  }
  int end(int signal) {
    if (pid_ <= 0) return 0;
    ::kill(pid_, signal);
    return wait();
  }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string output;

 private:
  Fd out_;
  pid_t pid_ = 0;
};

TEST_F(Commands, WatchThroughAPipeIsTheTableThenALineAnEvent) {
  run({"assign", "stay", "--title", "was there"});
  Watching watching({"watch"}, base());
  ASSERT_TRUE(watching.sees("was there")) << watching.output;
  run({"assign", "succeed", "--title", "came later"});
  EXPECT_TRUE(watching.sees("run ended: in review")) << watching.output;
  EXPECT_NE(watching.output.find("assigned: came later"), std::string::npos);
  EXPECT_EQ(watching.output.find("assigned: was there"), std::string::npos) << "only what is new";
  EXPECT_EQ(watching.output.find('\x1b'), std::string::npos);
  EXPECT_EQ(watching.end(SIGINT), 128 + SIGINT);
}

TEST_F(Commands, WatchGoesOnAcrossARestartOfTheService) {
  const std::string id = assigned("stay");
  Watching watching({"watch", id, "--json"}, base());
  ASSERT_TRUE(watching.sees("run_created")) << watching.output;
  run({"stop"});
  run({"comment", id, "after the restart"});
  EXPECT_TRUE(watching.sees("after the restart")) << watching.output;
  std::vector<std::string> all = split(watching.output, '\n');
  std::erase(all, "");
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end()) << "an event came twice";
}

TEST_F(Commands, LookingExitsZeroWhateverTheState) {
  const std::string id = get_string(json_of({"assign", "fail", "--wait"}, 1).as_object(), "id");
  for (const auto* command : {"show", "diff", "proof", "log"}) {
    EXPECT_EQ(run({command, id}).exit_status, 0) << command;
    EXPECT_TRUE(json_of({command, id}).is_object()) << command;
  }
  EXPECT_TRUE(json_of({"tasks"}).is_array());
  EXPECT_EQ(run({"show", id.substr(0, 4)}).exit_status, 0);
}

TEST_F(Commands, AnUnknownIdSuggestsOrSaysHowToBegin) {
  EXPECT_NE(run({"show", "fixed2"}).err.find("there are none yet"), std::string::npos);
  run({"assign", "stay", "--title", "fixed id"});
  const auto result = run({"show", "fixed2"});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_EQ(result.err, "nightjar: there is no task 'fixed2'; did you mean fixed1 (fixed id)?\n");
  EXPECT_EQ(run({"log", "fixed1", "none"}).err, "nightjar: there is no log 'none'\n");
}

TEST_F(Commands, APipedDiffIsTheVeryBytesAndALogIsInert) {
  const std::string id = assigned("stay");
  EXPECT_EQ(run({"diff", id}).out,
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\x1b[31m\r\n+b\r\n");
  EXPECT_EQ(run({"log", id, "tests", "--run", "2"}).out, id + " 2 tests \\x1b[2J\n");
}

TEST_F(Commands, CleanSaysWhatItFrees) {
  EXPECT_NE(run({"clean", "--dry-run"}).out.find("2.5 MB can be freed with: nightjar clean"),
            std::string::npos);
  EXPECT_NE(run({"clean"}).out.find("freed 2.5 MB"), std::string::npos);
  EXPECT_EQ(json_of({"clean", "--dry-run"}).at("bytes"), json::value(2'500'000));
}

TEST_F(Commands, StopSaysWhatGoesOnAndIsDoneWhenTheServiceIsGone) {
  EXPECT_EQ(run({"stop"}).out, "no service is running\n");
  run({"tasks"});
  EXPECT_EQ(
      run({"stop"}).out,
      "stopped; 2 runs are under way and going on without it (the next command starts it again)\n");
  EXPECT_FALSE(FileLock::is_held(daemon_lock(state())));
  EXPECT_EQ(json_of({"stop"}).at("stopped"), json::value(false));
}

TEST_F(Commands, AServiceWhoseSocketIsStaleIsStartedAnew) {
  run({"tasks"});
  run({"stop"});
  write_durably(state() / "api.sock", "not a socket");
  fs::remove(state() / "api.sock");
  EXPECT_EQ(run({"tasks"}).exit_status, 0);
  EXPECT_EQ(read_file(state() / "served"), "once\nonce\n");
}

TEST_F(Commands, AloneTheProgramShowsAnExampleFirst) {
  const auto alone = run({});
  EXPECT_EQ(alone.exit_status, 0);
  EXPECT_LT(alone.out.find("nightjar assign \"Rename"), alone.out.find("Commands"));
  const auto wrong = run({"asign"});
  EXPECT_TRUE(wrong.err.starts_with("nightjar: 'asign' is not a command; did you mean assign?"))
      << wrong.err;
  EXPECT_LT(wrong.err.find("nightjar assign \"Rename"), wrong.err.find("Commands"));
  EXPECT_TRUE(run({"merge", "--help"}).out.starts_with("  nightjar merge k3f9a2"))
      << run({"merge", "--help"}).out;
}

TEST_F(Commands, VersionAndDoctorStartNothing) {
  EXPECT_TRUE(run({"--version"}).out.starts_with("nightjar " NIGHTJAR_VERSION));
  EXPECT_EQ(json_of({"version"}).at("service"), json::value(nullptr));
  const auto doctor = run({"doctor", "--json"});
  const json::value report = parse_json(doctor.out).value();
  EXPECT_EQ(doctor.exit_status, report.at("ok").as_bool() ? 0 : 1);
  std::vector<std::string> names;
  for (const auto& check : report.at("checks").as_array())
    names.push_back(get_string(check.as_object(), "name"));
  EXPECT_EQ(names, (std::vector<std::string>{"sandbox", "git", "state folder", "disk", "service"}));
  EXPECT_FALSE(fs::exists(state()));
}

TEST_F(Commands, InitWritesTheFileAtTheRootOnce) {
  EXPECT_EQ(run({"init"}).exit_status, 2) << "no repository";
  proc::Options git;
  git.argv = {"git", "init", "-q", dir_.path().string()};
  ASSERT_EQ(proc::run(git).exit_status, 0);
  write_durably(dir_.path() / "Makefile", "test:\n\ttrue\n");
  const std::string file = run({"init", "--dry-run"}).out;
  EXPECT_FALSE(file.empty());
  EXPECT_FALSE(fs::exists(dir_.path() / "nightjar.toml"));
  EXPECT_EQ(json_of({"init"}).at("written"), json::value(true));
  EXPECT_EQ(read_file(dir_.path() / "nightjar.toml"), file);
  const auto again = run({"init"});
  EXPECT_EQ(again.exit_status, 1);
  EXPECT_NE(again.err.find("--force"), std::string::npos);
  EXPECT_EQ(run({"init", "--force"}).exit_status, 0);
  EXPECT_FALSE(fs::exists(state())) << "it needs no service";
}

TEST_F(Commands, AWaitForAFurtherRunDoesNotTellTheOldStory) {
  const std::string id = get_string(json_of({"assign", "fail", "--wait"}, 1).as_object(), "id");
  const auto result = run({"retry", id, "--wait"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.out.find("assigned: fail"), std::string::npos) << result.out;
}

TEST_F(Commands, CompletionKnowsTheTasks) {
  const std::string id = assigned("stay");
  EXPECT_NE(run({"__complete", "show", ""}).out.find(id + "\tqueued: stay"), std::string::npos);
}

}  // namespace
}  // namespace nightjar::cli
