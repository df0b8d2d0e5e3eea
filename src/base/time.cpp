#include "base/time.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>
#include <ctime>
#include <limits>

namespace nightjar {

using namespace std::chrono;

Time now() { return time_point_cast<milliseconds>(system_clock::now()); }

Deadline in(nanoseconds duration) { return steady_clock::now() + duration; }

int poll_timeout(Deadline deadline) {
  if (deadline == kNoDeadline) return -1;
  const auto left = ceil<milliseconds>(deadline - steady_clock::now()).count();
  if (left <= 0) return 0;
  return left > std::numeric_limits<int>::max() ? std::numeric_limits<int>::max()
                                                : static_cast<int>(left);
}

std::string to_rfc3339(Time time) {
  if (time == Time{}) return "";
  const std::time_t seconds = system_clock::to_time_t(floor<std::chrono::seconds>(time));
  const auto rest = (time - floor<std::chrono::seconds>(time)).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     rest);
}

std::optional<Time> from_rfc3339(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (!rest) return std::nullopt;
  long millis = 0;
  if (*rest == '.') {
    int digits = 0;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, ++digits) {
      if (digits < 3) millis = millis * 10 + (*rest - '0');
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) millis *= 10;
  }
  if (*rest != 'Z' || rest[1] != '\0') return std::nullopt;
  return Time(seconds(timegm(&parts)) + milliseconds(millis));
}

std::optional<Time> from_http_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* rest = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!rest || *rest != '\0') return std::nullopt;
  return Time(seconds(timegm(&parts)));
}

std::string to_local(Time time) {
  if (time == Time{}) return "-";
  const std::time_t seconds = system_clock::to_time_t(floor<std::chrono::seconds>(time));
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char buffer[32];
  std::strftime(buffer, sizeof buffer, "%b %d %H:%M", &parts);
  return buffer;
}

std::string human(Millis duration) {
  const auto ms = duration.count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 10'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  const auto s = (ms + 500) / 1000;
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600)
    return s % 60 ? fmt::format("{} min {} s", s / 60, s % 60) : fmt::format("{} min", s / 60);
  const auto minutes = s / 60;
  return minutes % 60 ? fmt::format("{} h {} min", minutes / 60, minutes % 60)
                      : fmt::format("{} h", minutes / 60);
}

std::optional<Millis> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || number > 1'000'000) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.starts_with("ms")) {
      total += number;
      text.remove_prefix(2);
      continue;
    }
    if (text.empty()) return std::nullopt;
    switch (text.front()) {
      case 's':
        total += number * 1000;
        break;
      case 'm':
        total += number * 60'000;
        break;
      case 'h':
        total += number * 3'600'000;
        break;
      case 'd':
        total += number * 86'400'000;
        break;
      default:
        return std::nullopt;
    }
    text.remove_prefix(1);
  }
  if (total == 0) return std::nullopt;
  return Millis(total);
}

}  // namespace nightjar
