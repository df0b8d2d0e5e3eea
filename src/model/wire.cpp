#include "model/wires.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace nightjar::model {

namespace {

using Kind = Failure::Kind;

constexpr size_t kMostRead = size_t{64} << 10;  // of a vendor's words, which are cut later
constexpr size_t kLongestTarget = 300;

std::string header(const net::Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (lower(key) == name) return trimmed(value);
  }
  return "";
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || !(value >= 0) ||
      value > 1e7)
    return std::nullopt;
  return value;
}

Millis seconds(double value) { return Millis(static_cast<std::int64_t>(std::ceil(value * 1000))); }

// retry-after-ms, then retry-after in seconds or as a date, then Google's RetryInfo ("34s").
std::optional<Millis> asked_wait(const net::Headers& headers, const json::object& error) {
  if (const auto ms = number(header(headers, "retry-after-ms"))) return seconds(*ms / 1000);
  const std::string after = header(headers, "retry-after");
  if (const auto value = number(after)) return seconds(*value);
  if (const auto date = from_http_date(after)) return std::max(Millis(0), *date - now());
  for (const auto& item : get_array(error, "details")) {
    if (!item.is_object()) continue;
    std::string delay = get_string(item.get_object(), "retryDelay");
    if (!delay.ends_with('s')) continue;
    delay.pop_back();
    if (const auto value = number(delay)) return seconds(*value);
  }
  return std::nullopt;
}

bool has_any(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words,
                             [&](auto word) { return text.find(word) != std::string::npos; });
}

// Vendors say the same in many ways: codes first, then what their messages are known to hold.
std::optional<Kind> kind_by_words(const std::string& code, const std::string& message) {
  if (has_any(code, {"insufficient_quota", "credit_balance", "billing", "spend_limit",
                     "payment_required", "insufficient_balance"}) ||
      has_any(message,
              {"credit balance is too low", "exceeded your current quota", "spending limit",
               "insufficient credits", "insufficient balance", "billing hard limit",
               "usage limit has been reached", "specified api usage limits"}))
    return Kind::NoMoney;
  if (has_any(code, {"context_length_exceeded", "context_window", "request_too_large"}) ||
      has_any(message, {"maximum context length", "exceed context limit", "prompt is too long",
                        "context window", "context length", "exceeds the maximum number of tokens",
                        "context size", "input token count", "request too large"}))
    return Kind::ContextFull;
  if (has_any(code, {"overloaded", "server_is_overloaded", "slow_down"})) return Kind::Overloaded;
  if (has_any(code, {"rate_limit", "resource_exhausted"})) return Kind::RateLimit;
  if (has_any(code, {"authentication", "invalid_api_key", "permission", "unauthenticated"}) ||
      has_any(message, {"api key not valid", "incorrect api key"}))
    return Kind::BadKey;
  if (has_any(code, {"server_error", "api_error", "internal", "unavailable", "timeout"}))
    return Kind::Overloaded;
  return std::nullopt;
}

// "limit 30000" or "limit: 30000"; 0 where no number stands behind the word.
std::int64_t number_behind(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at)) {
    at = std::min(text.find_first_not_of(": ", at + word.size()), text.size());
    std::int64_t value = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (value > 0) return value;
  }
  return 0;
}

// More tokens than a minute has: no wait lets it through, only a shorter conversation.
bool never_fits(const std::string& message) {
  const std::string plain = replaced(message, ",", "");
  const std::int64_t limit = number_behind(plain, "limit");
  return has_any(message, {"request too large"}) ||
         (limit > 0 && number_behind(plain, "requested") > limit);
}

Kind kind_by_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return Kind::BadKey;
    case 402:
      return Kind::NoMoney;
    case 408:
    case 409:
      return Kind::Broken;
    case 413:
      return Kind::ContextFull;
    case 429:
      return Kind::RateLimit;
    default:
      return status >= 500 ? Kind::Overloaded : Kind::Rejected;
  }
}

struct Said {
  std::string code, message;
  int number = 0;  ///< a code that is an HTTP status
};

