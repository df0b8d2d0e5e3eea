#include "support/model_server.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "net/http.h"
#include "proc/process.h"

namespace nightjar::test {

ModelServer::ModelServer(const std::map<std::string, std::string>& scenarios) {
  std::vector<std::string> argv{"/usr/bin/env",
                                "python3",
                                NIGHTJAR_SOURCE_DIR "/tests/support/model_server.py",
                                "--with-parent",
                                "--log",
                                (dir_.path() / "log").string(),
                                "--dump",
                                (dir_.path() / "dump").string()};
  fs::create_directories(dir_.path() / "dump");
  for (const auto& [name, text] : scenarios) {
    const fs::path file = dir_.path() / (name + ".json");
    std::ofstream(file) << text;
    argv.push_back(file.string());
  }
  const fs::path out = dir_.path() / "out";
  pid_ = proc::start_detached(argv, out);
  for (const Deadline deadline = in(std::chrono::seconds(20));;) {
    const std::string text = try_read_file(out).value_or("");
    if (text.ends_with('\n')) {
      port_ = std::atoi(text.c_str());
      if (port_ > 0) return;
    }
    if (std::chrono::steady_clock::now() > deadline)
      throw Error(ErrorKind::Internal, "the model server did not start: " + text);
    ::usleep(5000);
  }
}

ModelServer::~ModelServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string ModelServer::base_url(const std::string& scenario, const std::string& conversation,
                                  const std::string& wire) const {
  const bool openai = wire == "openai" || wire == "chat";
  return "http://127.0.0.1:" + std::to_string(port_) + "/" + scenario + "/" + conversation +
         (openai ? "/v1" : "");
}

std::vector<json::object> ModelServer::requests() const {
  std::vector<json::object> out;
  const std::string text = try_read_file(dir_.path() / "log").value_or("");
  for (const auto line : lines(text)) {
    if (auto value = parse_json(line); value && value->is_object())
      out.push_back(std::move(value->get_object()));
  }
  return out;
}

std::vector<std::string> ModelServer::bodies() const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(dir_.path() / "dump"))
    files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<std::string> out;
  for (const auto& file : files) out.push_back(read_file(file));
  return out;
}

std::string ModelServer::last_body() const {
  const auto all = bodies();
  return all.empty() ? "" : all.back();
}

std::string ModelServer::violations() const {
  net::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port_) + "/violations";
  request.direct = true;
  const std::string body = net::http(request).body;
  return trimmed(body) == "[]" ? "" : body;
}

}  // namespace nightjar::test
