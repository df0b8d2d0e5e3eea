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

}  // namespace nightjar::cli
