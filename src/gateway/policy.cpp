#include "gateway/policy.h"

#include <algorithm>
#include <array>

namespace nightjar::gateway {

namespace {

using model::WireKind;

// Members that name something outside the request, and values that are no part of the protocol:
// what a call's arguments or a tool's schema hold is the client's own business.
constexpr std::array<std::string_view, 17> kElsewhere{"file_id",
                                                      "file_url",
                                                      "file_ids",
                                                      "fileUri",
                                                      "file_uri",
                                                      "vector_store_ids",
                                                      "server_url",
                                                      "connector_id",
                                                      "mcp_servers",
                                                      "container",
                                                      "conversation",
                                                      "cachedContent",
                                                      "previous_response_id",
                                                      "prompt_id",
                                                      "background",
                                                      "batch",
                                                      "web_search_options"};
constexpr std::array<std::string_view, 7> kOpaque{
    "input_schema", "parameters",          "args", "response", "arguments",
    "schema",       "functionDeclarations"};
constexpr std::array<std::string_view, 5> kDropped{"service_tier", "speed", "store",
                                                   "web_search_options", "background"};

bool is_in(const auto& list, std::string_view key) {
  return std::ranges::find(list, key) != list.end();
}

bool is_address(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("gs://");
}

bool is_nothing(const json::value& value) {
  return value.is_null() || (value.is_bool() && !value.get_bool()) ||
         (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

// A picture or file may stand in the request, not behind an address.
bool is_remote(std::string_view key, const json::value& value) {
  if (key != "image_url" && key != "url" && key != "file_data" && key != "audio_url") return false;
  return value.is_string() && is_address(value.get_string());
}

std::optional<std::string> look(const json::value& value) {
  if (value.is_array()) {
    for (const auto& item : value.get_array())
      if (auto found = look(item)) return found;
  }
  if (!value.is_object()) return std::nullopt;
  const auto& object = value.get_object();
  const bool is_call = get_string(object, "type") == "tool_use";
  for (const auto& [key, member] : object) {
    if (is_in(kOpaque, key) || (is_call && key == "input")) continue;
    if ((is_in(kElsewhere, key) && !is_nothing(member)) || is_remote(key, member))
      return std::string(key);
    if (auto found = look(member)) return found;
  }
  return std::nullopt;
}

// Functions are run by the client; so are the tools of these names, whatever their version.
bool is_the_clients(WireKind wire, const json::object& tool) {
  const std::string type = get_string(tool, "type");
  switch (wire) {
    case WireKind::Responses:
    case WireKind::Chat:
      return type == "function" || type == "custom" || type == "local_shell" || type == "shell" ||
             type == "apply_patch";
    case WireKind::Anthropic:
      return type.empty() || type == "custom" || type.starts_with("bash_") ||
             type.starts_with("text_editor_") || type.starts_with("memory_") ||
             type.starts_with("computer_");
    case WireKind::Gemini:
      return tool.contains("functionDeclarations") || tool.contains("function_declarations");
  }
  return false;
}

}  // namespace

void keep_to_the_model(WireKind wire, json::object& body) {
  for (const auto key : kDropped) body.erase(key);
  if (wire == WireKind::Responses) body["store"] = false;
  auto* tools = body.if_contains("tools");
  if (!tools || !tools->is_array()) return;
  json::array kept;
  for (auto& item : tools->get_array()) {
    if (!item.is_object() || !is_the_clients(wire, item.get_object())) continue;
    json::object tool = std::move(item.get_object());
    // One object of Gemini's may hold functions and the vendor's own tools at once.
    if (wire == WireKind::Gemini) {
      json::object functions;
      for (const char* name : {"functionDeclarations", "function_declarations"})
        if (const auto* list = tool.if_contains(name)) functions[name] = *list;
      tool = std::move(functions);
    }
    kept.push_back(std::move(tool));
  }
  if (kept.empty()) {
    body.erase("tools");
    body.erase("tool_choice");
  } else {
    body["tools"] = std::move(kept);
  }
}

std::optional<std::string> leads_elsewhere(const json::object& body) { return look(body); }

}  // namespace nightjar::gateway
