#include "agent/mechanic/worker.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "agent/mechanic/rename.h"
#include "agent/mechanic/replace.h"
#include "agent/mechanic/work_tree.h"
#include "base/error.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

constexpr int kWireVersion = 1;

json::object to_json(const Order& order) {
  return {{"action", static_cast<int>(order.action)},
          {"noun", static_cast<int>(order.noun)},
          {"noun_said", order.noun_said},
          {"owner", order.owner},
          {"old_name", order.old_name},
          {"interim", to_array(order.interim)},
          {"new_name", order.new_name},
          {"everywhere", order.everywhere},
          {"strings_too", order.strings_too},
          {"in_path", order.in_path},
          {"pattern", order.pattern},
          {"replacement", order.replacement}};
}

Order order_from(const json::object& object) {
  Order order;
  order.action =
      static_cast<Order::Action>(std::clamp<std::int64_t>(get_int(object, "action"), 0, 2));
  order.noun = static_cast<Noun>(std::clamp<std::int64_t>(get_int(object, "noun"), 0, 6));
  order.noun_said = get_string(object, "noun_said");
  order.owner = get_string(object, "owner");
  order.old_name = get_string(object, "old_name");
  order.interim = get_strings(object, "interim");
  order.new_name = get_string(object, "new_name");
  order.everywhere = get_bool(object, "everywhere");
  order.strings_too = get_bool(object, "strings_too");
  order.in_path = get_string(object, "in_path");
  order.pattern = get_string(object, "pattern");
  order.replacement = get_string(object, "replacement");
  return order;
}

std::string with_paths(const json::object& object, const std::vector<std::string>& paths) {
  std::string out = to_line(object) + "\n";
  for (const auto& path : paths) out += path + '\0';
  return out;
}

std::vector<std::string> paths_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = text.find('\0');
    if (end == std::string_view::npos) break;
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

std::string encode(const Request& request) {
  json::array evidence;
  for (const auto& place : request.evidence)
    evidence.push_back(json::object{{"path", place.path}, {"line", place.line}});
  return with_paths({{"version", kWireVersion},
                     {"order", to_json(request.order)},
                     {"wanted", static_cast<int>(request.wanted)},
                     {"claim", request.claim},
                     {"evidence", std::move(evidence)},
                     {"threads", request.threads}},
                    request.changed);
}

Request request_from(std::string_view text) {
  const size_t end = text.find('\n');
  const auto parsed = parse_json(text.substr(0, end));
  if (!parsed || !parsed->is_object()) throw Error(ErrorKind::Invalid, "no request");
  const auto& object = parsed->get_object();
  if (get_int(object, "version") != kWireVersion)
    throw Error(ErrorKind::Invalid, "a request of another version");
  Request out;
  out.order = order_from(get_object(object, "order"));
  out.wanted =
      static_cast<Request::Wanted>(std::clamp<std::int64_t>(get_int(object, "wanted"), 0, 2));
  out.claim = get_object(object, "claim");
  for (const auto& item : get_array(object, "evidence")) {
    if (item.is_object())
      out.evidence.push_back({get_string(item.get_object(), "path"),
                              static_cast<int>(get_int(item.get_object(), "line"))});
  }
  out.threads = static_cast<unsigned>(std::clamp<std::int64_t>(get_int(object, "threads"), 0, 64));
  if (end != std::string_view::npos) out.changed = paths_of(text.substr(end + 1));
  return out;
}

std::string encode(const WorkResult& result) {
  json::array findings;
  for (const auto& finding : result.findings) findings.push_back(core::to_json(finding));
  return with_paths({{"version", kWireVersion},
                     {"outcome", static_cast<int>(result.outcome)},
                     {"reason", valid_utf8(result.reason)},
                     {"summary", valid_utf8(result.summary)},
                     {"details", valid_utf8(result.details)},
                     {"findings", std::move(findings)},
                     {"claim", result.claim}},
                    result.paths);
}

std::optional<WorkResult> result_from(std::string_view text) {
  const size_t end = text.find('\n');
  const auto parsed = parse_json(text.substr(0, end));
  if (!parsed || !parsed->is_object() || end == std::string_view::npos) return std::nullopt;
  const auto& object = parsed->get_object();
  const auto outcome = get_int(object, "outcome", -1);
  if (get_int(object, "version") != kWireVersion || outcome < 0 || outcome > 3) return std::nullopt;
  WorkResult out;
  out.outcome = static_cast<Outcome>(outcome);
  out.reason = get_string(object, "reason");
  out.summary = get_string(object, "summary");
  out.details = get_string(object, "details");
  for (const auto& item : get_array(object, "findings")) {
    if (item.is_object()) out.findings.push_back(core::finding_from(item.get_object()));
  }
  out.claim = get_object(object, "claim");
  out.paths = paths_of(text.substr(end + 1));
  return out;
}

WorkResult work_on(const std::filesystem::path& root, const Request& request) {
  const WorkTree tree(root, request.base, request.changed,
                      request.texts.empty() ? nullptr : Texts::open(request.texts));
  const unsigned threads =
      request.threads ? request.threads : std::clamp(std::thread::hardware_concurrency(), 2u, 8u);
  const std::string action = get_string(request.claim, "action");
  if (request.wanted == Request::Wanted::Strings) {
    if (action != "rename") throw Error(ErrorKind::Invalid, "strings follow renames alone");
    return rename_strings(tree, request.claim, request.evidence, threads);
  }
  const auto paths = tree.all_files();
  if (request.wanted == Request::Wanted::Recheck) {
    WorkResult out;
    if (action == "rename") out.findings = names_left(tree, paths, request.claim, threads);
    if (action == "replace") out.findings = uses_left(tree, paths, request.claim, threads);
    return out;
  }
  switch (request.order.action) {
    case Order::Action::Rename:
      return rename_in(tree, paths, request, threads);
    case Order::Action::Replace:
      return replace_in(tree, paths, request, threads);
    case Order::Action::Run:
      break;
  }
  throw Error(ErrorKind::Invalid, "the worker runs no commands");
}

int worker_main(int argc, char** argv) {
  if (argc != 2 || std::string_view(argv[0]) != "--result") return 2;
  WorkResult result;
  try {
    Request request = request_from(read_all(STDIN_FILENO));
    // Strings are changed after the work, in files that differ from the commit's.
    std::error_code none;
    if (request.wanted != Request::Wanted::Strings && fs::is_directory(kBaseFolder, none)) {
      request.base = kBaseFolder;
      request.texts = kBaseTexts;
    }
    result = work_on(".", request);
  } catch (const std::exception& error) {
    result.outcome = Outcome::Failed;
    result.reason = error.what();
  }
  try {
    write_durably(argv[1], encode(result), 0600);
  } catch (const std::exception& error) {
    (void)!::write(STDERR_FILENO, error.what(), std::string_view(error.what()).size());
    return 1;
  }
  return 0;
}

}  // namespace nightjar::agent::mechanic
