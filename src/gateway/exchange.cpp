#include "gateway/exchange.h"

#include <algorithm>
#include <new>

#include "gateway/policy.h"
#include "net/http.h"

namespace nightjar::gateway {

namespace {

using model::WireKind;

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// SDKs differ in whether /v1 is part of their base URL.
std::string_view without_version(std::string_view path) {
  for (const std::string_view prefix : {"/v1beta", "/v1"}) {
    if (path.starts_with(prefix)) return path.substr(prefix.size());
  }
  return path;
}

// A list of small numbers takes twenty times its text.
class Bounded final : public json::memory_resource {
  // Nothing of it wants more than every allocation has; what is given back may say another
  // alignment than what was asked for.
  void* do_allocate(size_t size, size_t) override {
    if (size > left_) throw std::bad_alloc{};
    left_ -= size;
    return ::operator new(size);
  }
  void do_deallocate(void* at, size_t size, size_t) override {
    left_ += size;
    ::operator delete(at);
  }
  bool do_is_equal(const json::memory_resource& other) const noexcept override {
    return this == &other;
  }
  size_t left_ = size_t{128} << 20;
};

std::expected<json::object, std::string> object_in(std::string_view body) {
  const json::storage_ptr memory = json::make_shared_resource<Bounded>();
  json::parser parser(memory);
  parser.reset(memory);
  boost::system::error_code error;
  parser.write(body.data(), body.size(), error);
  json::value value = error ? json::value() : parser.release();
  if (!value.is_object()) return std::unexpected("the body is no JSON object");
  return std::move(value.get_object());
}

// A client's number may be anything.
std::int64_t told_within_reason(const json::object& object, std::string_view member) {
  return std::clamp<std::int64_t>(get_int(object, member), 0, 1'000'000'000);
}

model::Usage most_used(WireKind wire, const json::object& body, size_t bytes) {
  std::int64_t longest = 0, answers = 1;
  for (const auto member : {"max_output_tokens", "max_completion_tokens", "max_tokens"})
    longest = std::max(longest, told_within_reason(body, member));
  if (wire == WireKind::Chat) answers = std::max(answers, told_within_reason(body, "n"));
  for (const auto settings : {"generationConfig", "generation_config"}) {
    const auto& config = get_object(body, settings);
    for (const auto member : {"maxOutputTokens", "max_output_tokens"})
      longest = std::max(longest, told_within_reason(config, member));
    for (const auto member : {"candidateCount", "candidate_count"})
      answers = std::max(answers, told_within_reason(config, member));
  }
  if (longest == 0) longest = model::wire_of(wire).usual_output();
  model::Usage out;
  out.input = guessed_tokens(bytes);
  out.output = std::min(longest, std::int64_t{1'000'000'000} / answers) * answers;
  return out;
}

std::expected<Outgoing, std::string> made_outgoing(const Asked& asked, std::string_view body,
                                                   const model::Endpoint& endpoint) {
  auto parsed = object_in(body);
  if (!parsed) return std::unexpected(parsed.error());
  json::object out = std::move(*parsed);
  keep_to_the_model(asked.wire, out);
  if (const auto member = leads_elsewhere(asked.wire, out))
    return std::unexpected("'" + *member +
                           "' leads to something outside this request, and only the model can be "
                           "reached from here");
  Outgoing made;
  made.streams = asked.wire == WireKind::Gemini ? asked.streams : get_bool(out, "stream");
  if (asked.wire != WireKind::Gemini) out["model"] = endpoint.model;  // whose path names it
  if (asked.wire == WireKind::Chat) {
    json::object options = get_object(out, "stream_options");
    made.drops_usage = made.streams && !get_bool(options, "include_usage");
    options["include_usage"] = true;
    if (made.streams) out["stream_options"] = std::move(options);
  }
  made.body = to_line(out);
  made.most = most_used(asked.wire, out, made.body.size());
  return made;
}

}  // namespace

std::optional<Asked> asked_by(std::string_view method, std::string_view path) {
  if (method != "POST") return std::nullopt;
  const std::string_view rest = without_version(path);
  if (rest == "/responses") return Asked{WireKind::Responses, false, false};
  if (rest == "/responses/input_tokens") return Asked{WireKind::Responses, true, false};
  if (rest == "/chat/completions") return Asked{WireKind::Chat, false, false};
  if (rest == "/messages") return Asked{WireKind::Anthropic, false, false};
  if (rest == "/messages/count_tokens") return Asked{WireKind::Anthropic, true, false};
  if (rest.starts_with("/models/")) {
    std::string_view name = rest;
    if (take_suffix(name, ":streamGenerateContent")) return Asked{WireKind::Gemini, false, true};
    if (take_suffix(name, ":generateContent")) return Asked{WireKind::Gemini, false, false};
    if (take_suffix(name, ":countTokens")) return Asked{WireKind::Gemini, true, false};
  }
  return std::nullopt;
}

bool asks_for_models(std::string_view method, std::string_view path) {
  return method == "GET" && without_version(path) == "/models";
}

std::expected<Outgoing, std::string> outgoing(const Asked& asked, std::string_view body,
                                              const model::Endpoint& endpoint) {
  try {
    return made_outgoing(asked, body, endpoint);
  } catch (const std::bad_alloc&) {
    return std::unexpected("the body holds more values than a request to a model may");
  }
}

std::int64_t guessed_tokens(size_t bytes) {
  constexpr size_t kBytesOfAToken = 4;
  return static_cast<std::int64_t>(bytes / kBytesOfAToken);
}

bool tells_usage_alone(const net::SseEvent& event) {
  const auto parsed = parse_json(event.data);
  if (!parsed || !parsed->is_object()) return false;
  const auto& object = parsed->get_object();
  return object.contains("choices") && get_array(object, "choices").empty() &&
         !get_object(object, "usage").empty();
}

std::string url_for(const Asked& asked, std::string_view path, const model::Endpoint& endpoint) {
  const auto below = [&endpoint](std::string_view rest) {
    return model::url_below(endpoint.base_url, rest);
  };
  switch (asked.wire) {
    case WireKind::Responses:
    case WireKind::Chat:
      return below(without_version(path));
    case WireKind::Anthropic:
      return below("/v1" + std::string(without_version(path)));
    case WireKind::Gemini: {
      const std::string_view verb = path.substr(path.rfind(':'));
      return below("/v1beta/models/" + net::url_encoded(endpoint.model) + std::string(verb) +
                   (asked.streams ? "?alt=sse" : ""));
    }
  }
  return endpoint.base_url;
}

std::string error_body(WireKind wire, std::string_view code, std::string_view message) {
  json::object error{{"type", code}, {"code", code}, {"message", message}};
  if (wire == WireKind::Anthropic)
    return to_line(json::object{{"type", "error"}, {"error", std::move(error)}});
  if (wire == WireKind::Gemini) error["status"] = code;
  return to_line(json::object{{"error", std::move(error)}});
}

}  // namespace nightjar::gateway
