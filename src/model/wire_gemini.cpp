// Gemini's generateContent, streamed. Parts of a reply (with their thought signatures) are sent
// back as they came. Where a call has no id, ours stays on this side.
#include "base/text.h"
#include "model/reply_builder.h"
#include "model/wires.h"

namespace nightjar::model {

namespace {

constexpr std::string_view kOwnId = "nightjar_";
// Gemini 3 takes no step of calls whose first one is unsigned; this stands for the signature where
// another model made them (ai.google.dev/gemini-api/docs/thought-signatures).
constexpr std::string_view kForeign = ",\"thoughtSignature\":\"skip_thought_signature_validator\"";

Usage usage_of(const json::object& usage) {
  const std::int64_t thoughts = told_tokens(usage, "thoughtsTokenCount");
  return plausible(
      {told_tokens(usage, "promptTokenCount") + told_tokens(usage, "toolUsePromptTokenCount"),
       told_tokens(usage, "cachedContentTokenCount"), 0,
       told_tokens(usage, "candidatesTokenCount") + thoughts, thoughts});
}

class Reader final : public ReplyReader {
 public:
  explicit Reader(OnText on_text) : builder_(std::move(on_text)) {}

  bool on_event(const net::SseEvent& event) override {
    const auto data = builder_.parse(event);
    if (!data) return false;
    if (const auto& error = get_object(*data, "error"); !error.empty()) {
      builder_.fail(failure_in_stream(error));
      return false;
    }
    if (const std::string model = get_string(*data, "modelVersion"); !model.empty())
      builder_.reply.model = model;
    if (const auto& told = get_object(*data, "usageMetadata"); !told.empty())
      builder_.reply.usage = usage_of(told);
    if (const std::string blocked = get_string(get_object(*data, "promptFeedback"), "blockReason");
        !blocked.empty()) {
      builder_.ended();
      builder_.reply.stop = Stop::Refused;
      builder_.reply.why = blocked;
    }
    const auto& candidates = get_array(*data, "candidates");
    if (!candidates.empty() && candidates[0].is_object()) candidate(candidates[0].get_object());
    return !builder_.over();
  }

  Outcome finish() override {
    std::string parts;
    for (const auto& part : parts_) {
      if (!parts.empty()) parts += ',';
      parts += to_line(part);
    }
    if (!parts.empty()) builder_.reply.replay = "{\"role\":\"model\",\"parts\":[" + parts + "]}";
    return builder_.finish();
  }

  Usage usage() const override { return builder_.reply.usage; }
  bool usage_is_final() const override { return builder_.has_ended(); }
  size_t written() const override { return builder_.size(); }

 private:
  void candidate(const json::object& candidate) {
    for (const auto& item : get_array(get_object(candidate, "content"), "parts")) {
      if (item.is_object()) part(item.get_object());
    }
    const std::string finish = get_string(candidate, "finishReason");
    if (finish.empty()) return;
    builder_.ended();
    if (finish == "MAX_TOKENS") builder_.reply.stop = Stop::Length;
    if (finish == "MALFORMED_FUNCTION_CALL" || finish == "UNEXPECTED_TOOL_CALL")
      builder_.malformed("the model wrote a call that its vendor could not read");
    if (finish == "SAFETY" || finish == "RECITATION" || finish == "BLOCKLIST" ||
        finish == "PROHIBITED_CONTENT" || finish == "SPII") {
      builder_.reply.stop = Stop::Refused;
      builder_.reply.why = finish;
    }
  }

  void part(const json::object& part) {
    if (builder_.over()) return;
    if (parts_.size() > 64 * kMostCalls) return builder_.malformed("too many parts");
    const std::string text = get_string(part, "text");
    const bool thought = get_bool(part, "thought");
    if (thought)
      builder_.thought(text);
    else
      builder_.text(text);
    if (const auto& call = get_object(part, "functionCall"); !call.empty()) {
      std::string id = get_string(call, "id");
      if (id.empty()) id = std::string(kOwnId) + random_id(12);
      const std::string arguments = to_line(get_object(call, "args"));
      std::string counted;
      builder_.arguments(counted, arguments);
      builder_.reply.calls.push_back({std::move(id), get_string(call, "name"), arguments});
    }
    // Pieces of one text become one part again; a signature keeps its place.
    const auto* said = part.if_contains("text");
    const bool plain =
        part.size() == (part.contains("thought") ? 2 : 1) && said && said->is_string();
    if (plain && !parts_.empty() && open_ && open_thought_ == thought) {
      auto& before = parts_.back()["text"].as_string();
      before.append(text);
    } else if (!part.empty()) {
      builder_.kept(to_line(part).size());
      if (builder_.over()) return;
      parts_.push_back(part);
    }
    open_ = plain;
    open_thought_ = thought;
  }

