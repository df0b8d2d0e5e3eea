// OpenAI Responses, stateless: nothing is stored there, every output item is sent back in order
// (reasoning with its encrypted content included). Fields as in the vendor's SDK (openai 6.49.0).
#include "base/text.h"
#include "model/loose_json.h"
#include "model/reply_builder.h"
#include "model/wires.h"

namespace nightjar::model {

namespace {

Usage usage_of(const json::object& usage) {
  const auto& input = get_object(usage, "input_tokens_details");
  return plausible({told_tokens(usage, "input_tokens"), told_tokens(input, "cached_tokens"),
                    told_tokens(input, "cache_write_tokens"), told_tokens(usage, "output_tokens"),
                    told_tokens(get_object(usage, "output_tokens_details"), "reasoning_tokens")});
}

class Reader final : public ReplyReader {
 public:
  explicit Reader(OnText on_text) : builder_(std::move(on_text)) {}

  bool on_event(const net::SseEvent& event) override {
    if (event.data.starts_with("[DONE]")) return false;
    const auto data = builder_.parse(event);
    if (!data) return false;
    std::string type = get_string(*data, "type");
    if (type.empty()) type = event.event;
    if (type == "response.output_text.delta" || type == "response.refusal.delta") {
      builder_.text(get_string(*data, "delta"));
    } else if (type == "response.reasoning_summary_text.delta") {
      builder_.thought(get_string(*data, "delta"));
    } else if (type == "response.function_call_arguments.delta") {
      builder_.arguments(arguments_, get_string(*data, "delta"));
    } else if (type == "response.output_item.done") {
      item(get_object(*data, "item"));
    } else if (type == "response.completed" || type == "response.incomplete") {
      end(get_object(*data, "response"));
      return false;
    } else if (type == "response.failed") {
      builder_.fail(failure_in_stream(get_object(get_object(*data, "response"), "error")));
    } else if (type == "error") {
      const auto& nested = get_object(*data, "error");
      builder_.fail(failure_in_stream(nested.empty() ? *data : nested));
    }
    return !builder_.over();
  }

  // A reply that was cut may end in half a call, which did not count; any may end in thoughts. The
  // vendor takes neither back alone.
  Outcome finish() override {
    if (builder_.reply.stop == Stop::Length)
      std::erase_if(items_, [](const Item& item) { return item.is_half; });
    while (!items_.empty() && items_.back().type == "reasoning") items_.pop_back();
    std::vector<std::string> texts;
    for (auto& item : items_) texts.push_back(std::move(item.text));
    builder_.reply.replay = joined(texts);
    return builder_.finish();
  }

  Usage usage() const override { return builder_.reply.usage; }
  bool usage_is_final() const override { return builder_.has_ended(); }
  size_t written() const override { return builder_.size(); }

 private:
  struct Item {
    std::string type, text;
    bool is_half = false;  ///< a call without its end
  };

  void item(const json::object& item) {
    if (item.empty()) return;
    const std::string type = get_string(item, "type");
    bool is_half = false;
    if (type == "function_call") {
      is_half = !parse_json(whole_characters(get_string(item, "arguments", "{}")));
      builder_.reply.calls.push_back({get_string(item, "call_id"), get_string(item, "name"),
                                      whole_characters(get_string(item, "arguments"))});
      arguments_.clear();
    }
    if (type == "message") {
      for (const auto& part : get_array(item, "content")) {
        if (!part.is_object()) continue;
        if (get_string(part.get_object(), "type") == "refusal") refused_ = true;
        // A server that sends whole items alone.
        if (builder_.reply.text.empty())
          builder_.text(
              get_string(part.get_object(), "text", get_string(part.get_object(), "refusal")));
      }
    }
    items_.push_back({type, to_line(item), is_half});
    builder_.kept(items_.back().text.size());
  }

  void end(const json::object& response) {
    builder_.ended();
    Reply& reply = builder_.reply;
    reply.model = get_string(response, "model");
    reply.usage = usage_of(get_object(response, "usage"));
    if (items_.empty()) {
      for (const auto& entry : get_array(response, "output")) {
        if (entry.is_object()) item(entry.get_object());
      }
    }
    const std::string why = get_string(get_object(response, "incomplete_details"), "reason");
    reply.stop = why == "content_filter" || refused_              ? Stop::Refused
                 : get_string(response, "status") == "incomplete" ? Stop::Length
                                                                  : Stop::Finished;
    if (reply.stop == Stop::Refused) reply.why = why;
    // An answer that was cut may end in half a call.
    if (reply.stop == Stop::Length) {
      std::erase_if(reply.calls,
                    [](const ToolCall& call) { return !parse_json(call.arguments).has_value(); });
    }
  }

  ReplyBuilder builder_;
  std::vector<Item> items_;
  std::string arguments_;
  bool refused_ = false;
};

constexpr const char* kEncryptedThoughts = ",\"include\":[\"reasoning.encrypted_content\"]";

// Families whose servers refuse to be asked for the thoughts that they do not have.
bool never_thinks(std::string_view model) {
  model = model.substr(model.rfind('/') + 1);
  if (model.starts_with("ft:")) model.remove_prefix(3);
  for (const std::string_view family : {"gpt-4.", "gpt-4o", "gpt-4-", "gpt-3.5", "chatgpt-4o"})
    if (model.starts_with(family)) return true;
  return model == "gpt-4";
}

class Responses final : public Wire {
 public:
  std::string url(const Endpoint& endpoint) const override {
    return url_below(endpoint.base_url, "/responses");
  }

