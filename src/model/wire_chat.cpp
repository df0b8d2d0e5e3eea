// OpenAI Chat Completions, and the many servers that speak it: OpenRouter, vLLM, Ollama, llama.cpp,
// LM Studio. Tolerated of them: no usage, whole arguments in one chunk, names and ids in every
// fragment, missing ids and indices, one index for all calls, "stop" with calls, no [DONE].
// Thoughts (`reasoning_content`, `reasoning_details`, `extra_content` of calls) go back as they
// came.
#include <map>
#include <set>

#include "base/text.h"
#include "model/loose_json.h"
#include "model/reply_builder.h"
#include "model/wires.h"

namespace nightjar::model {

namespace {

Usage usage_of(const json::object& usage) {
  const auto& details = get_object(usage, "prompt_tokens_details");
  return plausible(
      {told_tokens(usage, "prompt_tokens"), told_tokens(details, "cached_tokens"),
       told_tokens(details, "cache_write_tokens"), told_tokens(usage, "completion_tokens"),
       told_tokens(get_object(usage, "completion_tokens_details"), "reasoning_tokens")});
}

struct Call {
  ToolCall call;
  json::object extra;  ///< `extra_content`: signatures of models behind the server
};

std::string call_item(const ToolCall& call, const json::object& extra) {
  return "{\"id\":" + quoted_json(call.id) +
         ",\"type\":\"function\",\"function\":{\"name\":" + quoted_json(call.name) +
         ",\"arguments\":" + quoted_json(valid_arguments(call)) + "}" +
         (extra.empty() ? "" : ",\"extra_content\":" + to_line(extra)) + "}";
}

// `more`: members beside content and calls.
std::string message_of(const std::string& text, const std::vector<std::string>& calls,
                       const std::string& more) {
  // Without calls some servers take no null.
  std::string out = "{\"role\":\"assistant\",\"content\":" +
                    (text.empty() && !calls.empty() ? "null" : quoted_json(text)) + more;
  if (!calls.empty()) out += ",\"tool_calls\":[" + joined(calls) + "]";
  return out + "}";
}

// Pieces of a list of reasoning blocks, as OpenRouter streams them: what is text grows, the rest is
// replaced.
void merge_details(json::array& into, const json::array& pieces) {
  for (const auto& piece : pieces) {
    if (!piece.is_object()) continue;
    const auto& fresh = piece.get_object();
    const bool goes_on =
        !into.empty() && into.back().is_object() &&
        get_string(into.back().get_object(), "type") == get_string(fresh, "type") &&
        get_int(into.back().get_object(), "index") == get_int(fresh, "index");
    if (!goes_on) {
      into.push_back(fresh);
      continue;
    }
    auto& open = into.back().get_object();
    for (const auto& [member, value] : fresh) {
      const bool grows = member == "text" || member == "summary" || member == "data";
      if (grows && value.is_string() && open.contains(member) && open[member].is_string())
        open[member].get_string().append(value.get_string());
      else if (!value.is_null())
        open[member] = value;
    }
  }
}

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
    if (const auto& told = get_object(*data, "usage"); !told.empty())
      builder_.reply.usage = usage_of(told);
    for (const auto& item : get_array(*data, "choices")) {
      if (item.is_object() && get_int(item.get_object(), "index") == 0) choice(item.get_object());
    }
    return !builder_.over();
  }

  Outcome finish() override {
    builder_.reply.text = whole_characters(builder_.reply.text);
    reasoning_ = whole_characters(reasoning_);
    for (auto& one : calls_) one.call.arguments = whole_characters(one.call.arguments);
    if (builder_.reply.stop == Stop::Length)
      std::erase_if(calls_, [](const Call& one) { return !parse_json(one.call.arguments); });
    std::vector<std::string> calls;
    std::set<std::string> ids;
    for (auto& [call, extra] : calls_) {
      if (call.name.empty() && call.arguments.empty()) continue;
      if (call.id.empty()) call.id = "call_" + random_id(12);
      // Results are told apart by the ids of their calls.
      const std::string id = call.id;
      for (int n = 2; !ids.insert(call.id).second; ++n) call.id = id + "_" + std::to_string(n);
      calls.push_back(call_item(call, extra));
      special_ = special_ || !extra.empty();
      builder_.reply.calls.push_back(std::move(call));
    }
    calls_.clear();
    std::string more;
    // Servers whose models think between calls want those thoughts back, others refuse them.
    if (!calls.empty() && !reasoning_.empty())
      more += ",\"reasoning_content\":" + quoted_json(reasoning_);
    if (!details_.empty()) more += ",\"reasoning_details\":" + to_line(details_);
    if (!more.empty() || special_)
      builder_.reply.replay = message_of(builder_.reply.text, calls, more);
    return builder_.finish();
  }

  Usage usage() const override { return builder_.reply.usage; }
  bool usage_is_final() const override { return builder_.has_ended(); }
  size_t written() const override { return builder_.size(); }

