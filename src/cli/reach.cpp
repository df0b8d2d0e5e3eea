// Finding or starting the service.
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/client.h"
#include "proc/process.h"

namespace nightjar::cli {

using namespace std::chrono_literals;

namespace {

constexpr int kApi = 1;
constexpr auto kPatience = 20s;
constexpr std::string_view kUpgrade =
    "upgrade it with: nightjar stop  (runs go on; the next command starts the newer one)";
constexpr auto kQuiet = 1s;  // nothing is said about a start that is quicker

std::array<int, 3> numbers_of(std::string_view version) {
  std::array<int, 3> out{};
  const char* at = version.data();
  const char* end = version.data() + version.size();
  for (int& number : out) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) break;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  return out;
}

bool may_start() {
  const char* value = std::getenv("NIGHTJAR_NO_START");
  return !value || !*value || std::string_view(value) == "0";
}

// What a service that did not come up wrote last, of what its log holds from byte `from` on.
std::string last_words(const fs::path& log, size_t from) {
  std::string text;
  try {
    text = try_read_file(log).value_or("");
  } catch (const Error&) {
    return "";
  }
  if (from <= text.size()) text.erase(0, from);
  const auto all = lines(text);
  std::string out;
  for (size_t i = all.size() > 3 ? all.size() - 3 : 0; i < all.size(); ++i)
    out += "\n  " + inert(all[i]);
  return out;
}

void make_state_folder(const fs::path& state) {
  std::error_code error;
  fs::create_directories(state.parent_path(), error);
  if (::mkdir(state.c_str(), 0700) != 0 && errno != EEXIST) {
    throw Error(
        ErrorKind::Unavailable,
        fmt::format("cannot make the state folder {}: {}; XDG_STATE_HOME names another place",
                    inert(state.string()), std::strerror(errno)));
  }
}

// One start, or the wait for somebody else's.
class Starting {
 public:
  explicit Starting(const fs::path& state) : state_(state) {}

  void go_on() {
    if (child_ > 0) {
      int status = 0;
      if (::waitpid(child_, &status, WNOHANG) == child_) {
        child_ = 0;
        // Status 0: another starter was first, its service is the one.
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail("the service did not start");
      }
      return;
    }
    if (!FileLock::is_held(daemon_lock(state_))) start();
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorKind::Unavailable,
                fmt::format("{}; its log is {}{}", what, inert(daemon_log(state_).string()),
                            last_words(daemon_log(state_), log_before_)));
  }

 private:
  void start() {
    make_state_folder(state_);
    std::error_code none_yet;
    const auto size = fs::file_size(daemon_log(state_), none_yet);
    log_before_ = none_yet ? 0 : size;
    child_ = proc::start_detached({proc::own_executable().string(), "serve"}, daemon_log(state_));
  }

  const fs::path& state_;
  pid_t child_ = 0;
  size_t log_before_ = 0;
};

}  // namespace

bool is_older(std::string_view version) {
  return numbers_of(version) < numbers_of(NIGHTJAR_VERSION);
}

std::string check_version(const json::object& health) {
  const std::string version = inert(get_string(health, "version"));
  const auto api = get_int(health, "api");
  if (api != kApi) {
    const bool older = api < kApi || is_older(version);
    throw Error(
        ErrorKind::Unavailable,
        fmt::format(
            "the running service is version {} (API {}), this program is {} (API {}); {}", version,
            api, NIGHTJAR_VERSION, kApi,
            older ? kUpgrade
                  : "install the newer program, or stop the service with its own: nightjar stop"));
  }
  if (is_older(version)) {
    return fmt::format("the running service is older ({}) than this program ({}); {}", version,
                       NIGHTJAR_VERSION, kUpgrade);
  }
  return "";
}

void reach_service(const Client& client, const std::function<void(std::string_view)>& say) {
  auto health = client.health();
  if (!health && !may_start() && !FileLock::is_held(daemon_lock(client.state()))) {
    throw Error(ErrorKind::Unavailable,
                "no service is running, and NIGHTJAR_NO_START forbids starting one; start it with: "
                "nightjar serve");
  }
  const auto began = std::chrono::steady_clock::now();
  Starting starting(client.state());
  bool said = false;
  for (auto pause = 5ms; !health; pause = std::min(pause * 2, 100ms)) {
    if (may_start()) starting.go_on();
    std::this_thread::sleep_for(pause);
    health = client.health();
    const auto waited = std::chrono::steady_clock::now() - began;
    if (!health && waited > kPatience) {
      if (FileLock::is_held(daemon_lock(client.state())))
        starting.fail("the service is there but does not answer");
      starting.fail("the service did not come up");
    }
    if (!health && waited > kQuiet && !said) {
      say("waiting for the service to start");
      said = true;
    }
  }
  if (const std::string remark = check_version(*health); !remark.empty()) say(remark);
}

bool revive_service(const Client& client) {
  std::error_code ignored;
  if (!fs::exists(api_socket(client.state()), ignored)) return false;
  if (FileLock::is_held(daemon_lock(client.state()))) return false;
  try {
    reach_service(client, [](std::string_view) {});
  } catch (const Error&) {
    return false;
  }
  return true;
}

}  // namespace nightjar::cli
