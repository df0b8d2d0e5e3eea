#include "cli/input.h"

#include <fmt/core.h>
#include <unistd.h>

#include <charconv>

#include "base/file.h"
#include "base/text.h"

namespace nightjar::cli {

namespace {

constexpr size_t kMostText = size_t{512} << 10;  // a request to the service holds 1 MB

std::string standard_input(std::string_view what) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t length = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) throw_errno("cannot read standard input");
    if (length == 0) return text;
    text.append(buffer, static_cast<size_t>(length));
    if (text.size() > kMostText) {
      throw wrong_use(
          fmt::format("the {} on standard input is longer than {}", what, human_size(kMostText)));
    }
  }
}

// True where somebody piped or redirected something into us.
bool input_is_given() { return ::isatty(STDIN_FILENO) != 1; }

std::string example_of(const Context& context) {
  return std::string(lines(context.call.command->example).front());
}

}  // namespace

std::string checked_text(std::string text, std::string_view what) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    plain += text[i];
  }
  plain = trimmed(plain);
  if (plain.empty()) throw wrong_use(fmt::format("the {} is empty", what));
  if (plain.size() > kMostText)
    throw wrong_use(fmt::format("the {} is longer than {}", what, human_size(kMostText)));
  if (has_control_characters(plain)) {
    throw wrong_use(
        fmt::format("the {} holds control characters: {}", what, shortened(inert(plain), 200)));
  }
  return plain;
}

std::string text_argument(const Context& context, size_t first, std::string_view what) {
  const auto& words = context.call.arguments;
  const std::vector<std::string> rest(
      words.begin() + static_cast<long>(std::min(first, words.size())), words.end());
  const bool asked = rest.size() == 1 && rest[0] == "-";
  if (!rest.empty() && !asked) return checked_text(join(rest, " "), what);
  if (!asked && !input_is_given()) {
    throw wrong_use(fmt::format("the {} is missing, for example: {}", what, example_of(context)));
  }
  return checked_text(standard_input(what), what);
}

std::string brief_argument(const Context& context) {
  const std::string file = context.call.value("--brief");
  if (!context.call.has("--brief")) return text_argument(context, 0, "brief");
  if (!context.call.arguments.empty())
    throw wrong_use("the brief was given twice: as an argument and with --brief");
  if (file == "-") return checked_text(standard_input("brief"), "brief");
  try {
    return checked_text(read_file(file, kMostText), "brief");
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Invalid) throw;
    throw wrong_use(fmt::format("cannot read the brief: {}", inert(error.what())));
  }
}

std::optional<long> number_option(const Context& context, std::string_view option, long most) {
  if (!context.call.has(option)) return std::nullopt;
  const std::string text = context.call.value(option);
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1 || number > most) {
    throw wrong_use(
        fmt::format("{} takes a number from 1 to {}, not '{}'", option, most, inert(text)));
  }
  return number;
}

namespace {

double dollars_option(const Context& context, std::string_view option) {
  std::string text = context.call.value(option);
  if (text.starts_with('$')) text.erase(0, 1);
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || !(value > 0) ||
      value > 1e6)
    throw wrong_use(fmt::format("{} takes an amount in dollars such as 2.50, not '{}'", option,
                                inert(context.call.value(option))));
  return value;
}

}  // namespace

void put_limits(const Context& context, json::object& request) {
  const auto& call = context.call;
  if (call.has("--limit-time")) {
    const auto limit = parse_duration(call.value("--limit-time"));
    if (!limit) {
      throw wrong_use(fmt::format("--limit-time takes a time such as 90s, 5m or 2h, not '{}'",
                                  inert(call.value("--limit-time"))));
    }
    request["limit_time_ms"] = limit->count();
  }
  if (const auto turns = number_option(context, "--limit-turns", 1'000'000))
    request["limit_turns"] = *turns;
  if (const auto tokens = number_option(context, "--limit-tokens", 1'000'000'000))
    request["limit_tokens"] = *tokens;
  if (call.has("--limit-cost")) request["limit_cost_usd"] = dollars_option(context, "--limit-cost");
}

}  // namespace nightjar::cli
