#include "base/json.h"

#include <fmt/core.h>

namespace nightjar {

std::expected<json::value, std::string> parse_json(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error);
  if (error) return std::unexpected("not valid JSON: " + error.message());
  return value;
}

std::string to_line(const json::value& value) { return json::serialize(value); }

namespace {

void write_pretty(std::string& out, const json::value& value, int depth) {
  const std::string pad(static_cast<size_t>(depth) * 2, ' ');
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += "{\n";
    size_t left = object->size();
    for (const auto& member : *object) {
      out += pad + "  " + json::serialize(member.key()) + ": ";
      write_pretty(out, member.value(), depth + 1);
      out += --left ? ",\n" : "\n";
    }
    out += pad + "}";
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += "[\n";
    size_t left = array->size();
    for (const auto& item : *array) {
      out += pad + "  ";
      write_pretty(out, item, depth + 1);
      out += --left ? ",\n" : "\n";
    }
    out += pad + "]";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string to_pretty(const json::value& value) {
  std::string out;
  write_pretty(out, value, 0);
  return out + "\n";
}

std::string get_string(const json::object& object, std::string_view key,
                       std::string_view otherwise) {
  const auto* value = object.if_contains(key);
  if (!value || !value->is_string()) return std::string(otherwise);
  return std::string(value->get_string());
}

std::int64_t get_int(const json::object& object, std::string_view key, std::int64_t otherwise) {
  const auto* value = object.if_contains(key);
  if (!value) return otherwise;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? otherwise : number;
}

double get_double(const json::object& object, std::string_view key, double otherwise) {
  const auto* value = object.if_contains(key);
  if (!value || !value->is_number()) return otherwise;
  return value->to_number<double>();
}

bool get_bool(const json::object& object, std::string_view key, bool otherwise) {
  const auto* value = object.if_contains(key);
  return value && value->is_bool() ? value->get_bool() : otherwise;
}

const json::object& get_object(const json::object& object, std::string_view key) {
  static const json::object empty;
  const auto* value = object.if_contains(key);
  return value && value->is_object() ? value->get_object() : empty;
}

const json::array& get_array(const json::object& object, std::string_view key) {
  static const json::array empty;
  const auto* value = object.if_contains(key);
  return value && value->is_array() ? value->get_array() : empty;
}

std::vector<std::string> get_strings(const json::object& object, std::string_view key) {
  std::vector<std::string> out;
  for (const auto& item : get_array(object, key)) {
    if (item.is_string()) out.emplace_back(item.get_string());
  }
  return out;
}

json::array to_array(const std::vector<std::string>& strings) {
  json::array out;
  for (const auto& text : strings) out.emplace_back(valid_utf8(text));
  return out;
}

namespace {

// Length of the well-formed UTF-8 sequence at the start of `bytes`, 0 where there is none
// (Unicode 15, table 3-7).
size_t sequence_length(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto in = [&](size_t i, unsigned low, unsigned high) {
    return i < bytes.size() && at(i) >= low && at(i) <= high;
  };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return in(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t length = sequence_length(bytes);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      bytes.remove_prefix(1);
    } else {
      out += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace nightjar
