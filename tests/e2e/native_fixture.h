// A project with a bug, a scripted model, and a service that knows it.
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "support/model_server.h"
#include "support/repo.h"
#include "support/service.h"
#include "support/wait.h"

namespace nightjar::test {

class NativeTest : public testing::Test {
 protected:
  NativeTest() : repo_("calc") {
    repo_.write("calc.py", "def add(a, b):\n    return a - b\n\n\ndef one():\n    return 1\n");
    repo_.write("test_calc.py",
                "from calc import add, one\n"
                "def report(n, name, ok):\n"
                "    print(('ok' if ok else 'not ok'), n, '-', name)\n"
                "print('1..2')\n"
                "report(1, 'one is one', one() == 1)\n"
                "report(2, 'add adds', add(2, 3) == 5)\n"
                "raise SystemExit(0 if add(2, 3) == 5 and one() == 1 else 1)\n");
    repo_.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"python3 test_calc.py\"\n");
    repo_.commit("a project with a bug");
  }

  /// A model that plays this scenario becomes the service's only one.
  void play(const std::string& scenario, const std::string& wire = "openai",
            const std::string& settings = "") {
    server_ = std::make_unique<ModelServer>("play", scenario);
    nightjar_.configure("runs = 4\n[models.scripted]\nwire = \"" + wire +
                        "\"\nmodel = \"scripted\"\nbase_url = \"" +
                        server_->base_url("play", "c", wire) + "\"\nkey = \"" + ModelServer::kKey +
                        "\"\n" + settings);
  }
  json::object finish(const std::vector<std::string>& more = {}) {
    std::vector<std::string> args{"Fix the bug in add(): it subtracts"};
    args.insert(args.end(), more.begin(), more.end());
    return nightjar_.finish(args, repo_.path());
  }
  /// Only assigned; its id.
  std::string assign(const std::vector<std::string>& more = {}) {
    std::vector<std::string> args{"assign", "Fix the bug in add(): it subtracts"};
    args.insert(args.end(), more.begin(), more.end());
    return get_string(nightjar_.json_of(args, repo_.path()).as_object(), "id");
  }
  /// Waits until a person is needed or it has ended.
  json::object settled(const std::string& id) {
    nightjar_.run({"watch", id});
    return nightjar_.task(id);
  }
  std::string log(const json::object& task) {
    return nightjar_.run({"log", get_string(task, "id")}).out;
  }
  static std::string verdict(const json::object& task) {
    return get_string(get_object(task, "proof"), "verdict");
  }
  /// In a reply: the server holds it back until `release`.
  std::string held() const { return "\"until_file\": \"" + (gate_.path() / "go").string() + "\""; }
  void release() const { write_durably(gate_.path() / "go", ""); }
  /// Waits until the model was asked so often.
  void wait_for_requests(size_t count) const {
    await("request " + std::to_string(count) + " to the model",
          [&] { return server_->requests().size() >= count; });
  }
  /// A run that waits for a person has no process, a moment after it says so.
  void wait_for_the_runners_end() {
    await("the end of the runner", [this] {
      return std::ranges::none_of(nightjar_.processes(), [](pid_t pid) {
        return name_of(pid).starts_with("nightjar-run");
      });
    });
  }
  std::string body_of_last_request() const { return server_->last_body(); }

  TempDir gate_{"nightjar-gate"};
  Repo repo_;
  std::unique_ptr<ModelServer> server_;
  Service nightjar_;
};

inline const std::string kFix =
    R"({"tool": "edit", "arguments": {"path": "calc.py", "old": "return a - b", "new": "return a + b"}})";
inline const std::string kFinish =
    R"({"tool": "finish", "arguments": {"summary": "add() adds", "details": "It subtracted."}})";

}  // namespace nightjar::test
