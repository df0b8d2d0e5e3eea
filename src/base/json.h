// The one JSON facade: Boost.JSON values (insertion order kept), with the few accessors that all
// readers of untrusted or old documents need. Missing or wrongly typed members read as the default.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar {

namespace json = boost::json;

/// Parses one document; the error names the offset. Depth is limited (32), as Boost.JSON does.
std::expected<json::value, std::string> parse_json(std::string_view text);

/// One line, no trailing newline. Strings that are not UTF-8 are written with U+FFFD.
std::string to_line(const json::value& value);
/// Indented by two spaces, with a trailing newline: for people.
std::string to_pretty(const json::value& value);

std::string get_string(const json::object& object, std::string_view key,
                       std::string_view otherwise = "");
std::int64_t get_int(const json::object& object, std::string_view key, std::int64_t otherwise = 0);
double get_double(const json::object& object, std::string_view key, double otherwise = 0);
bool get_bool(const json::object& object, std::string_view key, bool otherwise = false);
/// The member as object or array; an empty one where it is missing.
const json::object& get_object(const json::object& object, std::string_view key);
const json::array& get_array(const json::object& object, std::string_view key);
std::vector<std::string> get_strings(const json::object& object, std::string_view key);

json::array to_array(const std::vector<std::string>& strings);
/// A string as JSON text may hold it: invalid UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view bytes);

}  // namespace nightjar
