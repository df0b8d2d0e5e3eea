#include "gateway/policy.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace nightjar::gateway {

namespace {

using model::WireKind;

// Members that name something outside the request, and values that are no part of the protocol:
// what a call's arguments or a tool's schema hold is the client's own business.
constexpr auto kElsewhere = std::to_array<std::string_view>(
    {"file_id", "file_url", "file_ids", "fileUri", "file_uri", "vector_store_ids", "server_url",
     "connector_id", "mcp_servers", "container", "conversation", "cachedContent", "cached_content",
     "previous_response_id", "prompt_id", "background", "batch", "web_search_options"});
// The same, where they stand beside the model: prompts and settings that are kept at the vendor or
// a router, and routers' servers.
constexpr auto kElsewhereOfTheRequest =
    std::to_array<std::string_view>({"prompt", "preset", "base_url", "api_base", "user_config"});
constexpr std::array<std::string_view, 7> kOpaque{
    "input_schema", "parameters",          "args", "response", "arguments",
    "schema",       "functionDeclarations"};
// Storing, dearer service, searches (of OpenAI, OpenRouter, xAI, Qwen, Groq), and what makes a
// router go to another model or another's machines.
constexpr auto kDropped = std::to_array<std::string_view>(
    {"service_tier", "serviceTier", "speed", "inference_geo", "store", "background",
     "web_search_options", "plugins", "search_parameters", "enable_search", "search_options",
     "search_settings", "models", "route", "fallbacks", "provider"});

// Where a picture, a sound, a film or a document is expected.
constexpr auto kAddresses =
    std::to_array<std::string_view>({"image_url", "url", "audio_url", "video_url", "document_url"});

bool is_in(const auto& list, std::string_view key) {
  return std::ranges::find(list, key) != list.end();
}

bool is_data(std::string_view text) { return lower(text.substr(0, 5)) == "data:"; }

bool is_base64(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("+/=-_\r\n").contains(static_cast<char>(c));
  });
}

bool is_nothing(const json::value& value) {
  return value.is_null() || (value.is_bool() && !value.get_bool()) ||
         (value.is_string() && value.get_string().empty()) ||
         (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

// A picture or file may stand in the request, not behind an address.
bool is_remote(std::string_view parent, std::string_view key, const json::value& value) {
  if (!value.is_string() || value.get_string().empty()) return false;
  const std::string_view text = value.get_string();
  if (is_in(kAddresses, key)) return !is_data(text);
  if (key == "file_data" || (parent == "input_audio" && key == "data"))
    return !is_data(text) && !is_base64(text);
  return false;
}

std::optional<std::string> look(WireKind wire, std::string_view parent, const json::value& value) {
  if (value.is_array()) {
    for (const auto& item : value.get_array())
      if (auto found = look(wire, parent, item)) return found;
  }
  if (!value.is_object()) return std::nullopt;
  const auto& object = value.get_object();
  const std::string type = get_string(object, "type");
  if (type == "item_reference") return type;
  const bool is_call = wire == WireKind::Anthropic && type == "tool_use";
  for (const auto& [key, member] : object) {
    if (is_in(kOpaque, key) || (is_call && key == "input")) continue;
    if ((is_in(kElsewhere, key) && !is_nothing(member)) || is_remote(parent, key, member))
      return std::string(key);
    if (auto found = look(wire, key, member)) return found;
  }
  return std::nullopt;
}

// An item of a stored answer may be named by its id alone.
bool is_reference(const json::value& item) {
  return item.is_object() && item.get_object().contains("id") &&
         get_string(item.get_object(), "type").empty() &&
         get_string(item.get_object(), "role").empty();
}

// "shell" may run its commands on a machine of the vendor's.
bool runs_here(const json::object& tool) {
  const auto* where = tool.if_contains("environment");
  return !where || is_nothing(*where) ||
         get_string(get_object(tool, "environment"), "type") == "local";
}

// Functions are run by the client; so are the tools of these names, whatever their version.
bool is_the_clients(WireKind wire, const json::object& tool) {
  const std::string type = get_string(tool, "type");
  switch (wire) {
    case WireKind::Responses:
    case WireKind::Chat:
      return type == "function" || type == "custom" || type == "local_shell" ||
             type == "apply_patch" || (type == "shell" && runs_here(tool));
    case WireKind::Anthropic:
      return type.empty() || type == "custom" || type.starts_with("bash_") ||
             type.starts_with("text_editor_") || type.starts_with("memory_") ||
             type.starts_with("computer_");
    case WireKind::Gemini:
      return tool.contains("functionDeclarations") || tool.contains("function_declarations");
  }
  return false;
}

// Google takes the only one without its list; what is neither a list nor an object holds no tools.
json::array as_list(json::value& tools) {
  if (tools.is_array()) return std::move(tools.get_array());
  json::array out;
  if (tools.is_object()) out.push_back(std::move(tools));
  return out;
}

}  // namespace

void keep_to_the_model(WireKind wire, json::object& body) {
  for (const auto key : kDropped) body.erase(key);
  if (wire == WireKind::Responses) body["store"] = false;
  auto* tools = body.if_contains("tools");
  if (!tools) return;
  json::array kept;
  for (auto& item : as_list(*tools)) {
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

std::optional<std::string> leads_elsewhere(WireKind wire, const json::object& body) {
  for (const auto key : kElsewhereOfTheRequest)
    if (const auto* member = body.if_contains(key); member && !is_nothing(*member))
      return std::string(key);
  for (const auto& item : get_array(body, "input"))
    if (is_reference(item)) return "item_reference";
  return look(wire, "", body);
}

}  // namespace nightjar::gateway
