// Faults. Throw `Error` when the current step cannot go on (disk, system call, bug, corrupt row);
// return values for outcomes that a caller branches on. `Cancelled` is not an Error, so that no
// ordinary catch swallows a stop.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace nightjar {

enum class ErrorKind { Invalid, NotFound, Conflict, Denied, Unavailable, Timeout, Limit, Internal };

std::string_view to_string(ErrorKind kind);

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// A stop was asked for; carries no message because nothing went wrong.
class Cancelled {};

/// Throws Error(Internal, "<what>: <strerror(errno)>"); ENOSPC and EDQUOT become Limit, ENOENT
/// NotFound, EACCES and EPERM Denied.
[[noreturn]] void throw_errno(const std::string& what);

}  // namespace nightjar
