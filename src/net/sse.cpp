#include "net/sse.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace nightjar::net {

void SseParser::feed(std::string_view bytes, const std::function<void(const SseEvent&)>& on_event) {
  while (!bytes.empty()) {
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);  // the second half of CR LF
    after_cr_ = false;
    const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + end > most_)
      throw Error(ErrorKind::Limit, "a line of the event stream is too long");
    line_ += bytes.substr(0, end);
    if (end == bytes.size()) return;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    on_line(on_event);
    line_.clear();
  }
}

void SseParser::on_line(const std::function<void(const SseEvent&)>& on_event) {
  std::string_view line = line_;
  if (at_start_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  at_start_ = false;
  if (line.empty()) {
    if (has_data_) {
      data_.pop_back();  // the newline after its last line
      on_event({id_, event_.empty() ? "message" : event_, data_});
    }
    has_data_ = false;
    event_.clear();
    data_.clear();
    return;
  }
  const size_t colon = line.find(':');
  if (colon == 0) return;  // a comment
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  on_field(line.substr(0, colon), value);
}

void SseParser::on_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (data_.size() + value.size() > most_)
      throw Error(ErrorKind::Limit, "an event of the stream is too long");
    data_.append(value).push_back('\n');
    has_data_ = true;
  } else if (name == "event") {
    event_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    long millis = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), millis);
    if (error == std::errc{} && end == value.data() + value.size() && millis >= 0)
      retry_ = Millis(millis);
  }
}

}  // namespace nightjar::net
