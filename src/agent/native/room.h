// Keeps a conversation within what its model takes: before each request, and when the model says
// that it is too long.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "agent/native/conversation.h"
#include "model/client.h"

namespace nightjar::agent::native {

class Room {
 public:
  /// What is told of each shortening: how, tokens before and after.
  using Told = std::function<void(const std::string& how, std::int64_t before, std::int64_t after)>;

  Room(Conversation& conversation, model::Client& model, model::Frame frame, Told told);

  /// Makes room where the next request would come near the end of the context. Asks the vendor for
  /// the exact count first where much of it is a guess. Where the model refuses to summarise for a
  /// reason that has nothing to do with it, everything stays: the request will meet that reason.
  /// Throws Cancelled at a stop.
  void keep(const model::CallHooks& hooks, Deadline deadline, const std::stop_token& stop);

  /// The model refused the request as too long: less than that from now on. False where no more
  /// room can be made; the failure where the model refuses for another reason meanwhile.
  std::expected<bool, model::Failure> make(const model::CallHooks& hooks, Deadline deadline,
                                           const std::stop_token& stop);

 private:
  std::int64_t most() const;
  /// Why nothing was changed; nullopt: it was.
  std::optional<model::Failure> shorten(const model::CallHooks& hooks, Deadline deadline,
                                        const std::stop_token& stop);
  std::optional<Replacement> by_vendor(const Transcript& transcript, const model::CallHooks& hooks,
                                       Deadline deadline, const std::stop_token& stop);
  model::Outcome summary(const Transcript& transcript, const model::CallHooks& hooks,
                         Deadline deadline, const std::stop_token& stop);

  Conversation& conversation_;
  model::Client& model_;
  model::Frame frame_;
  Told told_;
  std::int64_t context_;         ///< tokens that one request may have, as far as is known
  std::int64_t again_from_ = 0;  ///< tokens
  std::int64_t counted_ = 0;     ///< bytes of the last request that the vendor counted
};

}  // namespace nightjar::agent::native
