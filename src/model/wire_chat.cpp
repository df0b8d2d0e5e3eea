// OpenAI Chat Completions, and the many servers that speak it: OpenRouter, vLLM, Ollama, llama.cpp,
// LM Studio. Tolerated of them: no usage, whole arguments in one chunk, names and ids in every
// fragment, missing ids and indices, "stop" with calls, `reasoning_content`, no [DONE].
#include <map>

#include "base/text.h"
#include "model/reply_builder.h"
#include "model/wires.h"

namespace nightjar::model {

namespace {

class Reader final : public ReplyReader {
 public:
  explicit Reader(OnText on_text) : builder_(std::move(on_text)) {}

  bool on_event(const net::SseEvent& event) override {
    if (event.data.starts_with("[DONE]")) {
      // Some say nothing else at the end.
      if (!builder_.reply.text.empty() || !calls_.empty()) builder_.ended();
      return false;
    }
    const auto data = builder_.parse(event);
    if (!data) return false;
    if (const auto* error = data->if_contains("error"); error && !error->is_null()) {
      builder_.fail(failure_in_stream(error->is_object() ? error->get_object()
                                                         : json::object{{"message", *error}}));
      return false;
    }
    if (const std::string model = get_string(*data, "model"); !model.empty())
      builder_.reply.model = model;
    usage(get_object(*data, "usage"));
    for (const auto& item : get_array(*data, "choices")) {
      if (item.is_object() && get_int(item.get_object(), "index") == 0) choice(item.get_object());
    }
    return !builder_.over();
  }

  Outcome finish() override {
    for (auto& [index, call] : calls_) {
      if (call.name.empty() && call.arguments.empty()) continue;
      if (call.id.empty()) call.id = "call_" + random_id(12);
      builder_.reply.calls.push_back(std::move(call));
    }
    calls_.clear();
    return builder_.finish();
  }

 private:
  void usage(const json::object& usage) {
    if (usage.empty()) return;
    const auto& details = get_object(usage, "prompt_tokens_details");
    builder_.reply.usage = {
        get_int(usage, "prompt_tokens"), get_int(details, "cached_tokens"),
        get_int(details, "cache_write_tokens"), get_int(usage, "completion_tokens"),
        get_int(get_object(usage, "completion_tokens_details"), "reasoning_tokens")};
  }

  void choice(const json::object& choice) {
    // Servers that do not stream after all send the whole message.
    const auto& whole = get_object(choice, "message");
    const auto& delta = whole.empty() ? get_object(choice, "delta") : whole;
    builder_.text(get_string(delta, "content"));
    if (const std::string refusal = get_string(delta, "refusal"); !refusal.empty()) {
      builder_.text(refusal);
      refused_ = true;
    }
    builder_.thought(get_string(delta, "reasoning_content", get_string(delta, "reasoning")));
    for (const auto& item : get_array(delta, "tool_calls")) {
      if (item.is_object()) fragment(item.get_object());
    }
    const std::string finish = get_string(choice, "finish_reason");
    if (finish.empty()) return;
    builder_.ended();
    builder_.reply.stop = finish == "length"                       ? Stop::Length
                          : finish == "content_filter" || refused_ ? Stop::Refused
                                                                   : Stop::Finished;
    if (builder_.reply.stop == Stop::Length) {
      std::erase_if(calls_, [](const auto& call) { return !parse_json(call.second.arguments); });
    }
  }

