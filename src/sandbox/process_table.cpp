#include "sandbox/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace nightjar::sandbox {

namespace {

template <typename Number>
bool parse(std::string_view text, Number& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

// "PID (name) STATE PARENT ... START ...", where the name may hold anything; proc(5).
std::optional<ProcessEntry> look_at(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> bytes{};
  const ssize_t n = file ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
  if (n <= 0) return std::nullopt;
  std::string_view rest(bytes.data(), static_cast<size_t>(n));
  const size_t end = rest.rfind(')');
  if (end == std::string_view::npos || rest.size() < end + 3) return std::nullopt;
  rest.remove_prefix(end + 2);
  ProcessEntry out;
  constexpr int kState = 3, kParent = 4, kStart = 22;
  for (int field = kState; field <= kStart; ++field) {
    const size_t space = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, space);
    if (field == kState) out.ended = word == "Z" || word == "X";
    if (field == kParent && !parse(word, out.parent)) return std::nullopt;
    if (field == kStart && !parse(word, out.start)) return std::nullopt;
    rest.remove_prefix(std::min(space + 1, rest.size()));
  }
  return out;
}

struct FolderDeleter {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

std::map<pid_t, ProcessEntry> process_table() {
  std::map<pid_t, ProcessEntry> out;
  const std::unique_ptr<DIR, FolderDeleter> folder(::opendir("/proc"));
  if (!folder) throw_errno("cannot look at the processes");
  while (const dirent* entry = ::readdir(folder.get())) {
    pid_t pid = 0;
    if (!parse(std::string_view(entry->d_name), pid)) continue;
    if (const auto process = look_at(pid)) out[pid] = *process;
  }
  return out;
}

bool stands_below(const std::map<pid_t, ProcessEntry>& table, pid_t pid, pid_t ancestor) {
  // Parents are older, so the way up ends; pids that were used anew meanwhile could make a ring.
  for (size_t steps = 0; pid > 0 && steps <= table.size(); ++steps) {
    if (pid == ancestor) return true;
    const auto found = table.find(pid);
    pid = found == table.end() ? 0 : found->second.parent;
  }
  return false;
}

}  // namespace nightjar::sandbox
