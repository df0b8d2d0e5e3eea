#include "daemon/local_models.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/json.h"
#include "net/http.h"

namespace nightjar::daemon {

namespace {

constexpr Millis kPatience{300};
constexpr size_t kMostModels = 50, kLongestName = 120, kLongestAnswer = size_t{1} << 20;

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("._:/@+-").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::vector<model::Endpoint> local_models(const std::vector<model::LocalServer>& servers) {
  std::vector<model::Endpoint> out;
  for (const auto& server : servers) {
    net::HttpRequest request;
    request.url = server.base_url() + "/models";
    request.direct = true;
    request.connect_timeout = kPatience;
    request.deadline = in(kPatience);
    request.most_body = kLongestAnswer;
    json::value answer;
    try {
      const auto response = net::http(request);
      const auto parsed = parse_json(response.body);
      if (response.status != 200 || !parsed || !parsed->is_object()) continue;
      answer = *parsed;
    } catch (const Error&) {
      continue;  // nobody is there
    }
    for (const auto& item : get_array(answer.get_object(), "data")) {
      if (!item.is_object() || out.size() >= kMostModels) continue;
      const std::string id = get_string(item.get_object(), "id");
      if (!is_name(id)) continue;
      model::Endpoint endpoint;
      endpoint.name = std::string(server.name) + "/" + id;
      endpoint.wire = model::WireKind::Chat;
      endpoint.model = id;
      endpoint.base_url = server.base_url();
      out.push_back(std::move(endpoint));
    }
  }
  return out;
}

}  // namespace nightjar::daemon
