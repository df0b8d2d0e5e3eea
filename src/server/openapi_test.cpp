// The OpenAPI document says what the routes are and what the answers look like.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "server/server.h"

namespace nightjar::server {
namespace {

const json::object& document() {
  static const json::value parsed = parse_json(openapi()).value();
  return parsed.get_object();
}

const json::value* resolve(std::string_view pointer) {
  boost::system::error_code error;
  static const json::value whole(document());
  return whole.find_pointer({pointer.data() + 1, pointer.size() - 1}, error);  // "#/components/..."
}

std::string_view type_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "integer";
    case json::kind::double_:
      return "number";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
  }
  return "";
}

/// Every way in which `value` is not what `schema` says, with its place. Members that the schema
/// does not name are faults too: what is served must be documented. Reads the part of JSON Schema
/// that is used here.
std::vector<std::string> faults(const json::object& schema, const json::value& value,
                                const std::string& place = "$") {
  if (const auto* ref = schema.if_contains("$ref")) {
    const auto* target = resolve(std::string_view(ref->get_string()));
    if (!target) return {place + ": no schema " + std::string(ref->get_string())};
    return faults(target->get_object(), value, place);
  }
  if (const auto* choices = schema.if_contains("oneOf")) {
    std::vector<std::string> all;
    for (const auto& choice : choices->get_array()) {
      auto found = faults(choice.get_object(), value, place);
      if (found.empty()) return {};
      all.insert(all.end(), found.begin(), found.end());
    }
    return all;
  }
  std::vector<std::string> found;
  if (const auto* types = schema.if_contains("type")) {
    const bool fits = types->is_string()
                          ? types->get_string() == type_of(value)
                          : std::ranges::any_of(types->get_array(), [&](const json::value& type) {
                              return type.get_string() == type_of(value);
                            });
    if (!fits) return {place + " is " + std::string(type_of(value)) + ", not " + to_line(*types)};
  }
  if (const auto* values = schema.if_contains("enum")) {
    if (std::ranges::find(values->get_array(), value) == values->get_array().end()) {
      found.push_back(place + " is " + to_line(value) + ", not one of " + to_line(*values));
    }
  }
  if (const auto* object = value.if_object()) {
    const auto& properties = get_object(schema, "properties");
    for (const auto& name : get_strings(schema, "required")) {
      if (!object->contains(name)) found.push_back(fmt::format("{}.{} is missing", place, name));
    }
    for (const auto& member : *object) {
      const std::string where = place + "." + std::string(member.key());
      const auto* property = properties.if_contains(member.key());
      if (!property) {
        if (!properties.empty()) found.push_back(where + " is not documented");
        continue;
      }
      const auto inner = faults(property->get_object(), member.value(), where);
      found.insert(found.end(), inner.begin(), inner.end());
    }
  }
  if (const auto* array = value.if_array()) {
    for (size_t i = 0; i < array->size(); ++i) {
      const auto inner =
          faults(get_object(schema, "items"), (*array)[i], fmt::format("{}[{}]", place, i));
      found.insert(found.end(), inner.begin(), inner.end());
    }
  }
  return found;
}

json::object schema_named(std::string_view name) {
  return get_object(get_object(get_object(document(), "components"), "schemas"), name);
}

core::Task full_task() {
  core::Task task;
  task.id = "k3x9qa";
  task.spec.title = "title";
  task.spec.kind = core::Kind::Refactor;
  task.spec.limits.time = Millis(1);
  task.state = core::State::InReview;
  task.created = task.updated = Time(Millis(1'700'000'000'000));
  task.reason = "why";
  task.branch = "b";
  task.pull_request.number = 3;
  task.pull_request.merge_commit = "c";
  task.pull_request.approved_by = "me";
  core::CheckComparison check;
  check.name = "tests";
  check.newly_failing = {"t"};
  task.checks = {check};
  task.proof.verdict = core::Verdict::Proved;
  task.proof.obligations = {{"no_old_name_left", true, ""}};
  task.proof.findings = {{"string_left", "a.py", 3, "text", false},
                         {"string_left", "", 0, "text", true}};
  core::Run run;
  run.id = "k3x9qa.1";
  run.state = core::State::Waiting;
  run.waiting_for = core::WaitingFor::Disk;
  run.started = task.created;
  task.runs = {core::Run{}, run};
  task.comments = {{task.created, "me", "", 0, "text"}, {task.created, "me", "a.py", 4, "text"}};
  return task;
}

