// A backend for tests: answers what it is told to, and remembers what it was asked.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "server/server.h"

namespace nightjar::server {

class TestingBackend final : public Backend {
 public:
  explicit TestingBackend(const store::Store& store) : store_(store) {}

  json::object health() override { return {{"version", "test"}, {"api", 1}}; }
  json::array tasks() override {
    json::array out;
    for (const auto& task : store_.tasks()) out.push_back(core::to_json(task));
    return out;
  }
  Answer<json::object> task(std::string_view id) override {
    if (id == "boom") throw std::runtime_error("the backend broke");
    if (id == "full") throw Error(ErrorKind::Limit, "the disk is full");
    const auto ids = store_.ids_with_prefix(id);
    if (ids.size() != 1)
      return std::unexpected(Problem{ErrorKind::NotFound, "no task " + std::string(id), {}});
    return core::to_json(*store_.task(ids[0]));
  }
  Answer<json::object> assign(const json::object& request) override {
    remember("assign", request);
    if (get_string(request, "brief").empty())
      return std::unexpected(Problem{ErrorKind::Invalid, "the brief is empty", {}});
    return json::object{{"id", "new1"}, {"brief", get_string(request, "brief")}};
  }
  Answer<json::array> events(std::string_view) override { return json::array{}; }
  Answer<std::string> diff(std::string_view) override { return big_text; }
  Answer<json::object> proof(std::string_view) override { return json::object{}; }
  Answer<std::string> log(std::string_view id, std::string_view run,
                          std::string_view name) override {
    return std::string(id) + "|" + std::string(run) + "|" + std::string(name);
  }
  Answer<json::object> act(std::string_view id, std::string_view action,
                           const json::object& body) override {
    remember(std::string(id) + " " + std::string(action), body);
    if (during_act) during_act();
    if (action == "merge") {
      return std::unexpected(
          Problem{ErrorKind::Conflict, "it conflicts", {{"conflicts", json::array{"a.py"}}}});
    }
    return json::object{{"id", id}};
  }
  json::array models() override { return {}; }
  json::array recipes() override { return {}; }
  Answer<json::object> test_model(std::string_view name) override {
    return json::object{{"name", name}};
  }
  Answer<json::object> clean(bool dry_run) override { return json::object{{"dry", dry_run}}; }
  Answer<json::object> stop(bool runs_too) override { return json::object{{"runs", runs_too}}; }

  std::vector<std::pair<std::string, json::object>> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  std::string big_text = "diff";
  std::function<void()> during_act;

 private:
  void remember(std::string what, json::object body) {
    const std::lock_guard lock(mutex_);
    asked_.emplace_back(std::move(what), std::move(body));
  }

  const store::Store& store_;
  std::mutex mutex_;
  std::vector<std::pair<std::string, json::object>> asked_;
};

}  // namespace nightjar::server
