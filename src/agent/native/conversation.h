// A conversation with a model, kept so that a killed run goes on with it: every line of its file is
// something that happened, and holds the bytes that were (or will be) sent, which are never made
// anew. So the beginning of each request is the end of the one before, byte for byte.
//
// File: one JSON object a line, appended. A torn last line is cut off at the next open.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/native/transcript.h"
#include "base/file.h"
#include "model/wire.h"

namespace nightjar::agent::native {

/// A call of the last reply that has no answer yet.
struct PendingCall {
  model::ToolCall call;
  bool begun = false;  ///< a process before this one had started it: its effects are unknown
};

/// What of a message the person said.
struct Heard {
  long last = 0;      ///< the number of the last word that is in it
  std::string words;  ///< as the message quotes them
};

/// What a finished run of tools and replies amounts to, for limits and people.
struct Totals {
  int turns = 0;
  model::Usage usage, last;  ///< of this model's replies, and of the last reply alone
  model::Usage before;       ///< of the models before it, whose work it took over
  double before_usd = 0;
  bool before_known = true;
  std::int64_t context = 0;  ///< tokens of the last request, with its reply
  bool operator==(const Totals&) const = default;
};

/// One thread at a time. What is in it is in its file, but for the line that the next one is
/// written with: a reply until its first call begins, the last result until all are answered.
class Conversation {
 public:
  /// Opens or creates; what was there is replayed. `frame` makes the beginning where there is none
  /// yet, and is not looked at otherwise.
  Conversation(std::filesystem::path file, const model::Endpoint& endpoint,
               const model::Frame& frame);
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// The body of the next request; valid until something is added.
  std::string_view request() const { return body_; }
  /// The messages of it alone, comma between them.
  std::string_view items() const;
  /// About how many tokens the next request has: what the vendor counted of the last one, and a
  /// quarter of the bytes that were added.
  std::int64_t tokens() const;
  /// Of those, how many are a guess.
  std::int64_t guessed_tokens() const;
  bool empty() const { return items_ == 0; }
  const Totals& totals() const { return totals_; }
  /// The name of the model that took it over; empty: it is still with its first.
  const std::string& successor() const { return successor_; }
  model::WireKind wire() const { return kind_; }
  /// Replies that are in it: the number of the turn.
  int turn() const { return turn_; }
  /// The last reply, where nothing came after it but answers to its calls.
  const std::optional<model::Reply>& open_reply() const { return reply_; }
  std::vector<PendingCall> pending() const;
  /// True where all calls of the last reply have their results, which are not sent yet.
  bool answered() const;
  const std::vector<model::ToolResult>& results() const { return results_; }
  /// The highest number of a person's word that was taken in.
  long heard() const { return heard_; }
  /// The highest number of a pause that was obeyed.
  long paused() const { return paused_; }
  /// Whether a message with this mark was written before.
  bool has(std::string_view mark) const;
  /// The newest mark that begins so; empty: there is none.
  std::string mark_like(std::string_view beginning) const;

  /// `mark` names a message that must come once however often its stage begins.
  void user(std::string_view text, std::string_view mark = "", const Heard& heard = {});
  void reply(const model::Reply& reply);
  void call_begins(const model::ToolCall& call);
  void result(const model::ToolResult& result, const Heard& heard = {});
  /// The results of all calls become the next message, with what the person said meanwhile.
  void answer(std::string_view message, const Heard& heard = {}, std::string_view mark = "");

  /// Back to behind the reply (and what answered it) of that number; what came later is forgotten,
  /// but not what it cost, nor the marks of rewinds and rounds.
  void rewind(int turn, std::string_view mark);
  /// Everything that is in it, from its file.
  Transcript transcript();
  /// Something shorter takes the place of all messages. Only where no call waits for its result.
  void replace(const Replacement& replacement);
  /// What was used and gave no reply.
  void spent(const model::Usage& usage);
  /// A mark without a message.
  void note(std::string_view mark);
  /// The person's pause of that number is obeyed: never again.
  void pause(long number);

 private:
  void replay(std::string_view text);
  void take(const json::object& line);
  [[noreturn]] void refuse() const;
  void speak(std::string_view wire);
  void take_over(const json::object& successor);
  void write(const json::object& line);
  /// With the next line, which comes at once.
  void write_soon(const json::object& line);
  void flush();
  void add_item(std::string_view item);
  size_t size() const { return body_.size() - suffix_.size(); }
  void begin_body(std::string prefix);
  void set_items(const std::vector<std::string>& items, std::int64_t picture_bytes);
  void take_rewind(const json::object& line);
  void forget_marks();

  std::filesystem::path file_;
  model::WireKind kind_;
  const model::Wire* wire_;
  Fd fd_;
  std::string unwritten_;  ///< whole lines
  struct Point {
    int generation = 0;  ///< another one: the bytes are only in the file
    size_t body = 0, items = 0;
  };
  std::vector<Point> points_;  ///< points_[n]: as it stood when reply n + 1 was asked for
  int generation_ = 0;         ///< counts replacements of what was said
  int wire_generation_ = 0;    ///< from here on in this wire's words
  std::string successor_;
  std::string body_;    ///< of the next request: prefix, items, suffix
  std::string suffix_;  ///< that it ends with
  size_t prefix_size_ = 0;
  size_t counted_ = 0;              ///< bytes of the body whose tokens the vendor has counted
  std::int64_t picture_bytes_ = 0;  ///< behind them: they cost far fewer tokens than text
  size_t items_ = 0;
  int turn_ = 0;  ///< replies that are in it; fewer than there were after a rewind
  Totals totals_;
  std::optional<model::Reply> reply_;
  std::vector<model::ToolResult> results_;
  std::vector<std::string> begun_;
  struct Mark {
    std::string text;
    int turn = 0;
  };
  std::vector<Mark> marks_;
  long heard_ = 0, paused_ = 0;
};

}  // namespace nightjar::agent::native
