#include "model/endpoint.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "net/address.h"
#include "proc/process.h"

namespace nightjar::model {

namespace {

struct Vendor {
  std::string_view prefix;
  WireKind wire;
  const char* key;
  const char* base;
  std::string_view default_base;
};

constexpr std::array<Vendor, 4> kVendors{{
    {"openai", WireKind::Responses, "OPENAI_API_KEY", "OPENAI_BASE_URL",
     "https://api.openai.com/v1"},
    {"chat", WireKind::Chat, "OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1"},
    {"anthropic", WireKind::Anthropic, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL",
     "https://api.anthropic.com"},
    {"gemini", WireKind::Gemini, "GEMINI_API_KEY", "GEMINI_BASE_URL",
     "https://generativelanguage.googleapis.com"},
}};

constexpr Millis kLongestCommand = std::chrono::seconds(30);
constexpr size_t kLongestKey = 65536;
constexpr size_t kShownCommand = 120, kShownWords = 300;

std::string value_of(const std::function<const char*(const char*)>& environment, const char* name) {
  const char* value = environment(name);
  return value ? trimmed(value) : "";
}

// Empty: there is none, or it is fine.
std::string trouble_of(const Vendor& vendor,
                       const std::function<const char*(const char*)>& environment) {
  const std::string base = value_of(environment, vendor.base);
  const std::string why = base.empty() ? "" : address_trouble(base);
  return why.empty() ? "" : fmt::format("{} {}", vendor.base, why);
}

Endpoint endpoint_of(const Vendor& vendor,
                     const std::function<const char*(const char*)>& environment) {
  Endpoint out;
  out.wire = vendor.wire;
  out.base_url = value_of(environment, vendor.base);
  while (out.base_url.ends_with('/')) out.base_url.pop_back();
  if (out.base_url.empty()) out.base_url = vendor.default_base;
  if (!value_of(environment, vendor.key).empty())
    out.key = {KeySource::From::Environment, vendor.key};
  return out;
}

// The person's own command, as their shell would run it: password managers look for their socket.
std::map<std::string, std::string> whole_environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view setting(*entry);
    const size_t equals = setting.find('=');
    if (equals != std::string_view::npos)
      out.emplace(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return out;
}

constexpr std::array<std::pair<KeySource::From, std::string_view>, 5> kSources{
    {{KeySource::From::Nothing, "nothing"},
     {KeySource::From::Environment, "environment"},
     {KeySource::From::File, "file"},
     {KeySource::From::Command, "command"},
     {KeySource::From::Literal, "literal"}}};

std::vector<std::pair<std::string, std::string>> headers_from(const json::array& array) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& item : array) {
    if (!item.is_array() || item.get_array().size() != 2) continue;
    const auto& pair = item.get_array();
    if (pair[0].is_string() && pair[1].is_string())
      out.emplace_back(pair[0].get_string(), pair[1].get_string());
  }
  return out;
}

}  // namespace

std::string_view to_string(WireKind kind) {
  for (const auto& vendor : kVendors) {
    if (vendor.wire == kind) return vendor.prefix;
  }
  return "chat";
}

std::optional<WireKind> wire_kind_from(std::string_view text) {
  for (const auto& vendor : kVendors) {
    if (vendor.prefix == text) return vendor.wire;
  }
  return std::nullopt;
}

std::string default_base_url(WireKind kind) {
  for (const auto& vendor : kVendors) {
    if (vendor.wire == kind) return std::string(vendor.default_base);
  }
  return "";
}

std::string url_below(std::string_view address, std::string_view path) {
  const size_t question = address.find('?');
  std::string_view base = address.substr(0, question);
  while (base.ends_with('/')) base.remove_suffix(1);
  std::string out = std::string(base).append(path);
  if (question == std::string_view::npos || question + 1 == address.size()) return out;
  out += path.contains('?') ? '&' : '?';
  return out.append(address.substr(question + 1));
}

std::string address_trouble(std::string_view url) {
  try {
    if (!net::parse_address(url).credentials.empty())
      return "holds a password, which would be shown; give the key with its own variable, or with "
             "key, key_env, key_file or key_command in [models.NAME] of config.toml";
  } catch (const Error&) {
    return "must be an address such as \"http://127.0.0.1:8080/v1\"";
  }
  return "";
}

std::vector<std::string> keys_in_environment(
    const std::function<const char*(const char*)>& environment) {
  std::vector<std::string> out;
  for (const auto& vendor : kVendors) {
    const bool is_new = out.empty() || out.back() != vendor.key;
    if (is_new && !value_of(environment, vendor.key).empty()) out.emplace_back(vendor.key);
  }
  return out;
}

