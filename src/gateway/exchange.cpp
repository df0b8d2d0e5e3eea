#include "gateway/exchange.h"

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

std::expected<json::object, std::string> outgoing(const Asked& asked, std::string_view body,
                                                  const model::Endpoint& endpoint) {
  auto parsed = parse_json(body);
  if (!parsed || !parsed->is_object()) return std::unexpected("the body is no JSON object");
  json::object out = std::move(parsed->get_object());
  keep_to_the_model(asked.wire, out);
  if (const auto member = leads_elsewhere(asked.wire, out))
    return std::unexpected("'" + *member +
                           "' leads to something outside this request, and only the model can be "
                           "reached from here");
  if (asked.wire == WireKind::Gemini) return out;  // the model is in the path
  out["model"] = endpoint.model;
  if (asked.wire == WireKind::Chat && get_bool(out, "stream")) {
    json::object options = get_object(out, "stream_options");
    options["include_usage"] = true;
    out["stream_options"] = std::move(options);
  }
  return out;
}

bool wants_usage(std::string_view body) {
  const auto parsed = parse_json(body);
  return parsed && parsed->is_object() &&
         get_bool(get_object(parsed->get_object(), "stream_options"), "include_usage");
}

bool tells_usage_alone(const net::SseEvent& event) {
  const auto parsed = parse_json(event.data);
  if (!parsed || !parsed->is_object()) return false;
  const auto& object = parsed->get_object();
  return object.contains("choices") && get_array(object, "choices").empty() &&
         !get_object(object, "usage").empty();
}

bool wants_stream(const Asked& asked, const json::object& body) {
  return asked.wire == WireKind::Gemini ? asked.streams : get_bool(body, "stream");
}

std::string url_for(const Asked& asked, std::string_view path, const model::Endpoint& endpoint) {
  const std::string& base = endpoint.base_url;
  switch (asked.wire) {
    case WireKind::Responses:
    case WireKind::Chat:
      return base + std::string(without_version(path));
    case WireKind::Anthropic:
      return base + "/v1" + std::string(without_version(path));
    case WireKind::Gemini: {
      const std::string_view verb = path.substr(path.rfind(':'));
      return base + "/v1beta/models/" + net::url_encoded(endpoint.model) + std::string(verb) +
             (asked.streams ? "?alt=sse" : "");
    }
  }
  return base;
}

std::string error_body(WireKind wire, std::string_view code, std::string_view message) {
  json::object error{{"type", code}, {"code", code}, {"message", message}};
  if (wire == WireKind::Anthropic)
    return to_line(json::object{{"type", "error"}, {"error", std::move(error)}});
  if (wire == WireKind::Gemini) error["status"] = code;
  return to_line(json::object{{"error", std::move(error)}});
}

}  // namespace nightjar::gateway
