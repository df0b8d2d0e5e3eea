// JUnit XML, of whichever tool: an event parser over expat, which bounds entity expansion itself.
#include <expat.h>

#include <cstring>
#include <memory>

#include "verify/reading.h"

namespace nightjar::verify {

namespace {

constexpr int kDeepest = 100;
constexpr size_t kMostTests = 500'000;

struct Walk {
  XML_Parser parser = nullptr;
  bool only_run = false;
  bool is_report = false;
  int depth = 0;
  int case_depth = 0;  // of the test case that is open; 0: none
  std::string name;
  core::TestStatus status = core::TestStatus::Passed;
  bool left_out = false;
  Reading reading;
};

std::string_view attribute(const char** attributes, std::string_view wanted) {
  for (; attributes[0]; attributes += 2) {
    if (wanted == attributes[0]) return attributes[1];
  }
  return {};
}

// pytest's node id, where the report says which file a test is in: "tests/a.py::TestX::test_y".
std::string node_id(std::string_view file, std::string_view classes, std::string_view name) {
  std::string module = replaced(file.substr(0, file.size() - 3), "/", ".");
  std::string id(file);
  if (classes.size() > module.size() && classes.starts_with(module) &&
      classes[module.size()] == '.') {
    id += "::" + replaced(classes.substr(module.size() + 1), ".", "::");
  }
  return id + "::" + std::string(name);
}

void open_case(Walk& walk, const char** attributes) {
  const std::string_view name = attribute(attributes, "name");
  const std::string_view classes = attribute(attributes, "classname");
  const std::string_view file = attribute(attributes, "file");
  if (file.ends_with(".py") && !name.empty() && !classes.empty()) {
    walk.name = node_id(file, classes, name);
  } else if (classes.empty() || classes == name) {
    walk.name = name;
  } else {
    walk.name = std::string(classes) + "." + std::string(name);
  }
  const std::string_view result = attribute(attributes, "result");
  const std::string_view status = attribute(attributes, "status");
  walk.left_out = walk.name.empty() || (walk.only_run && status != "run");
  const bool skipped = result == "skipped" || result == "suppressed" || status == "skipped" ||
                       status == "disabled" || status == "notrun";
  walk.status = skipped ? core::TestStatus::Skipped : core::TestStatus::Passed;
  walk.case_depth = walk.depth;
}

void on_start(void* data, const char* element, const char** attributes) {
  Walk& walk = *static_cast<Walk*>(data);
  if (++walk.depth > kDeepest || walk.reading.tests.size() > kMostTests) {
    XML_StopParser(walk.parser, XML_FALSE);
    return;
  }
  const std::string_view name = element;
  if (walk.depth == 1 && (name == "testsuites" || name == "testsuite")) walk.is_report = true;
  if (!walk.is_report) {
    XML_StopParser(walk.parser, XML_FALSE);
  } else if (name == "testcase") {
    open_case(walk, attributes);
  } else if (walk.case_depth && walk.depth == walk.case_depth + 1) {
    if (name == "failure" || name == "error") walk.status = core::TestStatus::Failed;
    if (name == "skipped" && walk.status == core::TestStatus::Passed)
      walk.status = core::TestStatus::Skipped;
  }
}

void on_end(void* data, const char*) {
  Walk& walk = *static_cast<Walk*>(data);
  if (walk.case_depth == walk.depth) {
    if (!walk.left_out) walk.reading.add(walk.name, walk.status);
    walk.case_depth = 0;
  }
  --walk.depth;
}

}  // namespace

std::optional<Reading> read_junit_xml(std::string_view xml, bool only_run) {
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)> parser(
      XML_ParserCreate(nullptr), &XML_ParserFree);
  if (!parser) return std::nullopt;
  Walk walk;
  walk.parser = parser.get();
  walk.only_run = only_run;
  walk.reading.format = "junit";
  XML_SetUserData(parser.get(), &walk);
  XML_SetElementHandler(parser.get(), on_start, on_end);
  constexpr size_t kPiece = size_t{1} << 20;
  for (size_t at = 0; at <= xml.size(); at += kPiece) {
    const auto piece = xml.substr(at, kPiece);
    const bool last = at + kPiece > xml.size();
    if (XML_Parse(parser.get(), piece.data(), static_cast<int>(piece.size()), last) !=
        XML_STATUS_OK)
      break;
  }
  if (!walk.is_report) return std::nullopt;
  return std::move(walk.reading);
}

}  // namespace nightjar::verify
