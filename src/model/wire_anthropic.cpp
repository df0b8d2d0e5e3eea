// Anthropic Messages. Blocks of a reply (thinking with its signature included) are sent back as
// they came. Fields as in the vendor's SDK (@anthropic-ai/sdk 1.12.0).
#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "model/loose_json.h"
#include "model/reply_builder.h"
#include "model/wires.h"

namespace nightjar::model {

namespace {

constexpr std::int64_t kDefaultOutput = 32'000;
constexpr std::int64_t kCompactionOutput = 16'000, kLeastCompacted = 50'000;
constexpr const char* kVersion = "2023-06-01";

// Input comes without what a cache gave or took. Where the vendor tells of several parts (a
// compaction and the reply), their sum was paid.
Usage usage_of(const json::object& usage) {
  const auto part = [](const json::object& told) -> Usage {
    const std::int64_t cached = told_tokens(told, "cache_read_input_tokens");
    const std::int64_t written = told_tokens(told, "cache_creation_input_tokens");
    return plausible({told_tokens(told, "input_tokens") + cached + written, cached, written,
                      told_tokens(told, "output_tokens"), 0});
  };
  const auto& iterations = get_array(usage, "iterations");
  if (iterations.empty()) return part(usage);
  Usage sum;
  for (const auto& one : iterations)
    if (one.is_object()) sum += part(one.get_object());
  return plausible(sum);
}

// The vendor refuses a text block with nothing to see in it, and for ever the conversation that
// holds one. Its white space is Unicode's.
bool is_blank(std::string_view text) {
  constexpr std::array<std::string_view, 8> kWide{"\u0085", "\u00a0", "\u1680", "\u2028",
                                                  "\u2029", "\u202f", "\u205f", "\u3000"};
  constexpr std::string_view kNarrow = " \t\r\n\v\f\x1c\x1d\x1e\x1f";
  while (!text.empty()) {
    const bool quad = text.size() > 2 && text >= "\u2000" && text.substr(0, 3) <= "\u200a";
    const auto wide = std::ranges::find_if(kWide, [&](auto one) { return text.starts_with(one); });
    if (quad || wide != kWide.end())
      text.remove_prefix(quad ? 3 : wide->size());
    else if (kNarrow.contains(text.front()))
      text.remove_prefix(1);
    else
      return false;
  }
  return true;
}

class Reader final : public ReplyReader {
 public:
  explicit Reader(OnText on_text) : builder_(std::move(on_text)) {}

  bool on_event(const net::SseEvent& event) override {
    const auto data = builder_.parse(event);
    if (!data) return false;
    const std::string type = get_string(*data, "type", event.event);
    const std::int64_t index = get_int(*data, "index", -1);
    if (type == "message_start") {
      const auto& message = get_object(*data, "message");
      builder_.reply.model = get_string(message, "model");
      usage(get_object(message, "usage"));
    } else if (type == "content_block_start") {
      builder_.kept(event.data.size());
      Block* block = block_at(index);
      if (!block) return false;
      block->object = get_object(*data, "content_block");
      builder_.text(get_string(block->object, "text"));
    } else if (type == "content_block_delta") {
      if (Block* block = block_at(index)) delta(*block, get_object(*data, "delta"));
    } else if (type == "message_delta") {
      usage(get_object(*data, "usage"));
      counted_ = get_object(*data, "usage").contains("output_tokens");
      stop(get_object(*data, "delta"));
    } else if (type == "message_stop") {
      builder_.ended();
      return false;
    } else if (type == "error") {
      builder_.fail(failure_in_stream(get_object(*data, "error")));
    }
    return !builder_.over();
  }

  Outcome finish() override {
    std::vector<std::pair<std::string, std::string>> content;  // type, text
    for (auto& [index, block] : blocks_) finish(block, content);
    // Thoughts with nothing behind them are refused when they come back.
    while (!content.empty() && content.back().first.ends_with("thinking")) content.pop_back();
    std::string all;
    for (const auto& [type, text] : content) all += (all.empty() ? "" : ",") + text;
    if (!all.empty()) builder_.reply.replay = "{\"role\":\"assistant\",\"content\":[" + all + "]}";
    return builder_.finish();
  }

  Usage usage() const override { return builder_.reply.usage; }
  bool usage_is_final() const override { return counted_; }
  size_t written() const override { return builder_.size(); }

 private:
  struct Block {
    json::object object;
    std::string text, input, thinking, signature;
  };

  // nullptr: the reply is over.
  Block* block_at(std::int64_t index) {
    if (blocks_.size() > 4 * kMostCalls) builder_.malformed("too many blocks");
    return builder_.over() ? nullptr : &blocks_[index];
  }

