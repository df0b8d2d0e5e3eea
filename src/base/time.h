// Wall-clock instants for what is stored and shown, steady deadlines for what waits.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace nightjar {

/// An instant with millisecond resolution; zero means "not yet".
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Millis = std::chrono::milliseconds;

/// An absolute point on the steady clock; travels down instead of durations.
using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();

Time now();
Deadline in(std::chrono::nanoseconds duration);
/// Milliseconds left for poll(2): -1 for no deadline, 0 when past.
int poll_timeout(Deadline deadline);

/// RFC 3339 in UTC, "2026-01-31T12:00:00.123Z"; empty for the zero instant.
std::string to_rfc3339(Time time);
std::optional<Time> from_rfc3339(std::string_view text);
/// "Sun, 06 Nov 1994 08:49:37 GMT", as HTTP headers say it (RFC 9110, section 5.6.7).
std::optional<Time> from_http_date(std::string_view text);
/// Local time for tables: "Jan 31 12:00".
std::string to_local(Time time);
/// "340 ms", "12 s", "3 min 20 s", "2 h 5 min".
std::string human(Millis duration);
/// "90s", "5m", "2h", "1h30m"; nullopt where it is none, or zero.
std::optional<Millis> parse_duration(std::string_view text);

}  // namespace nightjar
