#include "gateway/passing.h"

#include "base/error.h"
#include "gateway/exchange.h"
#include "gateway/record.h"

namespace nightjar::gateway {

namespace {

// An event's name and JSON around a few letters of text.
constexpr size_t kBytesAroundAByte = 8;

}  // namespace

Passing::Passing(server::Wire& wire, const std::vector<Upstream>& upstreams,
                 std::unique_ptr<model::ReplyReader> reader, bool drops_usage)
    : wire_(wire), redaction_(upstreams), reader_(std::move(reader)), drops_usage_(drops_usage) {}

bool Passing::take(std::string_view bytes) {
  if (!begun_) open_ = wire_.start_stream("text/event-stream");
  begun_ = true;
  pass_on(redaction_.next(bytes));
  return open_ || readable_;
}

void Passing::end() {
  if (begun_) pass_on(redaction_.rest());
}

void Passing::pass_on(std::string_view text) {
  if (open_ && !drops_usage_) open_ = wire_.write_raw(text);
  if (recorded_.size() < kMostOfOne) recorded_ += text.substr(0, kMostOfOne - recorded_.size());
  try {
    if (readable_)
      parser_.feed(text, [this](const net::SseEvent& event) { read(event); });
    else
      unread_ += text.size();
  } catch (const Error&) {
    readable_ = false;
  }
}

void Passing::read(const net::SseEvent& event) {
  const bool is_enough = !reader_->on_event(event);
  if (const model::Usage usage = reader_->usage(); usage != told_) {
    told_ = usage;
    written_then_ = usage == model::Usage{} ? 0 : reader_->written();
    unread_ = 0;
  } else if (is_enough) {
    unread_ += event.data.size();
  }
  if (open_ && drops_usage_ && !tells_usage_alone(event))
    open_ = wire_.write_raw("data: " + event.data + "\n\n");
}

model::Usage Passing::used(size_t request_bytes) const {
  model::Usage out = told_;
  if (told_ == model::Usage{}) out.input = guessed_tokens(request_bytes);
  out.output += guessed_tokens(reader_->written() - written_then_ + unread_ / kBytesAroundAByte);
  return out;
}

}  // namespace nightjar::gateway