  void fragment(const json::object& fragment) {
    const std::string id = get_string(fragment, "id");
    std::int64_t index = get_int(fragment, "index", -1);
    if (index < 0) {
      // Without an index a new id (or a name where none is open) begins another call.
      index = calls_.empty() ? 0 : calls_.rbegin()->first;
      const bool fresh = !calls_.empty() && !id.empty() && calls_.rbegin()->second.id != id;
      if (fresh) ++index;
    }
    if (calls_.size() > kMostCalls) return builder_.malformed("too many calls at once");
    ToolCall& call = calls_[index];
    const auto& function = get_object(fragment, "function");
    if (call.id.empty()) call.id = id;
    if (call.name.empty()) call.name = get_string(function, "name");
    const auto* arguments = function.if_contains("arguments");
    // Some send the arguments as an object.
    if (arguments && arguments->is_object())
      builder_.arguments(call.arguments, to_line(*arguments));
    else
      builder_.arguments(call.arguments, get_string(function, "arguments"));
  }

  ReplyBuilder builder_;
  std::map<std::int64_t, ToolCall> calls_;
  bool refused_ = false;
};

class Chat final : public Wire {
 public:
  std::string url(const Endpoint& endpoint) const override {
    return endpoint.base_url + "/chat/completions";
  }

  net::Headers headers(const Endpoint&, const std::string& key) const override {
    net::Headers out{{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
    if (!key.empty()) out.emplace_back("Authorization", "Bearer " + key);
    return out;
  }

  std::string prefix(const Endpoint& endpoint, const Frame& frame) const override {
    std::string out = "{\"model\":" + quoted_json(endpoint.model) +
                      ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";
    if (endpoint.max_output > 0)
      out += ",\"max_completion_tokens\":" + std::to_string(endpoint.max_output);
    if (!endpoint.effort.empty()) out += ",\"reasoning_effort\":" + quoted_json(endpoint.effort);
    if (!frame.tools.empty()) {
      out += ",\"tools\":[";
      for (const auto& tool : frame.tools) {
        if (!out.ends_with('[')) out += ',';
        out += "{\"type\":\"function\",\"function\":{\"name\":" + quoted_json(tool.name) +
               ",\"description\":" + quoted_json(tool.description) +
               ",\"parameters\":" + tool.parameters + "}}";
      }
      out += ']';
    }
    out += ",\"messages\":[";
    if (!frame.system.empty())
      out += "{\"role\":\"system\",\"content\":" + quoted_json(frame.system) + "}";
    return out;
  }

  std::string suffix() const override { return "]}"; }

  std::string user(std::string_view text) const override {
    return "{\"role\":\"user\",\"content\":" + quoted_json(text) + "}";
  }

  std::string results(const std::vector<ToolResult>& results,
                      std::string_view message) const override {
    std::vector<std::string> items;
    for (const auto& result : results) {
      items.push_back("{\"role\":\"tool\",\"tool_call_id\":" + quoted_json(result.call) +
                      ",\"content\":" + quoted_json(result.output) + "}");
    }
    // A tool's answer is text alone here: pictures follow as the person's words.
    for (const auto& result : results) {
      if (result.image.empty()) continue;
      items.push_back(
          "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":" +
          quoted_json("data:" + result.image_type + ";base64," + result.image) + "}}]}");
    }
    if (!message.empty()) items.push_back(user(message));
    return joined(items);
  }

  std::string reply(const Reply& reply) const override {
    if (reply.text.empty() && reply.calls.empty()) return "";
    std::string out = "{\"role\":\"assistant\",\"content\":" +
                      (reply.text.empty() ? "null" : quoted_json(reply.text));
    if (!reply.calls.empty()) {
      out += ",\"tool_calls\":[";
      for (const auto& call : reply.calls) {
        if (!out.ends_with('[')) out += ',';
        out += "{\"id\":" + quoted_json(call.id) +
               ",\"type\":\"function\",\"function\":{\"name\":" + quoted_json(call.name) +
               ",\"arguments\":" + quoted_json(valid_arguments(call)) + "}}";
      }
      out += ']';
    }
    return out + "}";
  }

  std::unique_ptr<ReplyReader> reader(OnText on_text) const override {
    return std::make_unique<Reader>(std::move(on_text));
  }
};

}  // namespace

const Wire& chat_wire() {
  static const Chat wire;
  return wire;
}

}  // namespace nightjar::model
