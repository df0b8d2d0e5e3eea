#include "daemon/local_models.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/json.h"
#include "net/address.h"
#include "net/http.h"

namespace nightjar::daemon {

namespace {

constexpr Millis kPatience{300}, kPatienceElsewhere{1000};
constexpr size_t kMostModels = 50, kLongestName = 120, kLongestAnswer = size_t{1} << 20;

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("._:/@+-").find(c) != std::string_view::npos;
  });
}

net::HttpRequest question(const std::string& base_url, Millis patience) {
  net::HttpRequest request;
  request.url = model::url_below(base_url, "/models");
  request.direct = net::is_loopback(request.url);
  request.connect_timeout = patience;
  request.deadline = in(patience);
  request.most_body = kLongestAnswer;
  return request;
}

// Empty where nobody is there, or says nothing that can be read.
std::vector<std::string> names_in_answer(const net::HttpRequest& request) {
  std::vector<std::string> out;
  try {
    const auto response = net::http(request);
    const auto answer = parse_json(response.body);
    if (response.status != 200 || !answer || !answer->is_object()) return out;
    for (const auto& item : get_array(answer->get_object(), "data")) {
      if (!item.is_object() || out.size() >= kMostModels) continue;
      std::string id = get_string(item.get_object(), "id");
      if (is_name(id)) out.push_back(std::move(id));
    }
  } catch (const Error&) {
    out.clear();
  }
  return out;
}

}  // namespace

std::vector<model::Endpoint> local_models(const std::vector<model::LocalServer>& servers) {
  std::vector<model::Endpoint> out;
  for (const auto& server : servers) {
    for (auto& id : names_in_answer(question(server.base_url(), kPatience))) {
      if (out.size() >= kMostModels) break;
      model::Endpoint endpoint;
      endpoint.name = std::string(server.name) + "/" + id;
      endpoint.wire = model::WireKind::Chat;
      endpoint.model = std::move(id);
      endpoint.base_url = server.base_url();
      out.push_back(std::move(endpoint));
    }
  }
  return out;
}

std::vector<std::string> names_at(const std::string& base_url, const std::string& key) {
  net::HttpRequest request = question(base_url, kPatienceElsewhere);
  if (!key.empty()) request.headers.emplace_back("Authorization", "Bearer " + key);
  return names_in_answer(request);
}

}  // namespace nightjar::daemon
