#include "model/reply_builder.h"

#include <set>

#include "base/text.h"
#include "model/loose_json.h"

namespace nightjar::model {

namespace {

constexpr size_t kLookEvery = 4096;
constexpr size_t kTailOfText = 4'000;
constexpr size_t kTailOfArguments = 40'000;  // a file may well hold a thousand equal rows
constexpr size_t kReadOfBadEvent = 4096;
constexpr size_t kLargestItems = size_t{32} << 20;

}  // namespace

std::optional<json::object> ReplyBuilder::parse(const net::SseEvent& event) {
  auto value = parse_loosely(event.data);
  if (!value || !value->is_object()) {
    malformed("an event is no JSON object: " +
              inert(std::string_view(event.data).substr(0, kReadOfBadEvent)));
    return std::nullopt;
  }
  return std::move(value->get_object());
}

void ReplyBuilder::grow(size_t bytes, const std::string& text, size_t tail) {
  size_ += bytes;
  if (size_ > kLongestReply)
    return malformed("the reply is longer than " + human_size(kLongestReply));
  if (text.size() < looked_at_ + kLookEvery) return;
  looked_at_ = text.size();
  repeats_ = repeats_ || repeats_itself(text, tail);
}

// What comes behind the end of all patience is read for what it cost, and not kept.
void ReplyBuilder::text(std::string_view more) {
  if (more.empty() || over()) return;
  reply.text += more;
  if (on_text_) on_text_(more);
  grow(more.size(), reply.text, kTailOfText);
}

void ReplyBuilder::thought(std::string_view more) {
  if (over()) return;
  reply.thoughts += more;
  grow(more.size(), reply.thoughts, kTailOfText);
}

void ReplyBuilder::arguments(std::string& into, std::string_view more) {
  if (over()) return;
  into += more;
  grow(more.size(), into, kTailOfArguments);
}

void ReplyBuilder::kept(size_t bytes) {
  kept_ += bytes;
  if (kept_ > kLargestItems)
    malformed("the reply holds more than " + human_size(kLargestItems) + " beside its text");
}

void ReplyBuilder::malformed(std::string words) {
  fail({Failure::Kind::Malformed, std::move(words), std::nullopt, 200});
}

void ReplyBuilder::fail(Failure failure) {
  if (!failure_) failure_ = std::move(failure);
}

// Only now every piece has its neighbours.
void ReplyBuilder::make_whole() {
  for (auto* text : {&reply.text, &reply.thoughts, &reply.model, &reply.why, &reply.replay})
    *text = whole_characters(*text);
  for (auto& call : reply.calls) {
    for (auto* text : {&call.id, &call.name, &call.arguments}) *text = whole_characters(*text);
  }
}

Outcome ReplyBuilder::finish() {
  if (failure_) return std::unexpected(*failure_);
  make_whole();
  if (repeats_) {
    // What was begun cannot be trusted, calls least of all.
    reply.calls.clear();
    reply.replay.clear();
    reply.stop = Stop::Repetition;
    if (reply.text.size() > kLookEvery) reply.text = valid_utf8(reply.text.substr(0, kLookEvery));
    return std::move(reply);
  }
  if (!ended_)
    return std::unexpected(
        Failure{Failure::Kind::Broken, "the stream ended before the reply did", std::nullopt, 200});
  if (reply.calls.size() > kMostCalls)
    return std::unexpected(Failure{Failure::Kind::Malformed,
                                   "more than " + std::to_string(kMostCalls) + " calls at once",
                                   std::nullopt, 200});
  std::set<std::string_view> ids;
  for (const auto& call : reply.calls) {
    if (!ids.insert(call.id).second)
      return std::unexpected(
          Failure{Failure::Kind::Malformed,
                  "two calls of one reply have the same id: " + shortened(inert(call.id), 60),
                  std::nullopt, 200});
  }
  if (!reply.calls.empty() && reply.stop == Stop::Finished) reply.stop = Stop::Calls;
  return std::move(reply);
}

}  // namespace nightjar::model