  ReplyBuilder builder_;
  std::vector<json::object> parts_;
  bool open_ = false, open_thought_ = false;
};

class Gemini final : public Wire {
 public:
  std::string url(const Endpoint& endpoint) const override {
    return url_below(endpoint.base_url, "/v1beta/models/" + net::url_encoded(endpoint.model) +
                                            ":streamGenerateContent?alt=sse");
  }

  net::Headers headers(const Endpoint&, const std::string& key) const override {
    net::Headers out{{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
    if (!key.empty()) out.emplace_back("x-goog-api-key", key);
    return out;
  }

  std::string prefix(const Endpoint& endpoint, const Frame& frame) const override {
    std::string out = "{" + system_and_tools(frame);
    std::vector<std::string> settings;
    if (endpoint.max_output > 0)
      settings.push_back("\"maxOutputTokens\":" + std::to_string(endpoint.max_output));
    if (!endpoint.effort.empty())
      settings.push_back("\"thinkingConfig\":{" + effort(endpoint.effort) +
                         ",\"includeThoughts\":true}");
    if (!settings.empty()) out += "\"generationConfig\":{" + joined(settings) + "},";
    return out + "\"contents\":[";
  }

  std::string suffix() const override { return "]}"; }

  std::string user(std::string_view text) const override {
    return "{\"role\":\"user\",\"parts\":[" + text_part(text) + "]}";
  }

  std::string results(const std::vector<ToolResult>& results,
                      std::string_view message) const override {
    std::vector<std::string> parts;
    for (const auto& result : results) {
      std::string part = "{\"functionResponse\":{";
      if (!result.call.starts_with(kOwnId)) part += "\"id\":" + quoted_json(result.call) + ",";
      part += "\"name\":" + quoted_json(result.name) + ",\"response\":{\"" +
              (result.error ? "error" : "output") + "\":" + quoted_json(result.output) + "}}}";
      parts.push_back(std::move(part));
    }
    for (const auto& result : results) {
      if (result.image.empty()) continue;
      parts.push_back("{\"inlineData\":{\"mimeType\":" + quoted_json(result.image_type) +
                      ",\"data\":" + quoted_json(result.image) + "}}");
    }
    if (!message.empty()) parts.push_back(text_part(message));
    return "{\"role\":\"user\",\"parts\":[" + joined(parts) + "]}";
  }

  std::string reply(const Reply& reply) const override {
    std::vector<std::string> parts;
    if (!reply.text.empty()) parts.push_back(text_part(reply.text));
    for (const auto& call : reply.calls) {
      std::string part = "{\"functionCall\":{";
      if (!call.id.starts_with(kOwnId)) part += "\"id\":" + quoted_json(call.id) + ",";
      part += "\"name\":" + quoted_json(call.name) + ",\"args\":" + valid_arguments(call) + "}";
      if (&call == &reply.calls.front()) part += kForeign;
      parts.push_back(std::move(part) + "}");
    }
    return parts.empty() ? "" : "{\"role\":\"model\",\"parts\":[" + joined(parts) + "]}";
  }

  std::unique_ptr<ReplyReader> reader(OnText on_text) const override {
    return std::make_unique<Reader>(std::move(on_text));
  }

  Usage usage_in(const json::object& answer) const override {
    return usage_of(get_object(answer, "usageMetadata"));
  }

  std::optional<SideCall> count_call(const Endpoint& endpoint, const Frame& frame,
                                     std::string_view items) const override {
    return SideCall{
        url_below(endpoint.base_url,
                  "/v1beta/models/" + net::url_encoded(endpoint.model) + ":countTokens"),
        "{\"generateContentRequest\":{\"model\":" + quoted_json("models/" + endpoint.model) + "," +
            system_and_tools(frame) + "\"contents\":[" + std::string(items) + "]}}",
        {}};
  }

 private:
  // Older models take a number of tokens, newer ones a word.
  static std::string effort(const std::string& effort) {
    const bool tokens = effort.find_first_not_of("0123456789") == std::string::npos;
    return tokens ? "\"thinkingBudget\":" + effort : "\"thinkingLevel\":" + quoted_json(effort);
  }

  static std::string system_and_tools(const Frame& frame) {
    std::string out;
    if (!frame.system.empty())
      out += "\"systemInstruction\":{\"parts\":[" + text_part(frame.system) + "]},";
    if (!frame.tools.empty()) {
      out += "\"tools\":[{\"functionDeclarations\":[";
      for (const auto& tool : frame.tools) {
        if (!out.ends_with('[')) out += ',';
        out += "{\"name\":" + quoted_json(tool.name) +
               ",\"description\":" + quoted_json(tool.description) +
               ",\"parameters\":" + tool.parameters + "}";
      }
      out += "]}],";
    }
    return out;
  }

  static std::string text_part(std::string_view text) {
    return "{\"text\":" + quoted_json(text) + "}";
  }
};

}  // namespace

const Wire& gemini_wire() {
  static const Gemini wire;
  return wire;
}

}  // namespace nightjar::model
