#include "agent/native/transcript.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/native/failover.h"
#include "base/text.h"
#include "tools/arguments.h"

namespace nightjar::agent::native {

namespace {

constexpr size_t kMostFiles = 100, kMostWords = 20, kMostPlan = 50;
constexpr std::array<std::string_view, 3> kEdits{"edit", "write", "patch"};

void push_bounded(std::vector<std::string>& list, std::string text, size_t most) {
  std::erase(list, text);
  list.push_back(std::move(text));
  if (list.size() > most) list.erase(list.begin());
}

class Reader {
 public:
  void take(const json::object& line) {
    const std::string kind = get_string(line, "kind");
    if (const std::string words = get_string(line, "words"); !words.empty())
      push_bounded(out.standing.words, shortened_lines(words, 2'000), kMostWords);
    if (kind == "user") {
      Entry entry;
      entry.item = get_string(line, "item");
      entry.text = get_string(line, "text");
      entry.task = !std::exchange(has_task_, true);
      add(std::move(entry));
    } else if (kind == "reply") {
      take_reply(line);
    } else if (kind == "result") {
      results_.push_back(model::tool_result_from(line));
      note_result(results_.back());
    } else if (kind == "results") {
      add({.kind = Entry::Kind::Results,
           .item = get_string(line, "item"),
           .text = get_string(line, "text"),
           .reply = {},
           .results = std::move(results_)});
      results_.clear();
    } else if (kind == "rewind") {
      rewind(static_cast<int>(get_int(line, "turn")));
      if (line.contains("items")) say_again(line);
    } else if (kind == "replace") {
      replace(line);
    }
  }

  int next_reply() const { return turn_ + 1; }
  Transcript out;

 private:
  void add(Entry entry) {
    if (entry.text.starts_with(kRefuted)) out.standing.check = shortened_lines(entry.text, 2'000);
    out.entries.push_back(std::move(entry));
  }

  void take_reply(const json::object& line) {
    Entry entry;
    entry.kind = Entry::Kind::Reply;
    entry.item = get_string(line, "item");
    entry.reply = model::reply_from(line);
    asked_.resize(static_cast<size_t>(turn_), older_.size());
    asked_.push_back(older_.size());
    entry.turn = ++turn_;
    results_.clear();
    for (const auto& call : entry.reply.calls) note_call(call);
    out.entries.push_back(std::move(entry));
  }

  void rewind(int turn) {
    const auto next = static_cast<size_t>(std::max(0, turn));
    if (next >= asked_.size()) return;
    // A reply that a replacement kept stands there now with less before it than it was asked with.
    while (older_.size() > asked_[next]) {
      out.entries = std::move(older_.back());
      older_.pop_back();
    }
    asked_.resize(next);
    const auto at = std::ranges::find_if(out.entries, [turn](const Entry& entry) {
      return entry.kind == Entry::Kind::Reply && entry.turn == turn + 1;
    });
    out.entries.erase(at, out.entries.end());
    turn_ = turn;
    results_.clear();
  }

  // What stood there before another model took over, in that one's words.
  void say_again(const json::object& line) {
    const auto& items = get_array(line, "items");
    if (items.size() != out.entries.size()) return;
    if (get_bool(line, "foreign")) out.entries = with_own_ids(std::move(out.entries));
    for (size_t i = 0; i < items.size(); ++i) {
      if (items[i].is_string()) out.entries[i].item = std::string_view(items[i].get_string());
    }
  }

  void replace(const json::object& line) {
    std::vector<Entry> fresh;
    for (const auto& value : get_array(line, "parts")) {
      if (!value.is_object()) continue;
      const json::object& part = value.get_object();
      const auto from = static_cast<size_t>(get_int(part, "from", -1));
      Entry entry;
      if (from < out.entries.size()) {
        entry = out.entries[from];
      } else {
        entry.text = get_string(part, "text");
        entry.of_vendor = entry.text == kOfVendor;
      }
      entry.item = get_string(part, "item");
      if (const auto& results = get_array(part, "results"); !results.empty()) {
        entry.results.clear();
        for (const auto& result : results)
          if (result.is_object())
            entry.results.push_back(model::tool_result_from(result.get_object()));
      }
      fresh.push_back(std::move(entry));
    }
    older_.push_back(std::exchange(out.entries, std::move(fresh)));
  }

  void note_call(const model::ToolCall& call) {
    const auto parsed = parse_json(call.arguments);
    if (!parsed || !parsed->is_object()) return;
    const json::object arguments = tools::understood(call.name, parsed->get_object());
    Standing& standing = out.standing;
    if (call.name == "plan") {
      standing.plan.clear();
      for (const auto& item : get_array(arguments, "items")) {
        if (!item.is_object() || standing.plan.size() >= kMostPlan) continue;
        standing.plan.push_back((get_bool(item.get_object(), "done") ? "[x] " : "[ ] ") +
                                shortened(get_string(item.get_object(), "text"), 200));
      }
    } else if (std::ranges::find(kEdits, call.name) != kEdits.end()) {
      for (auto& path : files_of_patch(get_string(arguments, "patch")))
        push_bounded(standing.files, std::move(path), kMostFiles);
      if (std::string path = get_string(arguments, "path"); !path.empty())
        push_bounded(standing.files, std::move(path), kMostFiles);
    }
  }

  void note_result(const model::ToolResult& result) {
    if (result.name == "check") out.standing.check = shortened_lines(result.output, 2'000);
  }

  std::vector<model::ToolResult> results_;
  std::vector<std::vector<Entry>> older_;  ///< before each replacement
  std::vector<size_t> asked_;              ///< asked_[n]: older_'s size when reply n + 1 came
  int turn_ = 0;
  bool has_task_ = false;
};

}  // namespace

std::vector<std::string> Transcript::items() const {
  std::vector<std::string> out;
  for (const auto& entry : entries)
    if (!entry.item.empty()) out.push_back(entry.item);
  return out;
}

std::optional<size_t> Transcript::task() const {
  const auto found = std::ranges::find(entries, true, &Entry::task);
  if (found == entries.end()) return std::nullopt;
  return static_cast<size_t>(found - entries.begin());
}

std::vector<std::string> files_of_patch(std::string_view patch) {
  std::vector<std::string> out;
  for (const std::string_view line : lines(patch)) {
    for (const std::string_view mark : {"*** Update File: ", "*** Add File: ", "*** Delete File: ",
                                        "*** Move to: ", "--- a/", "+++ b/"}) {
      if (!line.starts_with(mark)) continue;
      std::string path = trimmed(line.substr(mark.size()));
      if (std::ranges::find(out, path) == out.end()) out.push_back(std::move(path));
    }
  }
  return out;
}

Transcript read_transcript(std::string_view text, int before_reply) {
  Reader reader;
  Transcript then;
  for (const auto line : lines(text)) {
    const auto value = parse_json(line);
    if (!value || !value->is_object()) continue;  // the conversation itself has told of it
    const json::object& object = value->get_object();
    if (before_reply > 0 && get_string(object, "kind") == "reply" &&
        reader.next_reply() == before_reply)
      then = reader.out;
    reader.take(object);
  }
  return before_reply > 0 ? then : std::move(reader.out);
}

std::int64_t picture_bytes(const std::vector<model::ToolResult>& results) {
  size_t out = 0;
  for (const auto& result : results) out += result.image.size();
  return static_cast<std::int64_t>(out);
}

std::int64_t picture_bytes(const Replacement& replacement, const Transcript& old) {
  std::int64_t out = 0;
  for (const auto& part : replacement.parts) {
    if (!part.results.empty())
      out += picture_bytes(part.results);
    else if (part.from >= 0)
      out += picture_bytes(old.entries.at(static_cast<size_t>(part.from)).results);
  }
  return out;
}

json::object to_json(const Replacement& replacement) {
  json::array parts;
  for (const auto& part : replacement.parts) {
    json::object object{{"from", part.from}, {"item", part.item}};
    if (!part.text.empty()) object["text"] = part.text;
    if (!part.results.empty()) {
      json::array results;
      for (const auto& result : part.results) results.push_back(model::to_json(result));
      object["results"] = std::move(results);
    }
    parts.push_back(std::move(object));
  }
  json::object out{{"kind", "replace"},
                   {"how", replacement.how},
                   {"parts", std::move(parts)},
                   {"picture_bytes", replacement.picture_bytes},
                   {"usage", model::to_json(replacement.usage)}};
  if (const auto& next = replacement.successor)
    out["successor"] = json::object{{"name", next->name},
                                    {"wire", next->wire},
                                    {"prefix", next->prefix},
                                    {"spent_usd", next->spent_usd},
                                    {"spent_known", next->spent_known}};
  return out;
}

}  // namespace nightjar::agent::native
