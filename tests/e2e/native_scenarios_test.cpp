// Each folder of tests/golden/conversations is a ticket on a small project with a bug: what the
// model says (scenario.json, as model_server.py plays it), on every wire what each request added to
// the one before (WIRE.json), and what came of the ticket, the same on all of them (outcome.json).
// NIGHTJAR_ACCEPT=1 rewrites what is expected: look at the difference before committing it.
#include <cstdlib>

#include "base/text.h"
#include "e2e/native_fixture.h"

namespace nightjar::test {
namespace {

const std::vector<std::string> kWires{"openai", "chat", "anthropic", "gemini"};

fs::path cases() { return fs::path(NIGHTJAR_SOURCE_DIR) / "tests/golden/conversations"; }

json::object scenario_of(const std::string& name) {
  auto parsed = parse_json(read_file(cases() / name / "scenario.json"));
  if (!parsed) throw std::runtime_error(name + "/scenario.json: " + parsed.error());
  return std::move(parsed->as_object());
}

struct Case {
  std::string name, wire;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name << " on " << one.wire; }

std::vector<Case> all_cases() {
  std::vector<Case> out;
  for (const auto& entry : fs::directory_iterator(cases())) {
    const std::string name = entry.path().filename();
    const auto given = get_strings(scenario_of(name), "wires");
    for (const auto& wire : given.empty() ? kWires : given) out.push_back({name, wire});
  }
  std::ranges::sort(out, {}, [](const Case& one) { return std::tie(one.name, one.wire); });
  return out;
}

const json::array& items_of(const json::object& body) {
  for (const char* member : {"input", "messages", "contents"}) {
    if (!get_array(body, member).empty()) return get_array(body, member);
  }
  return get_array(body, "");
}

class NativeScenario : public NativeTest, public testing::WithParamInterface<Case> {
 protected:
  /// What differs from one machine and one run to the next, by a name.
  std::string without_places(std::string text, const json::object& task) const {
    for (const auto& [found, name] : {std::pair(repo_.path().string(), "REPOSITORY"),
                                      std::pair(get_string(task, "id"), "TASK")}) {
      for (size_t at = text.find(found); at != std::string::npos; at = text.find(found, at))
        text.replace(at, found.size(), name);
    }
    return text;
  }

  /// Each request with what it adds; the task's own message only where the scenario asks for it.
  std::string conversation(const json::object& scenario) const {
    json::array out;
    json::object before;
    for (const auto& text : server_->bodies()) {
      json::object body = parse_json(text)->as_object();
      const json::array& items = items_of(body);
      if (body == before) {
        out.emplace_back("the same again");
      } else if (before.empty() && get_bool(scenario, "from_the_beginning")) {
        out.push_back(body);
      } else {
        json::array added;
        const size_t known = before.empty() ? 1 : items_of(before).size();
        for (size_t i = std::min(known, items.size()); i < items.size(); ++i)
          added.push_back(items[i]);
        out.push_back(added);
      }
      before = std::move(body);
    }
    return to_pretty(out);
  }

  std::string outcome(const json::object& task) const {
    json::object out;
    for (const char* member : {"state", "waiting_for", "reason", "turns", "cost_usd"})
      if (const auto* value = task.if_contains(member)) out[member] = *value;
    out["verdict"] = verdict(task);
    out["plan"] = get_array(get_array(task, "runs").back().as_object(), "plan");
    const std::string branch = get_string(task, "branch");
    const bool published = !task.at("pull_request").is_null();
    if (published) out["diff"] = to_array(split(repo_.git({"diff", "main", branch})));
    return to_pretty(out);
  }

  static std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out;
    for (const auto line : lines(text)) out.emplace_back(line);
    return out;
  }

  static void expect(const fs::path& file, const std::string& actual) {
    if (std::getenv("NIGHTJAR_ACCEPT")) write_durably(file, actual);
    EXPECT_EQ(actual, try_read_file(file).value_or("")) << file;
  }
};

INSTANTIATE_TEST_SUITE_P(Each, NativeScenario, testing::ValuesIn(all_cases()),
                         [](const auto& one) { return one.param.name + "_" + one.param.wire; });

TEST_P(NativeScenario, SendsAndComesToWhatIsExpected) {
  const fs::path folder = cases() / GetParam().name;
  const json::object scenario = scenario_of(GetParam().name);
  play(read_file(folder / "scenario.json"), GetParam().wire, get_string(scenario, "settings"));
  const json::object task = finish(get_strings(scenario, "assign"));
  EXPECT_EQ(server_->violations(), "");
  expect(folder / (GetParam().wire + ".json"), without_places(conversation(scenario), task));
  expect(folder / "outcome.json", without_places(outcome(task), task));
}

}  // namespace
}  // namespace nightjar::test
