// What stands above and below an event's line for those who follow one task.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "cli/render.h"

namespace nightjar::cli {

namespace {

constexpr size_t kMargin = 10;  // below the words of the line, behind its time
constexpr size_t kMostDiff = 24, kMostOutput = 8, kMostWords = 40;

class Details {
 public:
  explicit Details(const Terminal& terminal) : terminal_(terminal) {}

  void add(std::string_view line, Tone tone = Tone::Plain) {
    std::string text = inert(line, true);
    if (terminal_.tty)
      text = fitted(terminal_, text, static_cast<size_t>(std::max(30, terminal_.width)) - kMargin);
    out_ += text.empty() ? "\n" : std::string(kMargin, ' ') + paint(terminal_, tone, text) + "\n";
  }
  void add_first(const std::vector<std::string_view>& all, size_t most, auto&& tone_of) {
    for (size_t i = 0; i < std::min(all.size(), most); ++i) add(all[i], tone_of(all[i]));
    if (all.size() > most) add(fmt::format("[{} more lines]", all.size() - most), Tone::Dim);
  }
  std::string text() && { return std::move(out_); }

 private:
  const Terminal& terminal_;
  std::string out_;
};

Tone tone_of_diff(std::string_view line) {
  if (line.starts_with('+')) return Tone::Good;
  if (line.starts_with('-')) return Tone::Bad;
  return line.starts_with("@@") ? Tone::Busy : Tone::Dim;
}

}  // namespace

std::string turn_mark(const Terminal& terminal, const json::object& event, core::Turns& turns) {
  const auto turn = turns.begun_by(get_string(event, "run"), get_string(event, "kind"),
                                   get_object(event, "body"));
  if (!turn) return "";
  return std::string(kMargin, ' ') + paint(terminal, Tone::Dim, fmt::format("turn {}", *turn)) +
         "\n";
}

std::string event_details(const Terminal& terminal, const json::object& event) {
  const std::string kind = get_string(event, "kind");
  const auto& body = get_object(event, "body");
  Details out(terminal);
  if (kind == "plan") {
    for (const auto& item : get_array(body, "items")) {
      if (!item.is_object()) continue;
      const bool done = get_bool(item.get_object(), "done");
      out.add(fmt::format("[{}] {}", done ? "x" : " ", get_string(item.get_object(), "text")),
              done ? Tone::Dim : Tone::Plain);
    }
  } else if (kind == "said") {
    const std::string text = get_string(body, "text");
    auto all = lines(text);
    if (!all.empty()) all.erase(all.begin());  // stands in the line itself
    out.add_first(all, kMostWords, [](std::string_view) { return Tone::Plain; });
  } else if (kind == "tool_finished") {
    const std::string diff = get_string(body, "diff");
    out.add_first(lines(diff), kMostDiff, tone_of_diff);
    const std::string output = get_string(body, "output");
    auto all = lines(output);
    if (all.size() > kMostOutput)
      all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(kMostOutput));
    for (const auto line : all) out.add(line, Tone::Dim);
  }
  return std::move(out).text();
}

}  // namespace nightjar::cli
