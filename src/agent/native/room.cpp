#include "agent/native/room.h"

#include <algorithm>

#include "agent/native/compaction.h"
#include "base/text.h"

namespace nightjar::agent::native {

namespace {

constexpr double kNearEnd = 0.85, kEnough = 0.6, kTail = 0.2, kLearned = 0.6;
constexpr double kMuchGuessed = 0.1, kMuchNew = 0.1;  // of the context
constexpr size_t kBytesOfAToken = 4;
constexpr std::int64_t kLeastContext = 2'000;
constexpr std::int64_t kSummaryTokens = 16'000;
constexpr Millis kCountTime{20'000}, kCompactTime{300'000};
constexpr const char* kSummarySystem =
    "You write the notes of an engineer who must go on later without having seen what happened. "
    "You have no tools.";

size_t bytes_of(double tokens) {
  return static_cast<size_t>(std::max(0.0, tokens)) * kBytesOfAToken;
}

// No other request would meet it: then notes without a model are better than none.
bool is_of_the_summary(model::Failure::Kind kind) {
  return kind == model::Failure::Kind::ContextFull || kind == model::Failure::Kind::Rejected ||
         kind == model::Failure::Kind::Malformed;
}

size_t size_after(const Replacement& made) {
  size_t size = 0;
  for (const auto& part : made.parts) size += part.item.size();
  return size;
}

}  // namespace

Room::Room(Conversation& conversation, model::Client& model, model::Frame frame, Told told)
    : conversation_(conversation),
      model_(model),
      frame_(std::move(frame)),
      told_(std::move(told)),
      context_(model.endpoint().context > 0 ? model.endpoint().context : model::kUnknownContext) {}

// What is left for the conversation when the reply has its part.
std::int64_t Room::most() const {
  const std::int64_t wanted = model_.endpoint().max_output > 0 ? model_.endpoint().max_output
                                                               : model_.wire().usual_output();
  return context_ - std::min(wanted, context_ / 4);
}

void Room::keep(const model::CallHooks& hooks, Deadline deadline, const std::stop_token& stop) {
  std::int64_t tokens = conversation_.tokens();
  const auto near = static_cast<std::int64_t>(kNearEnd * static_cast<double>(most()));
  if (tokens <= std::max(near, again_from_)) return;
  const auto guessed = static_cast<double>(conversation_.guessed_tokens());
  const auto bytes = static_cast<std::int64_t>(conversation_.items().size());
  // Asked again only when a good part has been added.
  const bool worth =
      guessed > kMuchGuessed * static_cast<double>(context_) && bytes > counted_ + counted_ / 20;
  if (worth) {
    const auto call = model_.wire().count_call(model_.endpoint(), frame_, conversation_.items());
    if (call) {
      const auto answer = model_.side_call(*call, std::min(deadline, in(kCountTime)), stop);
      counted_ = bytes;
      if (answer) tokens = model::counted_in(*answer).value_or(tokens);
    }
  }
  if (tokens <= near) return;
  shorten(hooks, deadline, stop);
  // Where what must stay fills it already, the next one is worth its price only for much that is
  // new.
  again_from_ =
      conversation_.tokens() + static_cast<std::int64_t>(kMuchNew * static_cast<double>(most()));
}

std::expected<bool, model::Failure> Room::make(const model::CallHooks& hooks, Deadline deadline,
                                               const std::stop_token& stop) {
  const std::int64_t before = conversation_.tokens();
  context_ = std::min(context_, static_cast<std::int64_t>(kLearned * static_cast<double>(before)));
  if (context_ < kLeastContext) return false;
  if (auto refused = shorten(hooks, deadline, stop)) return std::unexpected(std::move(*refused));
  return conversation_.tokens() < before;
}

std::optional<model::Failure> Room::shorten(const model::CallHooks& hooks, Deadline deadline,
                                            const std::stop_token& stop) {
  const std::int64_t before = conversation_.tokens();
  const auto limit = static_cast<double>(most());
  const Transcript transcript = conversation_.transcript();
  if (std::ranges::find(transcript.entries, Entry::Kind::Reply, &Entry::kind) ==
      transcript.entries.end())
    return std::nullopt;  // nothing has happened yet
  const size_t keep = bytes_of(kTail * limit);
  std::optional<Replacement> replacement = clear_old_results(transcript, keep, model_.wire());
  if (!replacement || size_after(*replacement) > bytes_of(kEnough * limit)) {
    replacement = by_vendor(transcript, hooks, deadline, stop);
    if (!replacement) {
      const auto notes = summary(transcript, hooks, deadline, stop);
      if (!notes && !is_of_the_summary(notes.error().kind)) return notes.error();
      const bool said =
          notes && notes->stop != model::Stop::Refused && !trimmed(notes->text).empty();
      replacement = with_summary(transcript, said ? notes->text : summary_without_model(transcript),
                                 keep, model_.wire());
      if (notes) replacement->usage = notes->usage;
    }
  }
  if (size_after(*replacement) >= conversation_.items().size()) {  // paid for in vain
    conversation_.spent(replacement->usage);
    return std::nullopt;
  }
  replacement->picture_bytes = picture_bytes(*replacement, transcript);
  conversation_.replace(*replacement);
  told_(replacement->how, before, conversation_.tokens());
  return std::nullopt;
}

std::optional<Replacement> Room::by_vendor(const Transcript& transcript,
                                           const model::CallHooks& hooks, Deadline deadline,
                                           const std::stop_token& stop) {
  const auto call = model_.wire().compact_call(model_.endpoint(), frame_, conversation_.items());
  if (!call) return std::nullopt;
  const auto answer = model_.side_call(*call, std::min(deadline, in(kCompactTime)), stop);
  if (!answer) return std::nullopt;
  const auto made = model_.wire().compaction_in(*answer);
  if (!made) {  // the vendor answered with something else, and is paid for that
    if (hooks.on_lost) hooks.on_lost(model_.wire().usage_in(*answer));
    return std::nullopt;
  }
  Replacement out = made->items.empty()
                        ? with_summary(transcript, made->summary,
                                       bytes_of(kTail * static_cast<double>(most())), model_.wire())
                        : with_vendor_items(transcript, made->items, model_.wire());
  out.how = "vendor";
  out.usage = made->usage;
  return out;
}

model::Outcome Room::summary(const Transcript& transcript, const model::CallHooks& hooks,
                             Deadline deadline, const std::stop_token& stop) {
  model::Endpoint endpoint = model_.endpoint();
  endpoint.max_output = std::min<std::int64_t>(kSummaryTokens, context_ / 4);
  const model::Wire& wire = model_.wire();
  const std::string body = model::whole_body(
      wire, wire.prefix(endpoint, {kSummarySystem, {}, ""}),
      wire.user(summary_question(transcript, bytes_of(static_cast<double>(most()) / 2))));
  return model_.call(body, hooks, deadline, stop);
}

}  // namespace nightjar::agent::native
