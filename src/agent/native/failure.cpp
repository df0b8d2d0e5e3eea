#include "agent/native/failure.h"

#include <fmt/core.h>

namespace nightjar::agent::native {

namespace {

using core::WaitingFor;
using Kind = model::Failure::Kind;

WorkResult ended(Outcome outcome, std::string reason, WaitingFor what = WaitingFor::Person) {
  WorkResult out;
  out.outcome = outcome;
  out.reason = std::move(reason);
  out.waiting_for = what;
  return out;
}

}  // namespace

WorkResult end_for(const model::Failure& failure, const std::string& who) {
  const std::string& words = failure.words;
  switch (failure.kind) {
    case Kind::NoMoney:
      return ended(Outcome::Parked, fmt::format("{} says that no money is left: {}", who, words),
                   WaitingFor::Quota);
    case Kind::BadKey:
      return ended(Outcome::Parked,
                   fmt::format("{} does not take the key: {}; nightjar resume ID goes on with "
                               "another one, after nightjar stop where it stands in config.toml or "
                               "in a variable",
                               who, words));
    case Kind::ContextFull:
      return ended(Outcome::Failed,
                   fmt::format("the task alone is longer than {} takes: {}", who, words));
    case Kind::Rejected:
      if (failure.status == 0)  // nothing was sent
        return ended(Outcome::Parked,
                     fmt::format("{} cannot be asked: {}; nightjar resume ID goes on once this is "
                                 "mended, after nightjar stop where config.toml had to change",
                                 who, words));
      return ended(Outcome::Parked, fmt::format("{} refused the request: {}", who, words));
    case Kind::Malformed:
      return ended(Outcome::Parked, fmt::format("what {} sends cannot be read: {}; nightjar resume "
                                                "ID asks it again",
                                                who, words));
    case Kind::RateLimit:
    case Kind::Overloaded:
      return ended(Outcome::Parked, fmt::format("{} is busy: {}", who, words));
    case Kind::Broken:
      if (failure.status != 0)
        return ended(Outcome::Parked, fmt::format("{} breaks off again and again: {}", who, words));
      break;
  }
  return ended(Outcome::Parked, fmt::format("{} cannot be reached: {}", who, words));
}

}  // namespace nightjar::agent::native