  // A server may have left out how it began.
  static void begin(Block& block, std::string_view type) {
    if (get_string(block.object, "type").empty()) block.object["type"] = type;
  }

  void delta(Block& block, const json::object& delta) {
    const std::string type = get_string(delta, "type");
    if (type == "text_delta") {
      begin(block, "text");
      builder_.text(get_string(delta, "text"));
      block.text += get_string(delta, "text");
    } else if (type == "input_json_delta") {
      builder_.arguments(block.input, get_string(delta, "partial_json"));
    } else if (type == "thinking_delta") {
      begin(block, "thinking");
      builder_.thought(get_string(delta, "thinking"));
      block.thinking += get_string(delta, "thinking");
    } else if (type == "signature_delta") {
      builder_.arguments(block.signature, get_string(delta, "signature"));
    }
  }

  void finish(Block& block, std::vector<std::pair<std::string, std::string>>& content) {
    const std::string type = get_string(block.object, "type");
    if (type.empty()) return;  // refused when it is sent back
    if (type == "text") {
      const std::string text = get_string(block.object, "text") + block.text;
      if (is_blank(text)) return;  // refused when it is sent back
      block.object["text"] = whole_characters(text);
    } else if (type == "tool_use") {
      block.input = whole_characters(block.input);
      auto input = parse_json(block.input.empty() ? "{}" : block.input);
      const bool whole = input && input->is_object();
      if (block.input.empty() && !get_object(block.object, "input").empty())
        block.input = to_line(get_object(block.object, "input"));
      else
        block.object["input"] = whole ? *input : json::value(json::object{});
      if (cut_ && !whole) return;  // half a call
      builder_.reply.calls.push_back({get_string(block.object, "id"),
                                      get_string(block.object, "name"),
                                      block.input.empty() ? "{}" : block.input});
    } else if (type == "thinking") {
      block.object["thinking"] =
          whole_characters(get_string(block.object, "thinking") + block.thinking);
      if (!block.signature.empty()) block.object["signature"] = block.signature;
      if (get_string(block.object, "signature").empty()) return;  // was cut
    }
    content.emplace_back(type, to_line(block.object));
  }

  // Cumulative: the newest of each member counts.
  void usage(const json::object& usage) {
    for (const auto& [member, value] : usage)
      if (!value.is_null()) told_[member] = value;
    builder_.reply.usage = usage_of(told_);
  }

  void stop(const json::object& delta) {
    const std::string reason = get_string(delta, "stop_reason");
    if (reason == "max_tokens") builder_.reply.stop = Stop::Length;
    if (reason == "refusal") {
      builder_.reply.stop = Stop::Refused;
      builder_.reply.why = get_string(get_object(delta, "stop_details"), "explanation", reason);
    }
    if (reason == "pause_turn") builder_.reply.stop = Stop::Paused;
    cut_ = reason == "max_tokens";
    if (reason == "model_context_window_exceeded")
      builder_.fail({Failure::Kind::ContextFull, "the model's context is full", std::nullopt, 200});
  }

  ReplyBuilder builder_;
  std::map<std::int64_t, Block> blocks_;
  json::object told_;     ///< of usage
  bool counted_ = false;  ///< the output, at its end
  bool cut_ = false;
};

class Anthropic final : public Wire {
 public:
  std::string url(const Endpoint& endpoint) const override {
    return url_below(endpoint.base_url, "/v1/messages");
  }

  net::Headers headers(const Endpoint&, const std::string& key) const override {
    net::Headers out{{"Content-Type", "application/json"},
                     {"Accept", "text/event-stream"},
                     {"anthropic-version", kVersion}};
    if (!key.empty()) out.emplace_back("x-api-key", key);
    return out;
  }

  // Breakpoints of the cache: one behind what never changes, one (at the top level) that the vendor
  // moves to the end of each request.
  std::string prefix(const Endpoint& endpoint, const Frame& frame) const override {
    const std::int64_t usual =
        endpoint.context > 0 ? std::min(kDefaultOutput, endpoint.context / 4) : kDefaultOutput;
    const std::string out = "{\"model\":" + quoted_json(endpoint.model) + ",\"max_tokens\":" +
                            std::to_string(endpoint.max_output > 0 ? endpoint.max_output : usual) +
                            ",\"stream\":true";
    return out + cache_and_thinking(endpoint) + tools_and_system(frame) + ",\"messages\":[";
  }

  std::string suffix() const override { return "]}"; }

  std::string user(std::string_view text) const override {
    return "{\"role\":\"user\",\"content\":[" + text_block(text) + "]}";
  }

