// The scripted model server (model_server.py) as a process of its own.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace nightjar::test {

class ModelServer {
 public:
  /// Scenarios by name, as JSON texts. Waits until it listens.
  explicit ModelServer(const std::map<std::string, std::string>& scenarios);
  ModelServer(const std::string& name, const std::string& scenario)
      : ModelServer(std::map<std::string, std::string>{{name, scenario}}) {}
  ~ModelServer();
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;

  int port() const { return port_; }
  /// As an SDK of the wire ("openai", "chat", "anthropic", "gemini") takes it.
  std::string base_url(const std::string& scenario, const std::string& conversation,
                       const std::string& wire) const;
  /// The requests so far, as the server logged them.
  std::vector<json::object> requests() const;
  /// The raw bodies of all requests, in their order; of the newest alone.
  std::vector<std::string> bodies() const;
  std::string last_body() const;
  /// What broke the protocol's rules; empty: nothing did.
  std::string violations() const;

  static constexpr const char* kKey = "test-key";

 private:
  TempDir dir_{"nightjar-models"};
  pid_t pid_ = 0;
  int port_ = 0;
};

}  // namespace nightjar::test
