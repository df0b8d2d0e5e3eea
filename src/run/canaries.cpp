#include "run/canaries.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"
#include "tools/toolbox.h"
#include "verify/build_files.h"
#include "verify/commands.h"
#include "verify/file_roles.h"
#include "verify/parts.h"
#include "verify/test_evidence.h"

namespace nightjar::run {

namespace {

constexpr size_t kMostCanaries = 20;
constexpr size_t kMostPrograms = 40;
constexpr size_t kMostRead = 2000;
constexpr size_t kMostAlone = 3;
constexpr size_t kMostText = size_t{1} << 20;
constexpr int kDeepestScript = 3;
constexpr Millis kPatience{10'000};

// By the toolbox inside: a stranger's code is not parsed out here. An assertion that fails says
// more than a failure at the end.
std::optional<std::string> failing(tools::Toolbox& toolbox, Context& context,
                                   json::object arguments, bool& by_assertion) {
  for (const char* how : {"assertion", "end"}) {
    arguments["how"] = how;
    auto answer = toolbox.call("canary", arguments, {}, in(kPatience), context.stop);
    by_assertion = how == std::string_view("assertion");
    if (!answer.error) return std::move(answer.output);
  }
  return std::nullopt;
}

const core::CheckReport* find(const std::vector<core::CheckReport>& reports,
                              const std::string& name) {
  const auto found = std::ranges::find(reports, name, &core::CheckReport::name);
  return found == reports.end() ? nullptr : &*found;
}

// To ask the parser about few files only; it says whether they do. What stands in a table, or in a
// loop, has a name that only running it makes.
bool may_hold(const std::string& path, const std::string& text, const std::string& test) {
  const std::string own = verify::own_name(test);
  if (text.find(own.substr(0, own.find('('))) != std::string::npos) return true;
  if (path.ends_with(".rs")) {  // "tests::cases::case_1"
    const auto parts = split(replaced(test, "::", "\n"), '\n');
    return parts.size() > 1 && text.find(parts[parts.size() - 2]) != std::string::npos;
  }
  return verify::is_test_path(path) &&
         std::ranges::any_of(
             std::initializer_list<std::string_view>{"for (", "each(", "each`", "forEach"},
             [&text](auto word) { return text.find(word) != std::string::npos; });
}

// What a script takes in is no program of its own.
std::string without_sourced(std::string_view script) {
  std::string out;
  for (const auto line : lines(script)) {
    const auto text = trim(line);
    if (!text.starts_with(". ") && !text.starts_with("source ")) out += std::string(line) + "\n";
  }
  return out;
}

}  // namespace

void Canaries::sing(const std::vector<std::string>& proving,
                    const std::vector<core::Change>& combination, const Files& fresh) {
  needs_.input.must_fail = {proving.begin(), proving.end()};
  proving_ = proving;
  if (proving_.size() > kMostCanaries) proving_.resize(kMostCanaries);
  combination_ = combination;
  fresh_ = fresh;
  why_ = "this test must fail now, " + random_id(12);
  const auto session = needs_.open("canary");
  const Files beside = inline_tests();
  const auto held_by = [&](const std::vector<std::string>& names) {
    Files out = needs_.files(names);
    out.insert(beside.begin(), beside.end());
    return out;
  };
  Files bent = into_tests(*session, held_by(proving_));
  if (bent.empty()) bent = into_tests(*session, held_by({}));
  if (bent.empty())
    session->stop();
  else
    run_tests(*session, bent);
  std::vector<std::string> rest;
  for (const auto& test : proving_)
    if (!needs_.input.canaries.contains(test)) rest.push_back(test);
  if (!rest.empty()) programs(rest);
}

// Files of the program that hold tests as well, as Rust has them: in the form that proved.
Canaries::Files Canaries::inline_tests() const {
  Files out;
  if (std::ranges::none_of(proving_,
                           [](const auto& test) { return test.find("::") != std::string::npos; }))
    return out;
  std::vector<std::string> paths;
  for (auto& path : needs_.context.mirror.paths(needs_.context.job.base_commit)) {
    if (paths.size() < kMostRead && path.ends_with(".rs") && !verify::is_test_path(path))
      paths.push_back(std::move(path));
  }
  if (!paths.empty()) out = needs_.texts(paths);
  for (const auto& change : combination_) {
    if (change.what == core::Change::What::File && change.path.ends_with(".rs"))
      out[change.path] = change.content;
    else
      out.erase(change.path);
  }
  std::erase_if(out,
                [](const auto& file) { return file.second.find("test") == std::string::npos; });
  return out;
}

// Of these files those that hold one of the tests, each with a failure in it.
Canaries::Files Canaries::into_tests(sandbox::Session& session, Files held) {
  tools::Toolbox toolbox(session);
  for (const auto& [path, text] : fresh_) held[path] = text;
  Files out;
  for (const auto& test : proving_) {
    for (auto& [path, text] : held) {
      if (!may_hold(path, text, test)) continue;
      bool by_assertion = false;
      auto bent =
          failing(toolbox, needs_.context,
                  {{"path", path}, {"text", text}, {"test", test}, {"why", why_}}, by_assertion);
      if (!bent) continue;
      out[path] = text = std::move(*bent);
      needs_.input.canaries.insert(test);
      if (!by_assertion) needs_.input.only_at_their_end.insert(test);
      break;
    }
  }
  return out;
}

std::vector<core::CheckSpec> Canaries::checks_that_hold(
    const std::vector<std::string>& tests) const {
  std::vector<core::CheckSpec> out;
  for (const auto& check : needs_.context.environment->config.checks) {
    const auto* after = find(needs_.input.after, check.name);
    const auto holds = [&after](const auto& test) { return after->tests.contains(test); };
    if (after && after->by_test && std::ranges::any_of(tests, holds)) out.push_back(check);
  }
  return out;
}

std::vector<core::CheckReport> Canaries::with(sandbox::Session& session, const Files& bent,
                                              const std::vector<core::CheckSpec>& checks,
                                              const char* name) {
  auto changes = combination_;
  for (const auto& [path, text] : bent) {
    std::erase_if(changes, [&path](const auto& other) { return other.path == path; });
    changes.push_back(
        {.path = path, .executable = text.starts_with("#!"), .content = text, .size = text.size()});
  }
  auto expected = needs_.input.after;  // these failures are no reason to run once more
  for (auto& report : expected) {
    for (auto& [test, status] : report.tests) status = core::TestStatus::Failed;
    report.counts.failed = report.counts.total();
  }
  return needs_.reports(session, changes, name, checks, &expected);
}

void Canaries::run_tests(sandbox::Session& session, const Files& bent) {
  needs_.context.journal.note("what proves it must fail where a failure is put into it");
  const std::vector<std::string> tests(needs_.input.canaries.begin(), needs_.input.canaries.end());
  needs_.input.under_canary = with(session, bent, checks_that_hold(tests), "canary");
}

// Scripts that the commands run, those that these run in turn instead of them; or C programs.
Canaries::Files Canaries::programs_of(const std::vector<std::string>& commands,
                                      const std::vector<std::string>& tests) const {
  const auto paths = needs_.context.mirror.paths(needs_.context.job.base_commit);
  std::vector<std::string> sources;
  for (const auto& path : paths) {
    if (verify::is_c_or_cpp(path) && verify::is_test_path(path)) sources.push_back(path);
  }
  Files out;
  for (auto& [path, text] : needs_.texts(sources))
    if (text.find("main(") != std::string::npos) out.emplace(path, std::move(text));
  for (const auto& [path, text] : fresh_)
    if (verify::is_c_or_cpp(path) && text.find("main(") != std::string::npos) out[path] = text;
  if (!out.empty()) return out;
  std::vector<std::string> said = commands;
  for (int depth = 0; depth < kDeepestScript && !said.empty(); ++depth) {
    std::vector<std::string> run;
    for (const auto& path : paths) {
      if (depth > 0 && !verify::is_test_path(path)) continue;
      const bool named = std::ranges::any_of(
          tests, [&path](const auto& test) { return test == path || test.ends_with("/" + path); });
      if (named || std::ranges::any_of(said, [&path](const auto& command) {
            return verify::runs_file(command, path);
          }))
        run.push_back(path);
    }
    Files inner = needs_.texts(run);
    std::erase_if(inner, [&out](const auto& file) { return out.contains(file.first); });
    if (inner.empty()) break;
    said.clear();
    for (const auto& [path, text] : inner) {
      if (path.ends_with(".sh") || text.starts_with("#!")) said.push_back(without_sourced(text));
    }
    out = std::move(inner);
  }
  return out;
}

Canaries::Files Canaries::into_programs(const Files& programs) {
  const auto session = needs_.open("canary-place");
  Files out;
  {
    tools::Toolbox toolbox(*session);
    for (const auto& [path, text] : programs) {
      if (out.size() == kMostPrograms) break;
      bool by_assertion = false;
      if (auto bent = failing(toolbox, needs_.context,
                              {{"path", path}, {"text", text}, {"why", why_}}, by_assertion))
        out.emplace(path, std::move(*bent));
    }
  }
  session->stop();
  return out;
}

// Tests without a place of their own are as good as the program that they are.
void Canaries::programs(const std::vector<std::string>& tests) {
  std::vector<std::string> commands, placed;
  const auto checks = checks_that_hold(tests);
  for (const auto& check : checks) commands.push_back(check.run);
  commands = verify::with_recipes(commands, [this](const std::string& path) {
    return needs_.context.mirror.file(needs_.context.job.base_commit, path, kMostText);
  });
  for (const auto& test : tests) {
    const bool fits = std::ranges::any_of(needs_.input.after, [&test](const auto& report) {
      return report.tests.contains(test) && verify::is_told_by_programs(report);
    });
    if (fits) placed.push_back(test);
  }
  if (placed.empty()) return;
  const Files bent = into_programs(programs_of(commands, placed));
  if (bent.empty()) return;
  needs_.context.journal.note(
      "the program that proves it must fail where a failure is put into it");
  needs_.input.canaries.insert(placed.begin(), placed.end());
  needs_.input.of_programs.insert(placed.begin(), placed.end());
  const auto all = with(*needs_.open("canary-programs"), bent, checks, "canary-programs");
  std::vector<std::string> open_ones;
  for (const auto& test : placed) {
    const bool sure = verify::is_noticed(needs_.input.after, all, test, bent.size() == 1);
    if (!sure) open_ones.push_back(test);
  }
  if (open_ones.empty() || bent.size() == 1 || bent.size() > kMostAlone) {
    needs_.input.unnoticed.insert(open_ones.begin(), open_ones.end());
    return;
  }
  // The first that fails may have ended them all: each alone must be noticed.
  for (const auto& [path, text] : bent) {
    const auto alone = with(*needs_.open("canary-alone"), {{path, text}}, checks, "canary-alone");
    for (const auto& test : open_ones)
      if (!verify::is_noticed(needs_.input.after, alone, test, true))
        needs_.input.unnoticed.insert(test);
  }
}

}  // namespace nightjar::run
