#include "processes.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>

#include "base/error.h"

namespace nightjar::helper {

namespace {

struct Process {
  pid_t parent = 0;
  bool ended = false;
};

// "PID (name) STATE PARENT ...", where the name may hold anything.
bool look_at(pid_t pid, Process& out) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> bytes{};
  const ssize_t n = file ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
  if (n <= 0) return false;
  const std::string_view text(bytes.data(), static_cast<size_t>(n));
  const size_t end = text.rfind(')');
  if (end == std::string_view::npos || text.size() < end + 5) return false;
  const char state = text[end + 2];
  out.ended = state == 'Z' || state == 'X';
  const std::string_view rest = text.substr(end + 4);
  return std::from_chars(rest.data(), rest.data() + rest.size(), out.parent).ec == std::errc{};
}

struct FolderDeleter {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::map<pid_t, Process> all_processes() {
  std::map<pid_t, Process> out;
  const std::unique_ptr<DIR, FolderDeleter> folder(::opendir("/proc"));
  if (!folder) throw_errno("cannot look at the processes");
  while (const dirent* entry = ::readdir(folder.get())) {
    pid_t pid = 0;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    const auto parsed = std::from_chars(entry->d_name, end, pid);
    if (parsed.ec != std::errc{} || parsed.ptr != end) continue;
    if (Process process; look_at(pid, process)) out[pid] = process;
  }
  return out;
}

}  // namespace

int kill_all_but(const std::set<pid_t>& residents) {
  const auto processes = all_processes();
  int alive = 0;
  for (const auto& [pid, process] : processes) {
    if (pid == ::getpid() || process.ended) continue;
    bool spared = false;
    for (pid_t at = pid; at > 1 && !spared;) {
      spared = residents.contains(at);
      const auto found = processes.find(at);
      at = found == processes.end() ? 0 : found->second.parent;
    }
    if (spared) continue;
    ++alive;
    ::kill(pid, SIGKILL);
  }
  return alive;
}

Fd listen_on_loopback(std::uint64_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (!socket ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 64) != 0) {
    throw_errno("cannot listen on port " + std::to_string(port) + " inside");
  }
  return socket;
}

}  // namespace nightjar::helper
