// The toolbox's end inside the sandbox.
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "tools/arguments.h"
#include "tools/canary.h"
#include "tools/channel.h"
#include "tools/files.h"
#include "tools/inline_tests.h"
#include "tools/map_answer.h"
#include "tools/patch_command.h"
#include "tools/search.h"
#include "tools/shell.h"
#include "tools/toolbox.h"

namespace nightjar::tools {

namespace {

constexpr std::int64_t kDefaultTimeout = 120, kLongestTimeout = 24 * 3600;
// What a long command prints meanwhile is for people who watch: its newest lines, now and then.
constexpr size_t kMostNews = 4096;
constexpr Millis kBetweenNews{1000};

class Server {
 public:
  explicit Server(const fs::path& root)
      : root_(root), files_(root), shell_(std::string(kScratch), root) {}

  int serve() {
    for (;;) {
      while (const auto request = next_request()) answer(*request);
      shell_.idle(0);
      if (!inbox_.read_from(0)) return 0;
    }
  }

 private:
  // A call that cannot be read names nobody, and whoever waits for it is told all the same.
  std::optional<json::object> next_request() {
    for (;;) {
      try {
        return inbox_.next();
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::Invalid) throw;
        send_document(0, {{"unread", error.what()}});
      }
    }
  }

  void answer(const json::object& request) {
    if (!request.contains("call")) return;  // a stop that came too late
    const std::int64_t call = get_int(request, "call");
    Answer out;
    try {
      // It may have come together with the call: then nothing is left to be waited for.
      if (stop_is_next(call))
        out = failed("stopped");
      else
        out = run(call, get_string(request, "tool"), get_object(request, "arguments"));
    } catch (const std::exception& error) {
      out = failed(error.what());
    }
    json::object document = to_json(out);
    document["call"] = call;
    send_document(0, document);
  }

  Answer run(std::int64_t call, const std::string& tool, const json::object& given) {
    const json::object arguments = understood(tool, given);
    if (tool == "shell") return shell(call, arguments);
    if (tool == "read") return files_.read(arguments);
    if (tool == "write") return files_.write(arguments);
    if (tool == "edit") return files_.edit(arguments);
    if (tool == "patch") return files_.patch(get_string(arguments, "patch"));
    if (tool == "outline") return files_.outline(arguments, [&] { return stop_waits(call); });
    if (tool == "search") return search_in(arguments);
    if (tool == "map") return map_answer(arguments);
    if (tool == "canary") return canary(arguments);
    if (tool == "tests_of") return tests_of(arguments);
    return failed("there is no tool '" + inert(tool) + "'");
  }

  Answer shell(std::int64_t call, const json::object& arguments) {
    const std::int64_t seconds = std::clamp<std::int64_t>(
        get_int(arguments, "timeout_s", kDefaultTimeout), 1, kLongestTimeout);
    const Control control{0, [this, call] { return stop_heard(call); }};
    if (const std::string job = get_string(arguments, "job"); !job.empty())
      return shell_.ask_job(job, get_bool(arguments, "stop"),
                            std::chrono::seconds(arguments.contains("timeout_s") ? seconds : 0),
                            control);
    ShellCommand command{get_string(arguments, "command"), std::chrono::seconds(seconds),
                         get_string(arguments, "folder")};
    if (trimmed(command.command).empty()) return failed("say which command");
    if (get_bool(arguments, "background")) return shell_.start_job(command);
    if (const auto patch = patch_command(command.command))
      return patch_first(call, *patch, std::move(command), control);
    return shell_.run(command, news_of(call), control);
  }

  bool stop_heard(std::int64_t call) { return !inbox_.read_from(0) || stop_is_next(call); }

  bool stop_is_next(std::int64_t call) {
    const auto document = inbox_.next();
    return document && get_int(*document, "stop") == call;
  }

  bool stop_waits(std::int64_t call) {
    pollfd wait{0, POLLIN, 0};
    return ::poll(&wait, 1, 0) > 0 && stop_heard(call);
  }