  net::Headers headers(const Endpoint&, const std::string& key) const override {
    net::Headers out{{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
    if (!key.empty()) out.emplace_back("Authorization", "Bearer " + key);
    return out;
  }

  std::string prefix(const Endpoint& endpoint, const Frame& frame) const override {
    std::string out =
        "{\"model\":" + quoted_json(endpoint.model) + ",\"stream\":true,\"store\":false" +
        (never_thinks(endpoint.model) ? "" : kEncryptedThoughts) + ",\"parallel_tool_calls\":true";
    if (endpoint.max_output > 0)
      out += ",\"max_output_tokens\":" + std::to_string(endpoint.max_output);
    if (!endpoint.effort.empty())
      out +=
          ",\"reasoning\":{\"effort\":" + quoted_json(endpoint.effort) + ",\"summary\":\"auto\"}";
    if (!frame.cache_key.empty()) out += ",\"prompt_cache_key\":" + quoted_json(frame.cache_key);
    return out + instructions_and_tools(frame) + ",\"input\":[";
  }

  std::string suffix() const override { return "]}"; }

  std::string user(std::string_view text) const override {
    return "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
           "\"text\":" +
           quoted_json(text) + "}]}";
  }

  std::string results(const std::vector<ToolResult>& results,
                      std::string_view message) const override {
    std::vector<std::string> items;
    for (const auto& result : results) {
      std::string output = quoted_json(result.output);
      if (!result.image.empty())
        output = "[{\"type\":\"input_text\",\"text\":" + output +
                 "},{\"type\":\"input_image\",\"image_url\":" +
                 quoted_json("data:" + result.image_type + ";base64," + result.image) + "}]";
      items.push_back("{\"type\":\"function_call_output\",\"call_id\":" + quoted_json(result.call) +
                      ",\"output\":" + output + "}");
    }
    if (!message.empty()) items.push_back(user(message));
    return joined(items);
  }

  std::string reply(const Reply& reply) const override {
    std::vector<std::string> items;
    if (!reply.text.empty())
      items.push_back(
          "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
          "\"text\":" +
          quoted_json(reply.text) + "}]}");
    for (const auto& call : reply.calls) {
      items.push_back("{\"type\":\"function_call\",\"call_id\":" + quoted_json(call.id) +
                      ",\"name\":" + quoted_json(call.name) +
                      ",\"arguments\":" + quoted_json(call.arguments) + "}");
    }
    return joined(items);
  }

  std::optional<Mend> mend(std::string_view words) const override {
    if (!lower(words).contains("encrypted content is not supported")) return std::nullopt;
    return Mend{kEncryptedThoughts, ""};
  }

  std::unique_ptr<ReplyReader> reader(OnText on_text) const override {
    return std::make_unique<Reader>(std::move(on_text));
  }

  Usage usage_in(const json::object& answer) const override {
    return usage_of(get_object(answer, "usage"));
  }

  std::optional<SideCall> count_call(const Endpoint& endpoint, const Frame& frame,
                                     std::string_view items) const override {
    return SideCall{url_below(url(endpoint), "/input_tokens"),
                    "{\"model\":" + quoted_json(endpoint.model) + instructions_and_tools(frame) +
                        ",\"input\":[" + std::string(items) + "]}",
                    {}};
  }

  std::optional<SideCall> compact_call(const Endpoint& endpoint, const Frame& frame,
                                       std::string_view items) const override {
    std::string body = "{\"model\":" + quoted_json(endpoint.model);
    if (!frame.system.empty()) body += ",\"instructions\":" + quoted_json(frame.system);
    return SideCall{url_below(url(endpoint), "/compact"),
                    body + ",\"input\":[" + std::string(items) + "]}",
                    {}};
  }

  // The output holds the person's messages as they were, and one opaque item that stands for the
  // rest. Who asks puts the task and the person's words behind it: kept here as well, each
  // compaction would add them once more.
  std::optional<VendorCompaction> compaction_in(const json::object& answer) const override {
    VendorCompaction out;
    std::vector<std::string> items;
    bool found = false;
    for (const auto& item : get_array(answer, "output")) {
      if (!item.is_object()) return std::nullopt;
      if (is_of_the_person(item.get_object())) continue;
      found |= get_string(item.get_object(), "type") == "compaction";
      items.push_back(to_line(item));
    }
    if (!found) return std::nullopt;
    out.items = joined(items);
    out.usage = usage_of(get_object(answer, "usage"));
    return out;
  }

 private:
  static bool is_of_the_person(const json::object& item) {
    return get_string(item, "type", "message") == "message" && get_string(item, "role") == "user";
  }

  static std::string instructions_and_tools(const Frame& frame) {
    std::string out;
    if (!frame.system.empty()) out += ",\"instructions\":" + quoted_json(frame.system);
    if (!frame.tools.empty()) {
      out += ",\"tools\":[";
      for (const auto& tool : frame.tools) {
        if (!out.ends_with('[')) out += ',';
        out += "{\"type\":\"function\",\"name\":" + quoted_json(tool.name) +
               ",\"description\":" + quoted_json(tool.description) +
               ",\"parameters\":" + tool.parameters + ",\"strict\":false}";
      }
      out += ']';
    }
    return out;
  }
};

}  // namespace

const Wire& responses_wire() {
  static const Responses wire;
  return wire;
}

}  // namespace nightjar::model
