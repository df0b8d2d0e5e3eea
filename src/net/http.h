// A blocking HTTP client that a stop or a deadline ends at once, also in the middle of a stream.
// TCP (with TLS and the environment's proxies) and Unix sockets, whatever the length of their path.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace nightjar::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;                    ///< also with a Unix socket: "http://localhost/api/v1/tasks"
  std::filesystem::path unix_socket;  ///< connect here instead of to the url's host
  Headers headers;
  std::string body;
  std::string_view lent_body;       ///< sent behind `body`; must outlive the exchange
  Deadline deadline = kNoDeadline;  ///< of the whole exchange
  Millis connect_timeout{10'000};
  std::stop_token stop;
  size_t most_body =
      size_t{64} << 20;  ///< a longer answer is an Error(Limit); streams are not bounded
  bool direct = false;   ///< ignore the environment's proxies
  Millis idle{0};        ///< longest silence once the request was sent; 0: none. Error(Timeout)
  std::string ca_file;   ///< trust these authorities instead of the system's
  std::string proxy;     ///< go through this one, whatever the environment says
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
  /// The first header of that name, in any case; empty where there is none.
  std::string header(std::string_view name) const;
};

/// False ends the stream.
using OnData = std::function<bool(std::string_view bytes)>;

/// Keeps connections between requests. One thread at a time.
/// Any status is an answer. Throws Error(Unavailable) where nothing can be reached or the
/// connection broke, Error(Timeout) at a deadline, Error(Invalid) for a bad URL, and Cancelled at a
/// stop.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpResponse send(const HttpRequest& request);
  /// Bytes of a successful (2xx) answer go to `on_data` as they come; of any other they are the
  /// body. The deadline holds for the whole stream.
  HttpResponse stream(const HttpRequest& request, const OnData& on_data);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One request on a connection of its own.
HttpResponse http(const HttpRequest& request);

/// A part of a URL's path or query, percent-encoded.
std::string url_encoded(std::string_view text);

}  // namespace nightjar::net