Said said_by(const json::object& error) {
  Said out;
  for (const char* member : {"code", "type", "status"}) {
    if (const std::string text = get_string(error, member); !text.empty()) out.code += text + " ";
  }
  if (const std::int64_t code = get_int(error, "code"); code >= 400 && code < 600)
    out.number = static_cast<int>(code);
  out.code = lower(out.code);
  out.message = get_string(error, "message");
  return out;
}

// Google sends its error as the only item of an array where a stream was asked for.
json::object object_in(std::string_view body) {
  const auto parsed = parse_json(body);
  if (!parsed) return {};
  const bool is_list = parsed->is_array() && !parsed->get_array().empty();
  const json::value& value = is_list ? parsed->get_array()[0] : *parsed;
  return value.is_object() ? value.get_object() : json::object{};
}

// Some servers say it in an object, others in a word.
json::object error_in(const json::object& answer) {
  const auto* error = answer.if_contains("error");
  if (error && error->is_string()) {
    json::object out = answer;
    out["message"] = *error;
    return out;
  }
  return get_object(answer, "error");
}

}  // namespace

std::string_view to_string(Failure::Kind kind) {
  switch (kind) {
    case Kind::RateLimit:
      return "rate limit";
    case Kind::Overloaded:
      return "overloaded";
    case Kind::Broken:
      return "connection";
    case Kind::NoMoney:
      return "no money";
    case Kind::BadKey:
      return "key";
    case Kind::ContextFull:
      return "context full";
    case Kind::Rejected:
      return "rejected";
    case Kind::Malformed:
      return "malformed";
  }
  return "";
}

Failure failure_of(int status, const net::Headers& headers, std::string_view body) {
  Failure out;
  out.status = status;
  const json::object answer = object_in(body);
  json::object error = error_in(answer);
  if (error.empty()) error = answer;
  const Said said = said_by(error);
  out.words = shortened(
      inert(said.message.empty() ? body.substr(0, kMostRead) : std::string_view(said.message)),
      kMostRead);
  if (out.words.empty()) out.words = "HTTP status " + std::to_string(status);
  const auto by_words = kind_by_words(said.code, lower(said.message));
  const Kind by_status = kind_by_status(status);
  // A status that is sure outweighs words; words tell apart what statuses share.
  out.kind = by_words.value_or(by_status);
  if (by_status == Kind::BadKey && out.kind != Kind::NoMoney) out.kind = Kind::BadKey;
  if (status == 429 && out.kind != Kind::NoMoney) out.kind = Kind::RateLimit;
  out.wait = asked_wait(headers, error);
  // Gemini says "exceeded your current quota" of a minute as of a month; a time to wait tells.
  const bool is_sure = has_any(said.code, {"insufficient_quota", "billing", "credit", "payment"});
  if (status == 429 && out.wait && !is_sure) out.kind = Kind::RateLimit;
  if (status == 429 && out.kind == Kind::RateLimit && never_fits(lower(said.message)))
    out.kind = Kind::ContextFull;
  if (status >= 500 && out.kind != Kind::NoMoney && out.kind != Kind::ContextFull)
    out.kind = Kind::Overloaded;
  if (const std::string target = header(headers, "location");
      status / 100 == 3 && !target.empty()) {
    out.kind = Kind::Rejected;
    out.words = "HTTP status " + std::to_string(status) + " points to " +
                shortened(inert(target), kLongestTarget) + ": base_url should lead there";
  }
  const std::string should = header(headers, "x-should-retry");
  if (should == "true" && (out.kind == Kind::Rejected)) out.kind = Kind::Overloaded;
  const bool passes =
      out.kind == Kind::Broken || out.kind == Kind::RateLimit || out.kind == Kind::Overloaded;
  if (should == "false" && passes && !out.wait) out.kind = Kind::Rejected;
  return out;
}

Failure failure_in_stream(const json::object& error) {
  const Said said = said_by(error);
  Failure out;
  out.status = 200;
  out.words = shortened(inert(said.message.empty() ? to_line(error) : said.message), kMostRead);
  const bool is_wrong = has_any(said.code, {"invalid", "not_found", "unsupported"});
  const Kind otherwise = said.number != 0 ? kind_by_status(said.number)
                         : is_wrong       ? Kind::Rejected
                                          : Kind::Overloaded;
  out.kind = kind_by_words(said.code, lower(said.message)).value_or(otherwise);
  out.wait = asked_wait({}, error);
  return out;
}