std::vector<std::string> environment_troubles(
    const std::function<const char*(const char*)>& environment) {
  std::vector<std::string> out;
  for (const auto& vendor : kVendors) {
    const std::string why = trouble_of(vendor, environment);
    if (!why.empty() && (out.empty() || out.back() != why)) out.push_back(why);
  }
  return out;
}

std::vector<Endpoint> from_environment(const std::function<const char*(const char*)>& environment) {
  std::vector<Endpoint> out;
  for (const auto& vendor : kVendors) {
    if (value_of(environment, vendor.key).empty() || !trouble_of(vendor, environment).empty())
      continue;
    Endpoint endpoint = endpoint_of(vendor, environment);
    endpoint.name = vendor.prefix;
    out.push_back(std::move(endpoint));
  }
  return out;
}

std::string LocalServer::base_url() const { return fmt::format("http://127.0.0.1:{}/v1", port); }

const std::vector<LocalServer>& local_servers() {
  static const std::vector<LocalServer> servers{
      {"ollama", 11434}, {"lmstudio", 1234}, {"llamacpp", 8080}, {"vllm", 8000}};
  return servers;
}

std::expected<Endpoint, std::string> endpoint_named(
    std::string_view name, const std::function<const char*(const char*)>& environment) {
  const size_t slash = name.find('/');
  const std::string_view prefix = name.substr(0, slash);
  for (const auto& vendor : kVendors) {
    if (slash == std::string_view::npos || vendor.prefix != prefix) continue;
    if (const std::string why = trouble_of(vendor, environment); !why.empty())
      return std::unexpected(fmt::format("'{}': {}", inert(name), why));
    Endpoint out = endpoint_of(vendor, environment);
    out.name = name;
    out.model = name.substr(slash + 1);
    if (out.model.empty())
      return std::unexpected(fmt::format("'{}' names no model after the slash", inert(name)));
    const bool own_server = out.base_url != vendor.default_base;
    if (out.key.from == KeySource::From::Nothing && !own_server) {
      return std::unexpected(
          fmt::format("'{}' needs a key: set {} where the service starts, or give it in "
                      "[models.NAME] of config.toml",
                      inert(name), vendor.key));
    }
    return out;
  }
  for (const auto& server : local_servers()) {
    if (slash == std::string_view::npos || server.name != prefix) continue;
    Endpoint out;
    out.name = name;
    out.model = name.substr(slash + 1);
    out.wire = WireKind::Chat;
    out.base_url = server.base_url();
    if (out.model.empty())
      return std::unexpected(fmt::format("'{}' names no model after the slash", inert(name)));
    return out;
  }
  return std::unexpected(
      fmt::format("there is no model '{}': name it openai/NAME, chat/NAME, anthropic/NAME or "
                  "gemini/NAME, or describe it in [models.NAME] of config.toml",
                  inert(name)));
}

namespace {

using Found = std::expected<std::string, std::string>;

Found key_of_file(const std::string& name) {
  try {
    const fs::path path = name.starts_with("~/") ? home_folder() / name.substr(2) : fs::path(name);
    const auto text = try_read_file(path, kLongestKey);
    if (!text) return std::unexpected("there is no key file " + path.string());
    if (trimmed(*text).empty())
      return std::unexpected("the key file " + path.string() + " is empty");
    return *text;
  } catch (const Error& error) {
    return std::unexpected(std::string("its key file cannot be read: ") + error.what());
  }
}

Found key_of_command(const std::string& line) {
  const std::string named = fmt::format("its key's command ({})", shortened(line, kShownCommand));
  proc::Options command;
  command.argv = {"/bin/sh", "-c", line};
  command.env = whole_environment();
  command.deadline = in(kLongestCommand);
  try {
    const auto result = proc::run(command);
    if (result.exit_status == 0) return result.out;
    const std::string words = shortened_lines(trimmed(inert(result.err, true)), kShownWords);
    return std::unexpected(fmt::format("{} ended with status {}{}", named, result.exit_status,
                                       words.empty() ? "" : ": " + words));
  } catch (const Error& error) {
    return std::unexpected(fmt::format("{}: {}", named, error.what()));
  }
}

Found unchecked_key(const KeySource& source,
                    const std::function<const char*(const char*)>& environment) {
  switch (source.from) {
    case KeySource::From::Nothing:
      return "";
    case KeySource::From::Literal:
      if (!trimmed(source.value).empty()) return source.value;
      return std::unexpected(
          "its key in config.toml is empty; leave it out where the server needs "
          "none");
    case KeySource::From::Environment: {
      std::string key = value_of(environment, source.value.c_str());
      if (!key.empty()) return key;
      return std::unexpected("its key's variable " + source.value +
                             " is not set where the service runs");
    }
    case KeySource::From::File:
      return key_of_file(source.value);
    case KeySource::From::Command:
      return key_of_command(source.value);
  }
  return "";
}

}  // namespace