  std::string results(const std::vector<ToolResult>& results,
                      std::string_view message) const override {
    std::vector<std::string> blocks;
    for (const auto& result : results) {
      std::string content =
          "[" + text_block(is_blank(result.output) ? "(no output)" : result.output);
      if (!result.image.empty())
        content += ",{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":" +
                   quoted_json(result.image_type) + ",\"data\":" + quoted_json(result.image) + "}}";
      blocks.push_back("{\"type\":\"tool_result\",\"tool_use_id\":" + quoted_json(result.call) +
                       ",\"content\":" + content + "]" +
                       (result.error ? ",\"is_error\":true" : "") + "}");
    }
    if (!is_blank(message)) blocks.push_back(text_block(message));
    return "{\"role\":\"user\",\"content\":[" + joined(blocks) + "]}";
  }

  std::string reply(const Reply& reply) const override {
    std::vector<std::string> blocks;
    if (!is_blank(reply.text)) blocks.push_back(text_block(reply.text));
    for (const auto& call : reply.calls) {
      blocks.push_back("{\"type\":\"tool_use\",\"id\":" + quoted_json(call.id) + ",\"name\":" +
                       quoted_json(call.name) + ",\"input\":" + valid_arguments(call) + "}");
    }
    return blocks.empty() ? "" : "{\"role\":\"assistant\",\"content\":[" + joined(blocks) + "]}";
  }

  std::unique_ptr<ReplyReader> reader(OnText on_text) const override {
    return std::make_unique<Reader>(std::move(on_text));
  }

  Usage usage_in(const json::object& answer) const override {
    return usage_of(get_object(answer, "usage"));
  }
  std::int64_t usual_output() const override { return kDefaultOutput; }

  std::optional<SideCall> count_call(const Endpoint& endpoint, const Frame& frame,
                                     std::string_view items) const override {
    return SideCall{url_below(url(endpoint), "/count_tokens"),
                    "{\"model\":" + quoted_json(endpoint.model) + tools_and_system(frame) +
                        ",\"messages\":[" + std::string(items) + "]}",
                    {}};
  }

  // The vendor's own summary of all before, and a stop behind it. Its text is plain; where it comes
  // back empty the vendor could not make one. Source: the vendor's page on compaction. What is set
  // as for the turns, and only that, is read from the cache that they filled.
  std::optional<SideCall> compact_call(const Endpoint& endpoint, const Frame& frame,
                                       std::string_view items) const override {
    return SideCall{
        url(endpoint),
        "{\"model\":" + quoted_json(endpoint.model) +
            ",\"max_tokens\":" + std::to_string(kCompactionOutput) + cache_and_thinking(endpoint) +
            tools_and_system(frame) +
            ",\"context_management\":{\"edits\":[{\"type\":\"compact_20260112\",\"trigger\":{"
            "\"type\":\"input_tokens\",\"value\":" +
            std::to_string(kLeastCompacted) +
            "},\"pause_after_compaction\":true}]},\"messages\":[" + std::string(items) + "]}",
        {{"anthropic-beta", "compact-2026-01-12"}}};
  }

  std::optional<VendorCompaction> compaction_in(const json::object& answer) const override {
    VendorCompaction out;
    for (const auto& block : get_array(answer, "content")) {
      if (block.is_object() && get_string(block.get_object(), "type") == "compaction")
        out.summary = get_string(block.get_object(), "content");
    }
    if (out.summary.empty()) return std::nullopt;
    out.usage = usage_of(get_object(answer, "usage"));
    return out;
  }

 private:
  static std::string cache_and_thinking(const Endpoint& endpoint) {
    std::string out = ",\"cache_control\":{\"type\":\"ephemeral\"}";
    if (!endpoint.effort.empty())
      out += ",\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":" +
             quoted_json(endpoint.effort) + "}";
    return out;
  }

  static std::string tools_and_system(const Frame& frame) {
    std::string out;
    if (!frame.tools.empty()) {
      out += ",\"tools\":[";
      for (const auto& tool : frame.tools) {
        if (!out.ends_with('[')) out += ',';
        out += "{\"name\":" + quoted_json(tool.name) +
               ",\"description\":" + quoted_json(tool.description) +
               ",\"input_schema\":" + tool.parameters + "}";
      }
      out += ']';
    }
    if (!frame.system.empty())
      out += ",\"system\":[{\"type\":\"text\",\"text\":" + quoted_json(frame.system) +
             ",\"cache_control\":{\"type\":\"ephemeral\"}}]";
    return out;
  }

  static std::string text_block(std::string_view text) {
    return "{\"type\":\"text\",\"text\":" + quoted_json(text) + "}";
  }
};

}  // namespace

const Wire& anthropic_wire() {
  static const Anthropic wire;
  return wire;
}

}  // namespace nightjar::model