std::optional<Failure> failure_instead_of_stream(std::string_view body) {
  const json::object error = error_in(object_in(body));
  if (error.empty()) return std::nullopt;
  return failure_in_stream(error);
}

Usage without_placeholder(Usage told, const ReplyReader& reader) {
  constexpr size_t kBytesOfAToken = 4;
  if (!reader.usage_is_final())
    told.output =
        std::max(told.output, static_cast<std::int64_t>(reader.written() / kBytesOfAToken));
  return told;
}

net::Headers with_headers(net::Headers own, const net::Headers& given) {
  for (const auto& header : given) {
    std::erase_if(own, [&](const auto& one) { return lower(one.first) == lower(header.first); });
    own.push_back(header);
  }
  return own;
}

std::string without_secrets(std::string text, const Endpoint& endpoint, std::string_view key) {
  constexpr size_t kLeast = 6;  // what is shorter stands in many a word
  const auto remove = [&text](std::string_view secret) {
    if (secret.size() < kLeast) return;
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
      text.replace(at, secret.size(), "[key]");
  };
  remove(key);
  for (const auto& [name, value] : endpoint.headers) remove(value);
  for (const auto& [name, value] : endpoint.headers) {
    const auto words = split(value, ' ');  // the first of several names the scheme: "Bearer"
    for (size_t i = 1; i < words.size(); ++i) remove(words[i]);
  }
  return text;
}

std::string words_for_people(std::string text, const Endpoint& endpoint, std::string_view key) {
  return shortened(without_secrets(std::move(text), endpoint, key), kLongestWords);
}

std::string quoted_json(std::string_view text) {
  return json::serialize(json::string(valid_utf8(text)));
}

std::string valid_arguments(const ToolCall& call) {
  const auto parsed = parse_json(call.arguments);
  return parsed && parsed->is_object() ? call.arguments : "{}";
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) {
    if (!out.empty() && !item.empty()) out += ',';
    out += item;
  }
  return out;
}

// A period of at most a tenth of the tail that fills it.
bool repeats_itself(std::string_view text, size_t tail) {
  if (text.size() < tail) return false;
  const std::string_view last = text.substr(text.size() - tail);
  for (size_t period = 1; period <= std::min<size_t>(tail / 10, 400); ++period) {
    if (last.substr(0, tail - period) == last.substr(period)) {
      // Rows of blanks or dashes are layout, and end.
      return period > 2 || text.size() > 8 * tail;
    }
  }
  return false;
}

const Wire& wire_of(WireKind kind) {
  switch (kind) {
    case WireKind::Responses:
      return responses_wire();
    case WireKind::Anthropic:
      return anthropic_wire();
    case WireKind::Gemini:
      return gemini_wire();
    case WireKind::Chat:
      break;
  }
  return chat_wire();
}

// A prefix may hold a message already.
std::string whole_body(const Wire& wire, std::string prefix, std::string_view items) {
  if (!prefix.ends_with('[')) prefix += ',';
  return prefix.append(items) + wire.suffix();
}

std::optional<Mend> Wire::mend(std::string_view) const { return std::nullopt; }

std::optional<SideCall> Wire::count_call(const Endpoint&, const Frame&, std::string_view) const {
  return std::nullopt;
}

std::optional<SideCall> Wire::compact_call(const Endpoint&, const Frame&, std::string_view) const {
  return std::nullopt;
}

std::optional<VendorCompaction> Wire::compaction_in(const json::object&) const {
  return std::nullopt;
}

std::optional<std::int64_t> counted_in(const json::object& answer) {
  for (const char* member : {"input_tokens", "totalTokens"}) {
    if (const std::int64_t tokens = told_tokens(answer, member); tokens > 0) return tokens;
  }
  return std::nullopt;
}

}  // namespace nightjar::model
