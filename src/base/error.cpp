#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace nightjar {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Invalid:
      return "invalid";
    case ErrorKind::NotFound:
      return "not_found";
    case ErrorKind::Conflict:
      return "conflict";
    case ErrorKind::Denied:
      return "denied";
    case ErrorKind::Unavailable:
      return "unavailable";
    case ErrorKind::Timeout:
      return "timeout";
    case ErrorKind::Limit:
      return "limit";
    case ErrorKind::Internal:
      return "internal";
  }
  return "internal";
}

void throw_errno(const std::string& what) {
  const int code = errno;
  ErrorKind kind = ErrorKind::Internal;
  if (code == ENOSPC || code == EDQUOT) kind = ErrorKind::Limit;
  if (code == ENOENT) kind = ErrorKind::NotFound;
  if (code == EACCES || code == EPERM) kind = ErrorKind::Denied;
  throw Error(kind, what + ": " + std::strerror(code));
}

}  // namespace nightjar
