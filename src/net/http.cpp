#include "net/http.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/un.h>

#include <algorithm>
#include <exception>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace nightjar::net {

namespace {

constexpr size_t kMostHeaderBytes = 256 * 1024;

void start_curl() {
  // Once a process, and never ended: libcurl asks for it before the first thread uses it.
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw Error(ErrorKind::Internal, "libcurl cannot start");
}

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// A name of the socket that fits into a socket address; `folder` holds its folder where that is
/// needed.
std::string short_path(const fs::path& socket, Fd& folder) {
  constexpr size_t kLongest = sizeof(sockaddr_un{}.sun_path) - 1;
  if (socket.native().size() <= kLongest) return socket;
  folder = Fd(::open(socket.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder)
    throw Error(ErrorKind::Unavailable, "there is no folder " + socket.parent_path().string());
  std::string path = fmt::format("/proc/self/fd/{}/{}", folder.get(), socket.filename().string());
  if (path.size() > kLongest)
    throw Error(ErrorKind::Invalid, "the name of the socket is too long: " + socket.string());
  return path;
}

ErrorKind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return ErrorKind::Invalid;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorKind::Timeout;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return ErrorKind::Internal;
    default:
      return ErrorKind::Unavailable;
  }
}

/// What one exchange receives; libcurl calls back into it, so nothing may be thrown from there.
struct Exchange {
  CURL* easy = nullptr;
  const HttpRequest* request = nullptr;
  const OnData* on_data = nullptr;
  HttpResponse response;
  size_t header_bytes = 0;
  Deadline last_heard = std::chrono::steady_clock::now();
  bool ended_by_reader = false;
  std::exception_ptr failure;
};

size_t on_header(char* bytes, size_t size, size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const std::string_view line(bytes, size * count);
  exchange.last_heard = std::chrono::steady_clock::now();
  try {
    exchange.header_bytes += line.size();
    if (exchange.header_bytes > kMostHeaderBytes)
      throw Error(ErrorKind::Limit, "the answer's headers are too long");
    if (line.starts_with("HTTP/")) exchange.response.headers.clear();  // after a 100 Continue
    if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
      exchange.response.headers.emplace_back(line.substr(0, colon),
                                             trimmed(line.substr(colon + 1)));
    }
  } catch (...) {
    exchange.failure = std::current_exception();
    return 0;
  }
  return line.size();
}

size_t on_body(char* bytes, size_t size, size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const std::string_view piece(bytes, size * count);
  exchange.last_heard = std::chrono::steady_clock::now();
  try {
    long status = 0;
    curl_easy_getinfo(exchange.easy, CURLINFO_RESPONSE_CODE, &status);
    if (exchange.on_data && status >= 200 && status < 300) {
      if ((*exchange.on_data)(piece)) return piece.size();
      exchange.ended_by_reader = true;
      return 0;
    }
    if (exchange.response.body.size() + piece.size() > exchange.request->most_body) {
      throw Error(ErrorKind::Limit, fmt::format("the answer is longer than {}",
                                                human_size(exchange.request->most_body)));
    }
    exchange.response.body += piece;
  } catch (...) {
    exchange.failure = std::current_exception();
    return 0;
  }
  return piece.size();
}

}  // namespace

std::string HttpResponse::header(std::string_view name) const {
  const auto found =
      std::ranges::find(headers, lower(name), [](const auto& entry) { return lower(entry.first); });
  return found == headers.end() ? "" : found->second;
}

struct HttpClient::State {
  std::unique_ptr<CURLM, MultiDeleter> multi;
  std::unique_ptr<CURL, EasyDeleter> easy;
  fs::path socket;
  std::string
      socket_path;  ///< as libcurl gets it: the same each time, so that it finds its connection
  Fd socket_folder;

  void set_target(const HttpRequest& request);
  std::unique_ptr<curl_slist, ListDeleter> set_request(const HttpRequest& request);
  CURLcode perform(const HttpRequest& request, const Exchange& exchange);
  HttpResponse exchange(const HttpRequest& request, const OnData* on_data);
};

