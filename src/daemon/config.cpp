#include "daemon/config.h"

#include <fmt/core.h>

#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <thread>

#include "base/file.h"

namespace nightjar::daemon {

namespace {

struct Reader {
  Config config;
  std::string error;
  std::string file;

  void fail(const toml::node& node, const std::string& what) {
    if (error.empty()) error = fmt::format("{}:{}: {}", file, node.source().begin.line, what);
  }
  void number(const toml::node& node, std::string_view key, std::int64_t least, std::int64_t most,
              const std::function<void(std::int64_t)>& set) {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) {
      return fail(node, fmt::format("'{}' must be a whole number from {} to {}", key, least, most));
    }
    set(*value);
  }
  void text(const toml::node& node, std::string_view key, std::string& into) {
    const auto value = node.value_exact<std::string>();
    if (!value) return fail(node, fmt::format("'{}' must be a string", key));
    into = *value;
  }
  void duration(const toml::node& node, std::string_view key, Millis& into) {
    const auto value = node.value_exact<std::string>();
    const auto parsed = value ? parse_duration(*value) : std::nullopt;
    if (!parsed)
      return fail(node,
                  fmt::format("'{}' must be a duration such as \"90s\", \"5m\" or \"2h\"", key));
    into = *parsed;
  }
};

}  // namespace

int default_most_runs() {
  return std::max(2, static_cast<int>(std::thread::hardware_concurrency()) / 2 + 1);
}

std::uint64_t default_memory() {
  const auto pages = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 4 * 3;
}

std::expected<Config, std::string> load_config(const fs::path& file) {
  Reader reader;
  reader.file = file.string();
  const auto text = try_read_file(file, size_t{1} << 20);
  if (!text) return reader.config;
  toml::table table;
  try {
    table = toml::parse(*text, file.string());
  } catch (const toml::parse_error& error) {  // the packaged library throws; here it is an outcome
    return std::unexpected(
        fmt::format("{}:{}: {}", file.string(), error.source().begin.line, error.description()));
  }
  using Set = std::function<void(const toml::node&, std::string_view)>;
  Config& c = reader.config;
  const std::map<std::string, Set, std::less<>> keys{
      {"runs",
       [&](const auto& n, auto k) {
         reader.number(n, k, 1, 1000, [&](auto v) { c.most_runs = static_cast<int>(v); });
       }},
      {"listen", [&](const auto& n, auto k) { reader.text(n, k, c.listen); }},
      {"limit_time", [&](const auto& n, auto k) { reader.duration(n, k, c.limits.time); }},
      {"limit_idle", [&](const auto& n, auto k) { reader.duration(n, k, c.limits.idle); }},
      {"author_name", [&](const auto& n, auto k) { reader.text(n, k, c.author.name); }},
      {"author_mail", [&](const auto& n, auto k) { reader.text(n, k, c.author.mail); }},
      {"memory_mb",
       [&](const auto& n, auto k) {
         reader.number(n, k, 64, 1 << 30,
                       [&](auto v) { c.memory_bytes = static_cast<std::uint64_t>(v) << 20; });
       }},
      {"disk_mb",
       [&](const auto& n, auto k) {
         reader.number(n, k, 0, 1 << 30,
                       [&](auto v) { c.disk_bytes = static_cast<std::uint64_t>(v) << 20; });
       }},
      {"keep_days",
       [&](const auto& n, auto k) {
         reader.number(n, k, 0, 36500, [&](auto v) { c.keep_days = static_cast<int>(v); });
       }},
      {"min_free_mb",
       [&](const auto& n, auto k) {
         reader.number(n, k, 0, 1 << 30,
                       [&](auto v) { c.min_free_bytes = static_cast<std::uint64_t>(v) << 20; });
       }},
  };
  for (const auto& [key, node] : table) {
    const auto found = keys.find(key.str());
    if (found == keys.end()) {
      std::string known;
      for (const auto& [name, set] : keys) known += (known.empty() ? "" : ", ") + name;
      reader.fail(node, fmt::format("unknown key '{}'; there are: {}", key.str(), known));
    } else {
      found->second(node, found->first);
    }
  }
  if (!reader.error.empty()) return std::unexpected(reader.error);
  return reader.config;
}

}  // namespace nightjar::daemon
