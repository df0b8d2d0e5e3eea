#include "tools/toolbox.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "base/wake.h"

namespace nightjar::tools {

namespace {

constexpr Millis kLook = std::chrono::seconds(1);
constexpr Millis kGrace = std::chrono::seconds(10);

std::string beyond(sandbox::Ended what) {
  return what == sandbox::Ended::OutOfMemory ? "the sandbox ran out of memory"
                                             : "the sandbox ran out of disk space";
}

bool is_deeper(size_t most, const json::value& value) {
  if (const auto* object = value.if_object())
    return most == 0 || std::ranges::any_of(*object, [most](const auto& member) {
             return is_deeper(most - 1, member.value());
           });
  if (const auto* array = value.if_array())
    return most == 0 || std::ranges::any_of(
                            *array, [most](const auto& item) { return is_deeper(most - 1, item); });
  return false;
}

bool is_too_deep(const json::object& arguments) {
  return std::ranges::any_of(arguments, [](const auto& member) {
    return is_deeper(kDeepestArguments - 1, member.value());
  });
}

}  // namespace

Toolbox::Toolbox(sandbox::Session& session)
    : session_(session),
      socket_(session.spawn({.argv = {"/.nightjar/bin/nightjar-toolbox"},
                             .cwd = {},
                             .env = {{"PAGER", "cat"},
                                     {"GIT_PAGER", "cat"},
                                     {"TERM", "dumb"},
                                     {"NO_COLOR", "1"},
                                     {"GIT_TERMINAL_PROMPT", "0"}},
                             .input = {},
                             .on_output = {},
                             .stop = {}})),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw_errno("eventfd");
}

Answer Toolbox::call(std::string_view tool, const json::object& arguments,
                     const std::function<void(std::string_view)>& on_output, Deadline deadline,
                     std::stop_token stop) {
  if (is_too_deep(arguments))
    return failed("the arguments are nested more than " + std::to_string(kDeepestArguments) +
                  " levels deep, and no tool takes such; nothing was done");
  const WokenByStop woken(stop, wake_);
  const long number = ++number_;
  bool stopping = false;
  std::string why;
  const auto lost = [&](const char* how) -> sandbox::SandboxLost { return {how}; };
  const auto halt = [&](std::string reason) {
    send_document(socket_.get(), {{"stop", number}});
    stopping = true;
    why = std::move(reason);
    deadline = in(kGrace);
  };
  try {
    send_document(socket_.get(), {{"call", number}, {"tool", tool}, {"arguments", arguments}});
    for (;;) {
      while (const auto document = inbox_.next()) {
        if (document->contains("unread"))
          return failed("the tools could not read the call (" + get_string(*document, "unread") +
                        "); nothing was done");
        if (get_int(*document, "call") != number) continue;
        if (document->contains("more")) {
          if (on_output) on_output(get_string(*document, "more"));
          continue;
        }
        if (stop.stop_requested()) throw Cancelled{};
        Answer out = answer_from(*document);
        if (!why.empty()) {
          out.error = true;
          out.output += (out.output.empty() ? "[" : "\n[") + why + "]";
        }
        return out;
      }
      std::array<pollfd, 2> waits{
          {{socket_.get(), POLLIN, 0}, {stopping ? -1 : wake_.get(), POLLIN, 0}}};
      const Deadline next = std::min(deadline, in(kLook));
      if (::poll(waits.data(), waits.size(), poll_timeout(next)) < 0 && errno != EINTR)
        throw_errno("poll");
      if (waits[0].revents && !inbox_.read_from(socket_.get()))
        throw lost("the toolbox inside has gone");
      if (waits[1].revents && !stopping) halt("stopped");
      if (const auto what = session_.look(); what && !stopping) halt(beyond(*what));
      if (std::chrono::steady_clock::now() < deadline) continue;
      if (stopping) throw lost("the toolbox inside does not answer");
      halt("the time limit was reached");
    }
  } catch (const Error& error) {
    throw lost(error.what());
  }
}

}  // namespace nightjar::tools
