#include "sandbox/wire.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace nightjar::sandbox {

namespace {

struct Header {
  std::uint32_t size;
  std::uint8_t kind;
  std::uint8_t unused[3];
};
static_assert(sizeof(Header) == 8);

union Ancillary {
  cmsghdr aligned;
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

[[noreturn]] void gone(const char* what) {
  throw Error(ErrorKind::Unavailable, std::string(what) + ": " + std::strerror(errno));
}

// 0 at the end of the stream; takes a descriptor along where `frame` is given.
size_t receive_some(int socket, void* data, size_t size, Frame* frame) {
  iovec part{data, size};
  Ancillary space{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (frame) {
    message.msg_control = space.bytes.data();
    message.msg_controllen = space.bytes.size();
  }
  ssize_t n;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    if (errno == ECONNRESET) return 0;
    gone("cannot hear from the sandbox");
  }
  const cmsghdr* control = frame ? CMSG_FIRSTHDR(&message) : nullptr;
  if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
    frame->descriptor = Fd(fd);
  }
  return static_cast<size_t>(n);
}

bool receive_whole(int socket, char* data, size_t size, Frame* frame) {
  size_t have = 0;
  while (have < size) {
    const size_t n = receive_some(socket, data + have, size - have, frame);
    if (n == 0) return false;
    have += n;
  }
  return true;
}

}  // namespace

void Writer::number(std::uint64_t value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes_.append(raw, sizeof value);
}

void Writer::text(std::string_view bytes) {
  number(bytes.size());
  bytes_.append(bytes);
}

void Writer::texts(const std::vector<std::string>& list) {
  number(list.size());
  for (const auto& entry : list) text(entry);
}

std::uint64_t Reader::number() {
  std::uint64_t value = 0;
  if (rest_.size() < sizeof value) throw Error(ErrorKind::Invalid, "a message ends too early");
  std::memcpy(&value, rest_.data(), sizeof value);
  rest_.remove_prefix(sizeof value);
  return value;
}

std::string Reader::text() {
  const std::uint64_t size = number();
  if (rest_.size() < size) throw Error(ErrorKind::Invalid, "a message ends too early");
  std::string out(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return out;
}

std::vector<std::string> Reader::texts() {
  std::vector<std::string> out;
  for (std::uint64_t count = number(); count > 0; --count) out.push_back(text());
  return out;
}

void send_frame(int socket, FrameKind kind, std::string_view payload, int descriptor) {
  if (payload.size() > kLargestFrame) throw Error(ErrorKind::Limit, "a message is too large");
  Header header{static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(kind), {}};
  std::array<iovec, 2> parts{
      {{&header, sizeof header}, {const_cast<char*>(payload.data()), payload.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  Ancillary space{};
  if (descriptor >= 0) {
    message.msg_control = space.bytes.data();
    message.msg_controllen = space.bytes.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
  }
  while (message.msg_iovlen > 0) {
    const ssize_t n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      gone("cannot talk to the sandbox");
    }
    message.msg_control = nullptr;  // it went along with the first byte
    message.msg_controllen = 0;
    for (auto left = static_cast<size_t>(n); message.msg_iovlen > 0;) {
      iovec& part = *message.msg_iov;
      const size_t taken = std::min(left, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + taken;
      part.iov_len -= taken;
      left -= taken;
      if (part.iov_len > 0) break;
      ++message.msg_iov;
      --message.msg_iovlen;
    }
  }
}

std::optional<Frame> receive_frame(int socket) {
  Header header{};
  Frame frame;
  if (!receive_whole(socket, reinterpret_cast<char*>(&header), sizeof header, &frame))
    return std::nullopt;
  if (header.size > kLargestFrame) throw Error(ErrorKind::Limit, "a message is too large");
  frame.kind = static_cast<FrameKind>(header.kind);
  frame.payload.resize(header.size);
  if (!receive_whole(socket, frame.payload.data(), header.size, nullptr)) return std::nullopt;
  return frame;
}

}  // namespace nightjar::sandbox