void HttpClient::State::set_target(const HttpRequest& request) {
  CURL* const handle = easy.get();
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    throw Error(ErrorKind::Invalid, "not an http address: " + inert(request.url));
  }
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  if (request.direct || !request.unix_socket.empty()) curl_easy_setopt(handle, CURLOPT_PROXY, "");
  if (!request.proxy.empty()) curl_easy_setopt(handle, CURLOPT_PROXY, request.proxy.c_str());
  if (!request.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, request.ca_file.c_str());
  if (request.unix_socket.empty()) return;
  if (socket != request.unix_socket) {
    socket_path = short_path(request.unix_socket, socket_folder);
    socket = request.unix_socket;
  }
  curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, socket_path.c_str());
}

std::unique_ptr<curl_slist, ListDeleter> HttpClient::State::set_request(
    const HttpRequest& request) {
  CURL* const handle = easy.get();
  const bool sends = !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (sends) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  std::unique_ptr<curl_slist, ListDeleter> list;
  const auto add = [&](const std::string& line) {
    if (line.find_first_of("\r\n") != std::string::npos)
      throw Error(ErrorKind::Invalid, "a header holds a line break");
    list.reset(curl_slist_append(list.release(), line.c_str()));
  };
  add("Expect:");
  for (const auto& [name, value] : request.headers)
    add(value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value));
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list.get());
  return list;
}

// Waits for the sockets, a stop, the deadline: whatever comes first. Nothing wakes up in between.
CURLcode HttpClient::State::perform(const HttpRequest& request, const Exchange& exchange) {
  const std::stop_callback wake(request.stop, [this] { curl_multi_wakeup(multi.get()); });
  for (;;) {
    int running = 0;
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
    if (exchange.failure) std::rethrow_exception(exchange.failure);
    if (request.stop.stop_requested()) throw Cancelled{};
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    Deadline next = request.deadline;
    if (request.idle.count() > 0) next = std::min(next, exchange.last_heard + request.idle);
    if (std::chrono::steady_clock::now() >= next) return CURLE_OPERATION_TIMEDOUT;
    const int timeout = next == kNoDeadline ? 3'600'000 : poll_timeout(next);
    curl_multi_poll(multi.get(), nullptr, 0, timeout, nullptr);
  }
}

HttpResponse HttpClient::State::exchange(const HttpRequest& request, const OnData* on_data) {
  if (request.stop.stop_requested()) throw Cancelled{};
  curl_easy_reset(easy.get());
  char message[CURL_ERROR_SIZE] = "";
  Exchange exchange;
  exchange.easy = easy.get();
  exchange.request = &request;
  exchange.on_data = on_data;
  set_target(request);
  const auto headers = set_request(request);
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, message);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &exchange);
  struct Added {
    CURLM* multi;
    CURL* easy;
    Added(CURLM* m, CURL* e) : multi(m), easy(e) { curl_multi_add_handle(multi, easy); }
    ~Added() {
      curl_multi_remove_handle(multi, easy);
      curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
    }
  };
  const Added added(multi.get(), easy.get());
  const CURLcode code = perform(request, exchange);
  if (code != CURLE_OK && !exchange.ended_by_reader) {
    const std::string where =
        request.unix_socket.empty() ? request.url : request.unix_socket.string();
    const char* why = *message ? message : curl_easy_strerror(code);
    throw Error(kind_of(code), fmt::format("{}: {}", where, why));
  }
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  return std::move(exchange.response);
}

HttpClient::HttpClient() : state_(std::make_unique<State>()) {
  start_curl();
  state_->multi.reset(curl_multi_init());
  state_->easy.reset(curl_easy_init());
  if (!state_->multi || !state_->easy) throw Error(ErrorKind::Internal, "libcurl cannot start");
}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request) {
  return state_->exchange(request, nullptr);
}

HttpResponse HttpClient::stream(const HttpRequest& request, const OnData& on_data) {
  return state_->exchange(request, &on_data);
}

HttpResponse http(const HttpRequest& request) { return HttpClient().send(request); }

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

}  // namespace nightjar::net