TEST(OpenApi, EveryRouteIsDocumentedAndEveryDocumentedRouteIsServed) {
  std::set<std::pair<std::string, std::string>> documented;
  for (const auto& path : get_object(document(), "paths")) {
    for (const auto& operation : path.value().get_object()) {
      std::string method(operation.key());
      std::ranges::transform(method, method.begin(),
                             [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      documented.emplace(method, std::string(path.key()));
    }
  }
  const auto served = routes();
  EXPECT_EQ(documented,
            (std::set<std::pair<std::string, std::string>>(served.begin(), served.end())));
  EXPECT_EQ(documented.size(), served.size()) << "a route twice";
}

TEST(OpenApi, EveryOperationIsWhole) {
  std::set<std::string> ids;
  for (const auto& path : get_object(document(), "paths")) {
    for (const auto& entry : path.value().get_object()) {
      const auto& operation = entry.value().get_object();
      const std::string where = std::string(entry.key()) + " " + std::string(path.key());
      EXPECT_TRUE(ids.insert(get_string(operation, "operationId")).second) << where;
      EXPECT_FALSE(get_string(operation, "summary").empty()) << where;
      EXPECT_TRUE(get_object(operation, "responses").contains("default")) << where << ": problems";
      const bool takes_id = std::string_view(path.key()).find("{id}") != std::string_view::npos;
      bool documents_id = false;
      for (const auto& parameter : get_array(operation, "parameters")) {
        documents_id |= get_string(parameter.get_object(), "in") == "path";
      }
      EXPECT_EQ(takes_id, documents_id) << where;
    }
  }
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  const std::string text(openapi());
  size_t count = 0;
  for (size_t at = text.find("\"#/"); at != std::string::npos; at = text.find("\"#/", at + 1)) {
    const std::string pointer = text.substr(at + 1, text.find('"', at + 1) - at - 1);
    EXPECT_NE(resolve(pointer), nullptr) << pointer;
    ++count;
  }
  EXPECT_GT(count, 20);
}

TEST(OpenApi, TasksAreWhatTheDocumentSays) {
  const json::object schema = schema_named("Task");
  ASSERT_FALSE(schema.empty());
  for (const auto& task : {core::Task{}, full_task()}) {
    json::object served = core::to_json(task);
    if (task.created == Time{}) served["created"] = served["updated"] = "";
    EXPECT_EQ(faults(schema, served), std::vector<std::string>{}) << to_pretty(served);
  }
}

TEST(OpenApi, EveryStateKindAndVerdictIsDocumented) {
  const json::object schema = schema_named("Task");
  for (int i = 0; i <= static_cast<int>(core::State::Cancelled); ++i) {
    for (int k = 0; k <= static_cast<int>(core::Kind::Performance); ++k) {
      for (int w = 0; w <= static_cast<int>(core::WaitingFor::Lock); ++w) {
        core::Task task = full_task();
        task.state = static_cast<core::State>(i);
        task.spec.kind = static_cast<core::Kind>(k);
        task.waiting_for = static_cast<core::WaitingFor>(w);
        ASSERT_EQ(faults(schema, core::to_json(task)), std::vector<std::string>{});
      }
    }
  }
}

TEST(OpenApi, EventsAreWhatTheDocumentSays) {
  core::Event event{"t", "", 1, Time(Millis(1)), "note", {{"anything", 1}}};
  EXPECT_EQ(faults(schema_named("Event"), core::to_json(event)), std::vector<std::string>{});
}

TEST(OpenApi, TheCheckFindsWhatIsWrong) {
  const json::object schema = schema_named("Task");
  const auto faulty = [&](const auto& change) {
    json::object served = core::to_json(full_task());
    change(served);
    return faults(schema, served);
  };
  EXPECT_EQ(faulty([](json::object& t) { t.erase("title"); }),
            std::vector<std::string>{"$.title is missing"});
  EXPECT_EQ(faulty([](json::object& t) { t["mood"] = 1; }),
            std::vector<std::string>{"$.mood is not documented"});
  EXPECT_EQ(faulty([](json::object& t) { t["title"] = 3; }).size(), 1);
  EXPECT_EQ(faulty([](json::object& t) { t["state"] = "done"; }).size(), 1);
  EXPECT_EQ(faulty([](json::object& t) {
              t["checks"].get_array()[0].get_object()["before"].get_object()["passed"] = "";
            }).size(),
            1);
  EXPECT_FALSE(faulty([](json::object& t) { t["pull_request"] = json::object{}; }).empty());
}

}  // namespace
}  // namespace nightjar::server
