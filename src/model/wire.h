// One vendor's way of speaking: how a conversation is written, and how a stream is read. Pure: no
// network, no clock.
//
// A request's body is `prefix + items, comma between them + suffix`. Items are serialised once,
// when they happen, and never again: so a turn costs what it adds, and whatever was sent before
// stays the same byte for byte, which is what vendors' prompt caches need.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/endpoint.h"
#include "model/message.h"
#include "net/http.h"
#include "net/sse.h"

namespace nightjar::model {

/// Why there is no reply.
struct Failure {
  enum class Kind {
    RateLimit,    ///< too many requests or tokens: wait
    Overloaded,   ///< the vendor has trouble: wait
    Broken,       ///< connection or stream ended too early, or nothing can be reached: try again
    NoMoney,      ///< credit or a spending limit is used up
    BadKey,       ///< no or a wrong key, or no right to this model
    ContextFull,  ///< the conversation is longer than the model takes
    Rejected,     ///< the vendor says that the request is wrong
    Malformed,    ///< what came is not of this protocol
  } kind = Kind::Broken;
  /// The vendor's own, without control characters; bounded, and from the client `kLongestWords` at
  /// most.
  std::string words;
  std::optional<Millis> wait;  ///< as the server asked for
  int status = 0;  ///< of HTTP, 200 within a stream that had begun; 0: nothing was answered
  bool operator==(const Failure&) const = default;
};
std::string_view to_string(Failure::Kind kind);

using Outcome = std::expected<Reply, Failure>;

/// What a stream shows while it comes.
using OnText = std::function<void(std::string_view)>;

/// Reads one reply. Nothing throws for what a server sends; memory is bounded.
class ReplyReader {
 public:
  virtual ~ReplyReader() = default;
  /// False: enough was seen, the stream may be ended. What comes then is looked at for `usage`
  /// alone.
  virtual bool on_event(const net::SseEvent& event) = 0;
  /// What the vendor has told so far, also of a reply that never ends.
  virtual Usage usage() const = 0;
  /// Whether that is the whole of it: some vendors begin with a placeholder for the output.
  virtual bool usage_is_final() const = 0;
  /// Bytes of text, thoughts and arguments that came so far.
  virtual size_t written() const = 0;
  /// After the last event. A stream without its end is Broken.
  virtual Outcome finish() = 0;
};

/// What the reader's vendor told; where that is not the whole of it, with an output of a quarter of
/// the bytes that came at least.
Usage without_placeholder(Usage told, const ReplyReader& reader);

/// What stands before and behind the conversation, the same in every request of a run.
struct Frame {
  std::string system;
  std::vector<ToolSpec> tools;
  std::string cache_key;  ///< keeps a conversation on one cache (OpenAI)
};

/// A question to the vendor beside the conversation, answered with one JSON object.
struct SideCall {
  std::string url, body;
  net::Headers headers;  ///< beside those of every request
};

/// What a vendor makes of a conversation that has become too long.
struct VendorCompaction {
  std::string items;    ///< opaque, to be sent back unchanged; empty where there is only a summary
  std::string summary;  ///< text
  Usage usage;
};

/// What a server does not know in a request, and what stands there instead.
struct Mend {
  std::string from, to;
};

class Wire {
 public:
  virtual ~Wire() = default;
  virtual std::string url(const Endpoint& endpoint) const = 0;
  virtual net::Headers headers(const Endpoint& endpoint, const std::string& key) const = 0;
  virtual std::string prefix(const Endpoint& endpoint, const Frame& frame) const = 0;
  virtual std::string suffix() const = 0;
  virtual std::string user(std::string_view text) const = 0;
  /// Answers to all calls of one reply, in their order, with what the person said meanwhile.
  virtual std::string results(const std::vector<ToolResult>& results,
                              std::string_view message) const = 0;
  /// A reply that another wire gave, or that was put together by us.
  virtual std::string reply(const Reply& reply) const = 0;
  virtual std::unique_ptr<ReplyReader> reader(OnText on_text) const = 0;
  /// What an answer that is no stream has used.
  virtual Usage usage_in(const json::object& answer) const = 0;
  /// The longest reply, in tokens, where the settings name none.
  virtual std::int64_t usual_output() const { return 16'000; }

  /// What a server that rejected a request with these words takes instead; nothing where that is
  /// not known.
  virtual std::optional<Mend> mend(std::string_view words) const;

  // Where the vendor has it; the default is that it has not. `items`: the conversation.
  virtual std::optional<SideCall> count_call(const Endpoint& endpoint, const Frame& frame,
                                             std::string_view items) const;
  virtual std::optional<SideCall> compact_call(const Endpoint& endpoint, const Frame& frame,
                                               std::string_view items) const;
  virtual std::optional<VendorCompaction> compaction_in(const json::object& answer) const;
};

/// The tokens that the answer to a `count_call` tells.
std::optional<std::int64_t> counted_in(const json::object& answer);

const Wire& wire_of(WireKind kind);

/// A request that holds these items alone.
std::string whole_body(const Wire& wire, std::string prefix, std::string_view items);

/// What an answer that is no stream says, by the rules of all vendors.
Failure failure_of(int status, const net::Headers& headers, std::string_view body);
/// An error object inside a stream: {type or code, message}.
Failure failure_in_stream(const json::object& error);
/// A whole object with an `error` where a stream should have been, by the same rules.
std::optional<Failure> failure_instead_of_stream(std::string_view body);

/// The wire's own headers; those that the person gives count more.
net::Headers with_headers(net::Headers own, const net::Headers& given);
/// The text without the key, the values of the person's headers, and what stands in those behind
/// the scheme.
std::string without_secrets(std::string text, const Endpoint& endpoint, std::string_view key);
/// The same, cut to what people read: only then, as half a key is still half of it.
std::string words_for_people(std::string text, const Endpoint& endpoint, std::string_view key);

/// JSON string, quotes included.
std::string quoted_json(std::string_view text);
/// A call's arguments where they are a JSON object, else "{}": many servers refuse a conversation
/// that holds anything else, and its result tells the model what was wrong.
std::string valid_arguments(const ToolCall& call);
/// Items joined as a body holds them.
std::string joined(const std::vector<std::string>& items);

/// The text has turned into the same few lines again and again, for its last `tail` bytes.
bool repeats_itself(std::string_view text, size_t tail);

inline constexpr size_t kLongestWords = 600;
inline constexpr size_t kLongestReply = size_t{8} << 20;
inline constexpr size_t kMostCalls = 128;

}  // namespace nightjar::model
