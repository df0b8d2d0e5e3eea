// The way from a sandbox to a model, and to nothing else: a listener inside the sandbox's own
// network is served out here, where the key is. Whatever runs inside speaks to it as to its vendor,
// with any key; the request goes out with the real one, to the model that the run was given.
//
// Threads: one accepts, one a connection. Ownership: the gateway owns the listener and its threads;
// its destructor ends every request under way.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "gateway/meter.h"
#include "model/endpoint.h"

namespace nightjar::gateway {

/// One vendor behind the gateway. The first one of a wire is the one that a request of that wire
/// gets, whatever model it names.
struct Upstream {
  model::Endpoint endpoint;
  std::string key;
};

struct Settings {
  std::vector<Upstream> upstreams;
  size_t most_at_once = 4;
  /// Where requests and replies are recorded, a file each; empty: nowhere. Keys are never in them.
  std::filesystem::path record;
};

class Gateway {
 public:
  /// Serves `listener` from now on. `meter` must outlive it.
  Gateway(Fd listener, Settings settings, Meter& meter);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The variables by which SDKs inside find it.
std::map<std::string, std::string> gateway_variables(int port);

}  // namespace nightjar::gateway
