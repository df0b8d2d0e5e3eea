// A reply in the making, whatever the wire: what all readers need to stay bounded and honest.
#pragma once

#include <string>
#include <string_view>

#include "model/wire.h"

namespace nightjar::model {

class ReplyBuilder {
 public:
  explicit ReplyBuilder(OnText on_text) : on_text_(std::move(on_text)) {}

  /// The event's data as an object, its strings as pieces (see `whole_characters`); nullopt where
  /// it is none, which makes the reply malformed.
  std::optional<json::object> parse(const net::SseEvent& event);
  void text(std::string_view more);
  void thought(std::string_view more);
  void arguments(std::string& into, std::string_view more);
  /// Counts what a reader holds beside these, such as opaque items.
  void kept(size_t bytes);
  void malformed(std::string words);
  void fail(Failure failure);
  /// True where nothing more is wanted: failed, too long, or repeating itself.
  bool over() const { return failure_ || repeats_; }
  bool repeats() const { return repeats_; }
  void ended() { ended_ = true; }
  bool has_ended() const { return ended_; }
  /// Bytes of text, thoughts and arguments.
  size_t size() const { return size_; }

  Reply reply;

  /// The reply with whole characters, or why there is none. `stop` of the reply must be set.
  Outcome finish();

 private:
  void grow(size_t bytes, const std::string& text, size_t tail);
  void make_whole();
  OnText on_text_;
  std::optional<Failure> failure_;
  size_t size_ = 0, kept_ = 0;
  size_t looked_at_ = 0;
  bool repeats_ = false;
  bool ended_ = false;
};

}  // namespace nightjar::model
