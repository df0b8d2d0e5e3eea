// What the API can do, over the store and the supervisor.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "daemon/assignment.h"
#include "daemon/config.h"
#include "daemon/supervisor.h"
#include "server/server.h"
#include "store/store.h"

namespace nightjar::daemon {

class Service final : public server::Backend {
 public:
  Service(store::Store& store, Supervisor& supervisor, const Config& config, const Places& places,
          std::function<void(long)> announce);

  /// Finishes what an earlier daemon had begun: merges whose intent stands without an outcome.
  void recover();

  json::object health() override;
  json::array tasks() override;
  server::Answer<json::object> task(std::string_view id) override;
  server::Answer<json::object> assign(const json::object& request) override;
  server::Answer<json::array> events(std::string_view id) override;
  server::Answer<std::string> diff(std::string_view id) override;
  server::Answer<json::object> proof(std::string_view id) override;
  server::Answer<std::string> log(std::string_view id, std::string_view run,
                                  std::string_view name) override;
  server::Answer<json::object> act(std::string_view id, std::string_view action,
                                   const json::object& body) override;
  json::array models() override;
  json::array recipes() override;
  server::Answer<json::object> test_model(std::string_view name) override;
  server::Answer<json::object> clean(bool dry_run) override;
  server::Answer<json::object> stop(bool runs_too) override;

 private:
  server::Answer<core::Task> find(std::string_view id) const;
  void append(std::string_view task, std::string_view kind, json::object body);
  server::Answer<std::string> create(const Assignment& assignment);
  void tell_of_uncommitted(const std::string& task, const Assignment& assignment);
  server::Answer<void> cancel(const core::Task& task);
  server::Answer<void> retry(const core::Task& task, const json::object& body);
  server::Answer<void> request_changes(const core::Task& task, const json::object& body);
  server::Answer<void> comment(const core::Task& task, const json::object& body);
  server::Answer<void> merge(const core::Task& task, const json::object& body);
  server::Answer<void> do_merge(const core::Task& task, const std::string& into,
                                const std::string& method);
  server::Answer<void> close(const core::Task& task, const json::object& body);
  server::Answer<void> say(const core::Task& task, std::string_view how, const json::object& body);
  server::Answer<void> resume(const core::Task& task, const json::object& body);
  git::Mirror mirror_of(const core::Task& task) const;

  store::Store& store_;
  Supervisor& supervisor_;
  const Config& config_;
  const Places& places_;
  std::function<void(long)> announce_;
  std::mutex assigning_;  ///< one task is made at a time
  std::mutex acting_;     ///< one action at a time: what it looked at is still so when it acts
};

}  // namespace nightjar::daemon
