#include "sandbox/frame.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace nightjar::sandbox {

namespace {

// False at end of file before the first byte; throws where the stream ends inside.
bool read_exactly(int fd, char* into, size_t size, Deadline deadline) {
  size_t have = 0;
  while (have < size) {
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, poll_timeout(deadline));
    if (ready == 0) throw Error(ErrorKind::Timeout, "the sandbox does not answer");
    if (ready < 0 && errno == EINTR) continue;
    const ssize_t n = ::read(fd, into + have, size - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (have == 0) return false;
      throw Error(ErrorKind::Internal, "the stream ended inside a frame");
    }
    have += static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

std::optional<Frame> read_frame(int fd, Deadline deadline) {
  std::array<unsigned char, 5> head{};
  if (!read_exactly(fd, reinterpret_cast<char*>(head.data()), head.size(), deadline)) return std::nullopt;
  const size_t length = head[0] | (static_cast<size_t>(head[1]) << 8) | (static_cast<size_t>(head[2]) << 16) |
                        (static_cast<size_t>(head[3]) << 24);
  if (length == 0 || length > kMostFrame) throw Error(ErrorKind::Internal, "a frame of impossible length");
  Frame frame{static_cast<FrameType>(head[4]), std::string(length - 1, '\0')};
  if (length > 1 && !read_exactly(fd, frame.payload.data(), length - 1, deadline)) return std::nullopt;
  return frame;
}

void write_frame(int fd, FrameType type, std::string_view payload) {
  const auto length = static_cast<std::uint32_t>(payload.size() + 1);
  if (payload.size() + 1 > kMostFrame) throw Error(ErrorKind::Limit, "a frame is too long");
  std::array<char, 5> head{static_cast<char>(length & 255), static_cast<char>((length >> 8) & 255),
                           static_cast<char>((length >> 16) & 255), static_cast<char>(length >> 24),
                           static_cast<char>(type)};
  size_t sent = 0;
  const size_t all = head.size() + payload.size();
  while (sent < all) {
    std::array<iovec, 2> parts{};
    size_t count = 0;
    if (sent < head.size()) parts[count++] = {head.data() + sent, head.size() - sent};
    const size_t offset = sent < head.size() ? 0 : sent - head.size();
    parts[count++] = {const_cast<char*>(payload.data()) + offset, payload.size() - offset};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t n = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("the other side of the sandbox is gone");
    sent += static_cast<size_t>(n);
  }
}

// What, mode, sizes, then path and content as they are: both may be any bytes.
std::string encode(const core::Change& change) {
  std::string out;
  out += static_cast<char>(change.what);
  out += change.executable ? '\1' : '\0';
  const auto number = [&](std::uint64_t value) {
    for (int i = 0; i < 8; ++i) out += static_cast<char>((value >> (8 * i)) & 255);
  };
  number(change.size);
  number(change.path.size());
  return out + change.path + change.content;
}

std::optional<core::Change> decode_change(std::string_view payload) {
  if (payload.size() < 18) return std::nullopt;
  const auto number = [&](size_t at) {
    std::uint64_t value = 0;
    for (size_t i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(static_cast<unsigned char>(payload[at + i])) << (8 * i);
    return value;
  };
  core::Change change;
  const auto what = static_cast<unsigned char>(payload[0]);
  if (what > static_cast<unsigned char>(core::Change::What::Other)) return std::nullopt;
  change.what = static_cast<core::Change::What>(what);
  change.executable = payload[1] != '\0';
  change.size = number(2);
  const std::uint64_t path = number(10);
  if (path > payload.size() - 18) return std::nullopt;
  change.path = payload.substr(18, path);
  change.content = payload.substr(18 + path);
  return change;
}

}  // namespace nightjar::sandbox