  // Its newest lines, now and then.
  std::function<void(std::string_view)> news_of(std::int64_t call) {
    return [call, newest = std::string(), next = in(kBetweenNews)](std::string_view bytes) mutable {
      newest += bytes;
      if (newest.size() > 2 * kMostNews) newest.erase(0, newest.size() - kMostNews);
      if (std::chrono::steady_clock::now() < next) return;
      send_document(0, {{"call", call}, {"more", valid_utf8(newest)}});
      newest.clear();
      next = in(kBetweenNews);
    };
  }

  // The patch by the tool for it, then what the command does besides.
  Answer patch_first(std::int64_t call, const PatchCommand& patch, ShellCommand command,
                     const Control& control) {
    fs::path folder = shell_.folder() / command.folder / patch.folder;
    Answer out = files_.patch(patch.patch, folder);
    if (out.error || (patch.rest.empty() && patch.folder.empty())) return out;
    const std::string enter =
        patch.folder.empty() ? "" : "cd -- " + shell_quoted(patch.folder) + "\n";
    command.command = enter + patch.rest;
    const Answer after = shell_.run(command, news_of(call), control);
    out.error = after.error;
    if (!after.output.empty()) append_line(out.output, after.output);
    return out;
  }

  // For the verifier, not for an agent.
  static Answer canary(const json::object& arguments) {
    const std::string path = get_string(arguments, "path"), text = get_string(arguments, "text"),
                      test = get_string(arguments, "test"), why = get_string(arguments, "why");
    const Failing how =
        get_string(arguments, "how") == "assertion" ? Failing::Assertion : Failing::End;
    auto failing = test.empty() ? with_failing_program(path, text, how, why)
                                : with_canary(path, text, test, how, why);
    if (!failing) return failed("the test was not found for sure");
    Answer out;
    out.output = std::move(*failing);
    return out;
  }

  static Answer tests_of(const json::object& arguments) {
    auto text = with_tests_of(get_string(arguments, "path"), get_string(arguments, "program"),
                              get_string(arguments, "tests"));
    if (!text) return failed("its tests cannot be told from its code for sure");
    Answer out;
    out.output = std::move(*text);
    return out;
  }

  Answer search_in(const json::object& arguments) {
    Search what;
    what.pattern = get_string(arguments, "pattern");
    if (what.pattern.empty() && !get_bool(arguments, "files_only"))
      return failed("say which pattern");
    what.path = get_string(arguments, "path");
    what.glob = get_string(arguments, "glob");
    what.ignore_case = get_bool(arguments, "ignore_case");
    what.literal = get_bool(arguments, "literal");
    what.files_only = get_bool(arguments, "files_only");
    what.context = static_cast<int>(std::clamp<std::int64_t>(get_int(arguments, "context"), 0, 20));
    fs::path root = root_;
    if (fs::path path(what.path); path.is_absolute()) {
      const fs::path relative = path.lexically_normal().lexically_relative(root_);
      if (relative.string().starts_with("..")) {  // installed packages, for example
        std::error_code ignored;
        const fs::path real = fs::canonical(path, ignored);
        if (ignored) return failed("there is no " + inert(what.path));
        root = fs::is_directory(real) ? real : real.parent_path();
        what.path = fs::is_directory(real) ? "" : real.filename();
        what.shown = inert(root.string()) + "/";
      } else {
        what.path = relative;
      }
    }
    return search(root, what);
  }

  fs::path root_;
  Files files_;
  Shell shell_;
  Inbox inbox_;
};

}  // namespace

int toolbox_main() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, 128 * 1024);
  ::prctl(PR_SET_NAME, "nightjar-tools");
  // What a command leaves running stays below this process, and goes with it.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::signal(SIGPIPE, SIG_IGN);
  try {
    return Server(fs::current_path()).serve();
  } catch (const std::exception&) {
    return 1;  // the session has gone: nobody to tell
  }
}

}  // namespace nightjar::tools
