#include "server/message.h"

#include "base/text.h"

namespace nightjar::server {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Invalid:
      return 400;
    case ErrorKind::Denied:
      return 403;
    case ErrorKind::NotFound:
      return 404;
    case ErrorKind::Conflict:
      return 409;
    case ErrorKind::Internal:
      return 500;
    case ErrorKind::Unavailable:
      return 503;
    case ErrorKind::Timeout:
      return 504;
    case ErrorKind::Limit:
      return 507;
  }
  return 500;
}

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "The request is not valid";
    case 401:
      return "The token is missing or wrong";
    case 403:
      return "Not allowed";
    case 404:
      return "There is no such thing";
    case 405:
      return "Not with this method";
    case 408:
      return "The request took too long";
    case 409:
      return "Not in this state";
    case 413:
      return "The body is too long";
    case 415:
      return "The body must be JSON";
    case 431:
      return "The header is too long";
    case 503:
      return "Not at the moment";
    case 504:
      return "It took too long";
    case 507:
      return "A limit is reached";
    default:
      return "Something went wrong";
  }
}

}  // namespace

std::string Request::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string Request::parameter(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

Reply json_reply(const json::value& value, int status) {
  return {status, "application/json", valid_utf8(to_line(value)) + "\n", {}};
}

Reply text_reply(std::string text) {
  return {200, "text/plain; charset=utf-8", std::move(text), {}};
}

Reply problem_reply(const Problem& problem, int status) {
  if (status == 0) status = status_of(problem.kind);
  json::object body{{"title", title_of(status)},
                    {"status", status},
                    {"detail", valid_utf8(problem.detail)},
                    {"kind", to_string(problem.kind)}};
  for (const auto& member : problem.more) body.insert_or_assign(member.key(), member.value());
  Reply reply = json_reply(body, status);
  reply.type = "application/problem+json";
  return reply;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::map<std::string, std::string> parse_query(std::string_view text) {
  std::map<std::string, std::string> query;
  for (const auto& pair : split(std::string(text), '&')) {
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto name = percent_decoded(std::string_view(pair).substr(0, equals), true);
    const auto value =
        percent_decoded(std::string_view(pair).substr(std::min(equals + 1, pair.size())), true);
    if (name && value && !name->empty()) query.emplace(*name, *value);
  }
  return query;
}

}  // namespace nightjar::server