 private:
  // Behind the end of a reply that was cut comes nothing that could be trusted. Behind any other
  // end some servers send further calls.
  void choice(const json::object& choice) {
    if (builder_.reply.stop == Stop::Length) return;
    // Servers that do not stream after all send the whole message.
    const auto& whole = get_object(choice, "message");
    const auto& delta = whole.empty() ? get_object(choice, "delta") : whole;
    builder_.text(get_string(delta, "content"));
    if (const std::string refusal = get_string(delta, "refusal"); !refusal.empty()) {
      builder_.text(refusal);
      refused_ = true;
    }
    thoughts(delta);
    for (const auto& item : get_array(delta, "tool_calls")) {
      if (item.is_object()) fragment(item.get_object());
    }
    const std::string finish = get_string(choice, "finish_reason");
    if (finish.empty()) return;
    builder_.ended();
    builder_.reply.stop = finish == "length"                       ? Stop::Length
                          : finish == "content_filter" || refused_ ? Stop::Refused
                                                                   : Stop::Finished;
    if (finish == "content_filter") builder_.reply.why = finish;
  }

  void thoughts(const json::object& delta) {
    const std::string content = get_string(delta, "reasoning_content");
    builder_.thought(content.empty() ? get_string(delta, "reasoning") : content);
    if (builder_.over()) return;
    reasoning_ += content;
    if (const auto& pieces = get_array(delta, "reasoning_details"); !pieces.empty()) {
      builder_.kept(to_line(pieces).size());
      merge_details(details_, pieces);
    }
  }

  void fragment(const json::object& fragment) {
    if (builder_.over()) return;
    if (calls_.size() > kMostCalls) return builder_.malformed("too many calls at once");
    const auto& function = get_object(fragment, "function");
    auto& [call, extra] = call_of(fragment, get_string(function, "name"));
    if (call.id.empty()) call.id = get_string(fragment, "id");
    if (call.name.empty()) call.name = get_string(function, "name");
    if (const auto& given = get_object(fragment, "extra_content"); !given.empty()) {
      builder_.kept(to_line(given).size());
      extra = given;
    }
    const auto* arguments = function.if_contains("arguments");
    // Some send the arguments as an object.
    if (arguments && arguments->is_object())
      builder_.arguments(call.arguments, to_line(*arguments));
    else
      builder_.arguments(call.arguments, get_string(function, "arguments"));
  }

  // The call that a fragment belongs to. Some servers give no index, or the same to all calls: a
  // new id begins another one, and so does a name where the call before is whole.
  Call& call_of(const json::object& fragment, const std::string& name) {
    const std::int64_t index = get_int(fragment, "index", -1);
    const std::string id = get_string(fragment, "id");
    const auto open = open_.find(index);
    if (open == open_.end() && (index >= 0 || calls_.empty())) return begin(index);
    const size_t at = open == open_.end() ? calls_.size() - 1 : open->second;
    const ToolCall& call = calls_[at].call;
    const bool other_id = !id.empty() && !call.id.empty() && id != call.id;
    const bool other_name = id.empty() && !name.empty() && !call.arguments.empty() &&
                            parse_json(call.arguments).has_value();
    return other_id || other_name ? begin(index) : calls_[at];
  }

  Call& begin(std::int64_t index) {
    open_[index] = calls_.size();
    return calls_.emplace_back();
  }

  ReplyBuilder builder_;
  std::vector<Call> calls_;
  std::map<std::int64_t, size_t> open_;  ///< the newest call of each index
  std::string reasoning_;
  json::array details_;
  bool refused_ = false;
  bool special_ = false;  ///< more than text and calls must go back
};

class Chat final : public Wire {
 public:
  std::string url(const Endpoint& endpoint) const override {
    return url_below(endpoint.base_url, "/chat/completions");
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
    std::vector<std::string> calls;
    for (const auto& call : reply.calls) calls.push_back(call_item(call, {}));
    return message_of(reply.text, calls, "");
  }

  // The name that the vendor gave up, and other servers still go by.
  std::optional<Mend> mend(std::string_view words) const override {
    const std::string plain = lower(words);
    if (!plain.contains("max_completion_tokens")) return std::nullopt;
    for (const char* word : {"extra", "not permitted", "unsupported", "not supported",
                             "unrecognized", "unknown", "unexpected"})
      if (plain.contains(word)) return Mend{",\"max_completion_tokens\":", ",\"max_tokens\":"};
    return std::nullopt;
  }

  std::unique_ptr<ReplyReader> reader(OnText on_text) const override {
    return std::make_unique<Reader>(std::move(on_text));
  }

  Usage usage_in(const json::object& answer) const override {
    return usage_of(get_object(answer, "usage"));
  }
};

}  // namespace

const Wire& chat_wire() {
  static const Chat wire;
  return wire;
}

}  // namespace nightjar::model
