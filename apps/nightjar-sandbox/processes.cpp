#include "processes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/error.h"
#include "sandbox/process_table.h"

namespace nightjar::helper {

int kill_all_but(const std::set<pid_t>& residents) {
  const auto processes = sandbox::process_table();
  int alive = 0;
  for (const auto& [pid, process] : processes) {
    if (pid == ::getpid() || process.ended) continue;
    const bool spared = std::ranges::any_of(residents, [&, id = pid](pid_t resident) {
      return sandbox::stands_below(processes, id, resident);
    });
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
