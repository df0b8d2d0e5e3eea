// A process that stays beside the commands, and a listener on the sandbox's own loopback.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "session_fixture.h"

namespace nightjar::sandbox {
namespace {

using namespace std::string_literals;

using SessionResident = SessionTest;

std::string hear(const Fd& socket) {
  std::string answer;
  while (!answer.ends_with('\n')) {
    pollfd wait{socket.get(), POLLIN, 0};
    if (::poll(&wait, 1, 10'000) <= 0) return "no answer";
    std::array<char, 256> bytes;
    const ssize_t n = ::read(socket.get(), bytes.data(), bytes.size());
    if (n <= 0) return "it has gone";
    answer.append(bytes.data(), static_cast<size_t>(n));
  }
  return answer;
}

std::string ask(const Fd& socket, const std::string& line) {
  write_all(socket.get(), line + "\n");
  return hear(socket);
}

// Answers each line; "child" starts a process of its own.
const std::vector<std::string> kEcho{
    "/bin/sh", "-c",
    "while read -r line; do [ \"$line\" = child ] && sleep 4711 & echo \"heard $line $PWD\"; done"};

TEST_F(SessionResident, OutlivesCommandsAndKeepsWhatItStarted) {
  const Fd socket = session().spawn({.argv = kEcho, .cwd = policy_.tree.target / "sub"});
  EXPECT_EQ(ask(socket, "one"), "heard one /home/someone/src/thing/sub\n");
  EXPECT_EQ(ask(socket, "child"), "heard child /home/someone/src/thing/sub\n");
  EXPECT_TRUE(comes_to("sleep\0004711"s, 1));
  EXPECT_EQ(output_of("(sleep 4712 &) ; setsid sleep 4713 & echo done"), "done\n");
  EXPECT_EQ(processes_with("sleep\0004712"s), 0);
  EXPECT_EQ(processes_with("sleep\0004713"s), 0);
  EXPECT_EQ(processes_with("sleep\0004711"s), 1);
  EXPECT_EQ(ask(socket, "two"), "heard two /home/someone/src/thing/sub\n");
  session().stop();
  EXPECT_EQ(processes_with("sleep\0004711"s), 0);
}

TEST_F(SessionResident, ACommandThatIsStoppedGoesAloneHoweverItMultiplied) {
  const Fd socket = session().spawn({.argv = kEcho});
  Command bomb = shell("f() { f & f & sleep 4714; }; ulimit -u 400; f");
  bomb.deadline = in(std::chrono::milliseconds(300));
  EXPECT_EQ(session().run(bomb).ended, Ended::TimedOut);
  EXPECT_EQ(processes_with("sleep\0004714"s), 0);
  EXPECT_EQ(ask(socket, "still"), "heard still /home/someone/src/thing\n");
  EXPECT_EQ(output_of("echo fit"), "fit\n");
}

TEST_F(SessionResident, ItsEndIsTheEndOfItsSocket) {
  const Fd socket = session().spawn({.argv = {"/bin/sh", "-c", "read -r line; exit 3"}});
  EXPECT_EQ(ask(socket, "go"), "it has gone");
  EXPECT_EQ(output_of("echo fit"), "fit\n");
}

TEST_F(SessionResident, AListenerTakesConnectionsFromInsideAlone) {
  const Fd listener = session().listen(8181);
  const Fd client = session().spawn(
      {.argv = {"/usr/bin/python3", "-c",
                "import socket,sys\n"
                "s=socket.create_connection(('127.0.0.1',8181)); s.sendall(b'hello')\n"
                "print(s.recv(9).decode(), end=str(), flush=True)"}});
  pollfd wait{listener.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
  const Fd peer(::accept(listener.get(), nullptr, nullptr));
  std::array<char, 5> bytes;
  ASSERT_EQ(::recv(peer.get(), bytes.data(), bytes.size(), MSG_WAITALL), 5);
  EXPECT_EQ(std::string_view(bytes.data(), 5), "hello");
  write_all(peer.get(), "welcome!\n");
  EXPECT_EQ(hear(client), "welcome!\n");
  // Nobody on the host reaches it.
  const Fd outside(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(8181);
  EXPECT_NE(::connect(outside.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_THROW(session().listen(8181), Error);
  EXPECT_EQ(output_of("echo fit"), "fit\n");
}

}  // namespace
}  // namespace nightjar::sandbox
