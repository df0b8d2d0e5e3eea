#include "agent/native/repository_map.h"

#include "base/error.h"

namespace nightjar::agent::native {

namespace {

constexpr std::int64_t kBudget = 8'000;  // bytes: about 2,000 tokens
constexpr Millis kPatience{20'000};
constexpr size_t kLargestTags = size_t{256} << 20;

}  // namespace

std::string repository_map(const Assignment& assignment, sandbox::Session& session,
                           tools::Toolbox& toolbox, std::string& note, std::stop_token stop) {
  const json::object arguments{{"root", kBaseFolder},
                               {"blobs", kBaseBlobs},
                               {"known_tags", kKnownTags},
                               {"brief", assignment.spec.title + "\n" + assignment.brief},
                               {"budget", kBudget}};
  const tools::Answer answer = toolbox.call(
      "map", arguments, {}, std::min(assignment.deadline, in(kPatience)), std::move(stop));
  if (answer.error) {
    note = "no map of the repository: " + answer.output;
    return "";
  }
  try {
    if (answer.changed && assignment.keep_tags) {
      if (const auto tags = session.read_file(fs::path(tools::kFreshTags), kLargestTags))
        assignment.keep_tags(*tags);
    }
  } catch (const Error& error) {
    note = std::string("what was learned of the repository is not kept: ") + error.what();
  }
  if (answer.output.empty()) return "";
  return "The definitions of the repository that matter most for this task, as far as references "
         "between its files tell (line: head); there is more:\n" +
         answer.output + "\n";
}

}  // namespace nightjar::agent::native
