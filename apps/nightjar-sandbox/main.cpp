// nightjar-sandbox: makes one sandbox and is PID 1 in it. Started by a session with an empty
// environment, no argument, and a socket as descriptor 3. Its first frame says what all sandboxes
// here have, the second what this one is to be.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/error.h"
#include "launch.h"
#include "lock_down.h"
#include "mounts.h"
#include "sandbox/plan.h"
#include "sandbox/wire.h"
#include "serve.h"

namespace {

using namespace nightjar;
using sandbox::FrameKind;

constexpr int kSocket = 3;

void report(const std::string& what, std::uint64_t code) {
  sandbox::Writer writer;
  writer.number(code);
  writer.text(what);
  sandbox::send_frame(kSocket, FrameKind::Failed, writer.bytes());
}

std::uint64_t number_of(sandbox::TreeKind kind) { return static_cast<std::uint64_t>(kind); }

[[noreturn]] void be_inside(const sandbox::Plan& plan, std::vector<Fd> sources) {
  helper::WorkTree tree = helper::build_root(plan, std::move(sources));
  helper::lock_down(plan);
  sandbox::Writer writer;
  writer.number(number_of(tree.kind));
  sandbox::send_frame(kSocket, FrameKind::Ready, writer.bytes());
  helper::serve(kSocket, plan, std::move(tree));
}

int launch() {
  const auto prepare = sandbox::receive_frame(kSocket);
  if (!prepare || prepare->kind != FrameKind::Prepare) return 2;
  const sandbox::Ground ground = sandbox::decode_ground(prepare->payload);
  helper::Prepared prepared = helper::prepare(ground);
  const auto setup = sandbox::receive_frame(kSocket);
  if (!setup || setup->kind != FrameKind::Setup) return 2;
  sandbox::Plan plan = sandbox::decode_plan(setup->payload);
  std::vector<Fd> sources = helper::enter_namespaces(plan, ground, std::move(prepared));
  // A child of the session's, not of this process, which ends now.
  const long pid = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) throw_errno("cannot start the first process inside");
  if (pid == 0) be_inside(plan, std::move(sources));
  sandbox::Writer writer;
  writer.number(static_cast<std::uint64_t>(pid));
  sandbox::send_frame(kSocket, FrameKind::Launched, writer.bytes());
  return 0;
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    std::fputs("nightjar-sandbox is started by nightjar, not by hand\n", stderr);
    return 2;
  }
  ::umask(022);
  ::fcntl(kSocket, F_SETFD, FD_CLOEXEC);  // no command may hold the way to the session
  ::syscall(SYS_close_range, kSocket + 1, ~0U, 0);
  try {
    ::_exit(launch());
  } catch (const Error& error) {
    try {
      report(error.what(), static_cast<std::uint64_t>(error.kind()));
    } catch (const Error&) {  // the session has gone: nobody to tell
    }
  } catch (const std::exception& error) {
    report(error.what(), 0);
  }
  ::_exit(1);
}