std::expected<std::string, std::string> resolve_key(
    const Endpoint& endpoint, const std::function<const char*(const char*)>& environment) {
  Found found = unchecked_key(endpoint.key, environment);
  if (found && endpoint.key.from != KeySource::From::Nothing) {
    *found = trimmed(*found);
    if (found->empty() || has_control_characters(*found) ||
        found->find_first_of(" \t\n") != std::string::npos)
      found = std::unexpected("what should be its key is empty or holds spaces");
  }
  if (found) return found;
  return std::unexpected(
      fmt::format("model '{}': {}", inert(endpoint.name), inert(found.error(), true)));
}

std::string set_aside(Endpoint& endpoint, const std::string& variable) {
  if (endpoint.headers.empty() && endpoint.proxy.empty()) return "";
  json::array headers;
  for (const auto& [name, value] : endpoint.headers) headers.push_back(json::array{name, value});
  const std::string out =
      to_line(json::object{{"headers", std::move(headers)}, {"proxy", endpoint.proxy}});
  endpoint.headers.clear();
  endpoint.proxy.clear();
  endpoint.secrets_in = variable;
  return out;
}

void take_back(Endpoint& endpoint, const std::function<const char*(const char*)>& environment) {
  if (endpoint.secrets_in.empty()) return;
  const char* value = environment(endpoint.secrets_in.c_str());
  const auto parsed = parse_json(value ? value : "");
  if (!parsed || !parsed->is_object()) return;
  endpoint.headers = headers_from(get_array(parsed->get_object(), "headers"));
  endpoint.proxy = get_string(parsed->get_object(), "proxy");
  endpoint.secrets_in.clear();
}

json::object to_json(const Endpoint& endpoint) {
  json::object out{{"name", endpoint.name},       {"wire", to_string(endpoint.wire)},
                   {"model", endpoint.model},     {"base_url", endpoint.base_url},
                   {"context", endpoint.context}, {"max_output", endpoint.max_output},
                   {"effort", endpoint.effort},   {"ca_file", endpoint.ca_file},
                   {"proxy", endpoint.proxy}};
  for (const auto& [from, name] : kSources) {
    if (from == endpoint.key.from && from != KeySource::From::Literal)
      out["key"] = json::object{{"from", name}, {"value", endpoint.key.value}};
  }
  json::array headers;
  for (const auto& [name, value] : endpoint.headers) headers.push_back(json::array{name, value});
  out["headers"] = std::move(headers);
  if (!endpoint.secrets_in.empty()) out["secrets_in"] = endpoint.secrets_in;
  if (endpoint.prices.known)
    out["prices"] = json::array{endpoint.prices.input, endpoint.prices.cached,
                                endpoint.prices.cache_write, endpoint.prices.output};
  return out;
}

Endpoint endpoint_from(const json::object& object) {
  Endpoint out;
  out.name = get_string(object, "name");
  out.wire = wire_kind_from(get_string(object, "wire")).value_or(WireKind::Chat);
  out.model = get_string(object, "model");
  out.base_url = get_string(object, "base_url");
  out.context = get_int(object, "context");
  out.max_output = get_int(object, "max_output");
  out.effort = get_string(object, "effort");
  out.ca_file = get_string(object, "ca_file");
  out.proxy = get_string(object, "proxy");
  const auto& key = get_object(object, "key");
  for (const auto& [from, name] : kSources) {
    if (get_string(key, "from") == name) out.key = {from, get_string(key, "value")};
  }
  out.headers = headers_from(get_array(object, "headers"));
  out.secrets_in = get_string(object, "secrets_in");
  const auto& prices = get_array(object, "prices");
  if (prices.size() == 4) {
    const auto number = [&](size_t i) {
      boost::system::error_code error;
      return prices[i].to_number<double>(error);
    };
    out.prices = {number(0), number(1), number(2), number(3), true};
  }
  return out;
}

}  // namespace nightjar::model
