#include "agent/native/conversation.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "agent/native/failover.h"
#include "base/error.h"
#include "base/text.h"
#include "base/warn.h"

namespace nightjar::agent::native {

namespace {

constexpr size_t kLargestFile = size_t{1} << 30;
constexpr std::int64_t kBytesOfAToken = 4, kTokensOfAPicture = 1'600;

void put(const Heard& heard, json::object& line) {
  if (heard.last > 0) line["heard"] = heard.last;
  if (!heard.words.empty()) line["words"] = valid_utf8(heard.words);
}

}  // namespace

Conversation::Conversation(fs::path file, const model::Endpoint& endpoint,
                           const model::Frame& frame)
    : file_(std::move(file)),
      kind_(endpoint.wire),
      wire_(&model::wire_of(kind_)),
      suffix_(wire_->suffix()) {
  const std::string text = try_read_file(file_, kLargestFile).value_or("");
  const size_t whole = text.rfind('\n') + 1;  // 0 where there is no whole line
  fd_ = Fd(::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd_) throw_errno("cannot open " + file_.string());
  if (whole != text.size() && ::ftruncate(fd_.get(), static_cast<off_t>(whole)) != 0)
    throw_errno("cannot mend " + file_.string());
  replay(std::string_view(text).substr(0, whole));
  if (!body_.empty()) return;
  write({{"kind", "frame"},
         {"wire", to_string(endpoint.wire)},
         {"prefix", wire_->prefix(endpoint, frame)}});
}

Conversation::~Conversation() {
  try {
    flush();
  } catch (const Error& error) {
    warn(error.what());
  }
}

void Conversation::replay(std::string_view text) {
  for (const auto line : lines(text)) {
    const auto value = parse_json(line);
    if (!value || !value->is_object()) refuse();
    take(value->get_object());
  }
}

void Conversation::refuse() const {
  throw Error(ErrorKind::Internal, file_.string() + " was changed by somebody else");
}

// Where the prefix holds a message already (a system message), a comma stands before the first.
void Conversation::add_item(std::string_view item) {
  if (item.empty()) return;
  body_.resize(size());
  if (!body_.ends_with('[')) body_ += ',';
  body_ += item;
  body_ += suffix_;
  ++items_;
}

void Conversation::begin_body(std::string prefix) {
  body_ = std::move(prefix);
  prefix_size_ = body_.size();
  body_ += suffix_;
}

void Conversation::set_items(const std::vector<std::string>& items, std::int64_t picture_bytes) {
  body_.replace(prefix_size_, std::string::npos, suffix_);
  items_ = 0;
  for (const auto& item : items) add_item(item);
  ++generation_;
  counted_ = 0;
  totals_.context = 0;
  picture_bytes_ = picture_bytes;
  reply_.reset();
  results_.clear();
  begun_.clear();
}

void Conversation::speak(std::string_view wire) {
  if (const auto kind = model::wire_kind_from(wire)) kind_ = *kind;
  wire_ = &model::wire_of(kind_);
  suffix_ = wire_->suffix();
}

void Conversation::take_over(const json::object& successor) {
  speak(get_string(successor, "wire"));
  successor_ = get_string(successor, "name");
  begin_body(get_string(successor, "prefix"));
  wire_generation_ = generation_ + 1;
  totals_.before += std::exchange(totals_.usage, {});
  totals_.last = {};
  totals_.before_usd = get_double(successor, "spent_usd");
  totals_.before_known = get_bool(successor, "spent_known");
}

// The one place where what happened changes what is known: alike for old lines and new ones.
void Conversation::take(const json::object& line) {
  const std::string kind = get_string(line, "kind");
  if ((kind == "frame") != body_.empty()) refuse();  // the first line, and no other
  heard_ = std::max(heard_, static_cast<long>(get_int(line, "heard")));
  paused_ = std::max(paused_, static_cast<long>(get_int(line, "paused")));
  if (std::string mark = get_string(line, "mark"); !mark.empty())
    marks_.push_back({std::move(mark), turn_});
  if (kind == "frame") {
    speak(get_string(line, "wire"));
    begin_body(get_string(line, "prefix"));
  } else if (kind == "user") {
    add_item(get_string(line, "item"));
    reply_.reset();
  } else if (kind == "reply") {
    model::Reply reply = model::reply_from(line);
    points_.resize(std::min(points_.size(), static_cast<size_t>(turn_)));
    points_.push_back({generation_, size(), items_});
    ++turn_;
    add_item(get_string(line, "item"));
    ++totals_.turns;
    totals_.usage += reply.usage;
    totals_.last = reply.usage;
    totals_.context = reply.usage.input + reply.usage.output;
    if (totals_.context > 0) {
      counted_ = size();
      picture_bytes_ = 0;
    }
    reply.replay.clear();
    reply_ = std::move(reply);
    results_.clear();
    begun_.clear();
  } else if (kind == "spent") {
    totals_.usage += model::usage_from(get_object(line, "usage"));
  } else if (kind == "rewind") {
    take_rewind(line);
  } else if (kind == "begin") {
    begun_.push_back(get_string(line, "call"));
  } else if (kind == "result") {
    results_.push_back(model::tool_result_from(line));
  } else if (kind == "results") {
    picture_bytes_ += picture_bytes(results_);
    add_item(get_string(line, "item"));
    reply_.reset();
    results_.clear();
    begun_.clear();
  } else if (kind == "replace") {
    if (const auto& next = get_object(line, "successor"); !next.empty()) take_over(next);
    std::vector<std::string> items;
    for (const auto& part : get_array(line, "parts"))
      if (part.is_object()) items.push_back(get_string(part.get_object(), "item"));
    set_items(items, get_int(line, "picture_bytes"));
    totals_.usage += model::usage_from(get_object(line, "usage"));
  }
}

void Conversation::take_rewind(const json::object& line) {
  const auto turn = static_cast<size_t>(std::max<std::int64_t>(0, get_int(line, "turn")));
  if (turn >= points_.size()) return;
  if (const auto* items = line.if_contains("items"); items && items->is_array()) {
    std::vector<std::string> then;
    for (const auto& item : items->get_array())
      if (item.is_string()) then.emplace_back(std::string_view(item.get_string()));
    set_items(then, get_int(line, "picture_bytes"));
  } else {
    if (points_[turn].body > size()) refuse();
    body_.replace(points_[turn].body, std::string::npos, suffix_);
    items_ = points_[turn].items;
  }
  if (counted_ > size()) {
    counted_ = 0;
    totals_.context = 0;
  }
  turn_ = static_cast<int>(turn);
  forget_marks();
  reply_.reset();
  results_.clear();
  begun_.clear();
}

// Those of messages that are forgotten: what they stand for may come again. A rewind and a round
// have happened, whatever was said.
void Conversation::forget_marks() {
  std::erase_if(marks_, [this](const Mark& mark) {
    return mark.turn > turn_ && !mark.text.starts_with("rewind ") &&
           !mark.text.starts_with("round ");
  });
}

std::string_view Conversation::items() const {
  std::string_view out = std::string_view(body_).substr(0, size()).substr(prefix_size_);
  if (out.starts_with(',')) out.remove_prefix(1);
  return out;
}

std::int64_t Conversation::guessed_tokens() const {
  const auto added = static_cast<std::int64_t>(size() - counted_);
  const std::int64_t text = std::max<std::int64_t>(0, added - picture_bytes_);
  return text / kBytesOfAToken + (picture_bytes_ > 0 ? kTokensOfAPicture : 0);
}

std::int64_t Conversation::tokens() const { return totals_.context + guessed_tokens(); }

Transcript Conversation::transcript() {
  flush();
  return read_transcript(try_read_file(file_, kLargestFile).value_or(""));
}

void Conversation::replace(const Replacement& replacement) { write(to_json(replacement)); }

void Conversation::write(const json::object& line) {
  unwritten_ += to_line(line) + "\n";
  flush();
  take(line);
}

void Conversation::write_soon(const json::object& line) {
  unwritten_ += to_line(line) + "\n";
  take(line);
}

// Once: half of it may stand there when it fails.
void Conversation::flush() {
  const std::string text = std::exchange(unwritten_, "");
  write_all(fd_.get(), text);
}

void Conversation::rewind(int turn, std::string_view mark) {
  json::object line{{"kind", "rewind"}, {"turn", turn}, {"mark", mark}};
  const auto at = static_cast<size_t>(std::max(0, turn));
  if (at < points_.size() && points_[at].generation != generation_) {
    // What stood there was replaced by something shorter since.
    json::array items;
    flush();
    const std::string text = try_read_file(file_, kLargestFile).value_or("");
    const bool foreign = points_[at].generation < wire_generation_;
    auto entries = read_transcript(text, turn + 1).entries;
    if (foreign) entries = with_own_ids(std::move(entries));
    std::int64_t pictures = 0;
    for (const auto& entry : entries) {
      items.emplace_back(foreign ? rewritten(entry, *wire_) : entry.item);
      pictures += picture_bytes(entry.results);
    }
    line["items"] = std::move(items);
    line["picture_bytes"] = pictures;
    line["foreign"] = foreign;
  }
  write(line);
}

void Conversation::spent(const model::Usage& usage) {
  write({{"kind", "spent"}, {"usage", model::to_json(usage)}});
}

void Conversation::note(std::string_view mark) { write({{"kind", "heard"}, {"mark", mark}}); }

void Conversation::pause(long number) { write({{"kind", "heard"}, {"paused", number}}); }

std::vector<PendingCall> Conversation::pending() const {
  std::vector<PendingCall> out;
  if (!reply_) return out;
  for (const auto& call : reply_->calls) {
    if (std::ranges::find(results_, call.id, &model::ToolResult::call) != results_.end()) continue;
    out.push_back({call, std::ranges::find(begun_, call.id) != begun_.end()});
  }
  return out;
}

bool Conversation::answered() const {
  return reply_ && !reply_->calls.empty() && pending().empty();
}

bool Conversation::has(std::string_view mark) const {
  return std::ranges::find(marks_, mark, &Mark::text) != marks_.end();
}

std::string Conversation::mark_like(std::string_view beginning) const {
  std::string out;
  for (const Mark& mark : marks_)
    if (mark.text.starts_with(beginning)) out = mark.text;
  return out;
}

void Conversation::user(std::string_view text, std::string_view mark, const Heard& heard) {
  json::object line{{"kind", "user"}, {"item", wire_->user(text)}, {"text", valid_utf8(text)}};
  if (!mark.empty()) line["mark"] = mark;
  put(heard, line);
  write(line);
}

void Conversation::reply(const model::Reply& reply) {
  json::object line = model::to_json(reply);
  line["kind"] = "reply";
  line["item"] = reply.replay.empty() ? wire_->reply(reply) : reply.replay;
  line.erase("replay");
  if (reply.calls.empty())
    write(line);
  else
    write_soon(line);
}

void Conversation::call_begins(const model::ToolCall& call) {
  write({{"kind", "begin"}, {"call", call.id}});
}

void Conversation::result(const model::ToolResult& result, const Heard& heard) {
  json::object line = model::to_json(result);
  line["kind"] = "result";
  put(heard, line);
  write_soon(line);
  if (!answered()) flush();
}

void Conversation::answer(std::string_view message, const Heard& heard, std::string_view mark) {
  // In the order of the calls, whatever order they were done in.
  std::vector<model::ToolResult> ordered;
  for (const auto& call : reply_->calls) {
    const auto found = std::ranges::find(results_, call.id, &model::ToolResult::call);
    if (found != results_.end()) ordered.push_back(*found);
  }
  json::object line{{"kind", "results"}, {"item", wire_->results(ordered, message)}};
  if (!message.empty()) line["text"] = valid_utf8(message);
  if (!mark.empty()) line["mark"] = mark;
  put(heard, line);
  write(line);
}

}  // namespace nightjar::agent::native
