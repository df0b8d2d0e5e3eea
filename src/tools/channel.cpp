#include "tools/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace nightjar::tools {

bool Inbox::read_from(int fd) {
  std::array<char, 65536> buffer;
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  bytes_.append(buffer.data(), static_cast<size_t>(n));
  return true;
}

std::optional<json::object> Inbox::next() {
  std::uint32_t size = 0;
  if (bytes_.size() - at_ < sizeof size) return std::nullopt;
  std::memcpy(&size, bytes_.data() + at_, sizeof size);
  if (size > kLargestDocument) throw Error(ErrorKind::Limit, "a document is too large");
  if (bytes_.size() - at_ - sizeof size < size) return std::nullopt;
  auto value = parse_json(std::string_view(bytes_).substr(at_ + sizeof size, size));
  at_ += sizeof size + size;
  if (at_ == bytes_.size() || at_ > (size_t{1} << 20)) {
    bytes_.erase(0, at_);
    at_ = 0;
    if (bytes_.empty()) bytes_.shrink_to_fit();
  }
  if (!value) throw Error(ErrorKind::Invalid, value.error());
  if (!value->is_object()) throw Error(ErrorKind::Invalid, "no JSON object");
  return std::move(value->get_object());
}

void send_document(int fd, const json::object& document) {
  const std::string text = to_line(document);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  bytes += text;
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error(ErrorKind::Unavailable, "the other side of the tools has gone");
    at += static_cast<size_t>(n);
  }
}

json::object to_json(const Answer& answer) {
  json::object out{{"output", valid_utf8(answer.output)}};
  if (answer.error) out["error"] = true;
  if (answer.changed) out["changed"] = true;
  if (!answer.image.empty()) {
    out["image_type"] = answer.image_type;
    out["image"] = answer.image;
  }
  if (!answer.diff.empty()) out["diff"] = valid_utf8(answer.diff);
  return out;
}

Answer answer_from(const json::object& object) {
  Answer out;
  out.output = get_string(object, "output");
  out.error = get_bool(object, "error");
  out.changed = get_bool(object, "changed");
  out.image_type = get_string(object, "image_type");
  out.image = get_string(object, "image");
  out.diff = get_string(object, "diff");
  return out;
}

}  // namespace nightjar::tools
