#include "tools/map_answer.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "map/map.h"
#include "tools/toolbox.h"

namespace nightjar::tools {

namespace {

constexpr Millis kLongestReading{6'000};
constexpr unsigned kLongestSeconds = 15;  // then the process is ended, whatever it does
constexpr size_t kLargestTags = size_t{256} << 20;

map::Map made(const json::object& arguments) {
  const auto file = [&](std::string_view member) {
    return try_read_file(get_string(arguments, member), kLargestTags).value_or("");
  };
  const std::string known = file("known_tags");
  const std::string brief = get_string(arguments, "brief");
  map::Request request;
  request.root = get_string(arguments, "root");
  request.files = map::blobs_in(file("blobs"));
  request.known_tags = known;
  request.brief = brief;
  request.budget = static_cast<size_t>(
      std::clamp<std::int64_t>(get_int(arguments, "budget"), 0, std::int64_t{1} << 20));
  request.deadline = in(kLongestReading);
  request.threads = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  return map::make_map(request);
}

// Its text goes to the pipe; status 0: nothing was learned, 1: fresh tags lie in their file.
int child_main(const json::object& arguments, int pipe) {
  ::alarm(kLongestSeconds);
  const map::Map map = made(arguments);
  write_all(pipe, valid_utf8(map.text));
  if (map.tags.empty()) return 0;
  fs::create_directories(kScratch);
  const fs::path path(kFreshTags);
  const Fd tags(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!tags) return 0;
  write_all(tags.get(), map.tags);
  return 1;
}

}  // namespace

Answer map_answer(const json::object& arguments) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe");
  Fd from(ends[0]), to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) {
    int status = 2;
    try {
      status = child_main(arguments, to.get());
    } catch (const std::exception&) {  // no map, then
    }
    ::_exit(status);
  }
  to.reset();
  Answer out;
  out.output = read_all(from.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) return failed("the map could not be made");
  out.changed = WEXITSTATUS(status) == 1;
  return out;
}

}  // namespace nightjar::tools
