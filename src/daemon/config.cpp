#include "daemon/config.h"

#include <fmt/core.h>

#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace nightjar::daemon {

namespace {

using Set = std::function<void(const toml::node&, std::string_view)>;
using Keys = std::map<std::string, Set, std::less<>>;

struct Reader {
  Config config;
  std::string error;
  std::string file;

  /// Each key of the table by its reader; others are errors.
  void each(const toml::table& table, const Keys& keys) {
    for (const auto& [key, node] : table) {
      const auto found = keys.find(key.str());
      if (found != keys.end()) {
        found->second(node, found->first);
        continue;
      }
      std::string known;
      for (const auto& [name, set] : keys) known += (known.empty() ? "" : ", ") + name;
      fail(node, fmt::format("unknown key '{}'; there are: {}", key.str(), known));
    }
  }
  void dollars(const toml::node& node, std::string_view key, double& into) {
    const auto value = node.value<double>();
    if (!value || !(*value >= 0) || *value > 1e6)
      return fail(node, fmt::format("'{}' must be an amount in dollars", key));
    into = *value;
  }

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

// [models.NAME]: which wire, where, as whom, and what it costs.
void read_model(const toml::table& table, const std::string& name, Reader& reader) {
  model::Endpoint out;
  out.name = name;
  int keys_given = 0;
  bool wire_given = false;
  std::optional<double> input, cached, cache_write, output;  // prices
  const auto key = [&](model::KeySource::From from) {
    return [&reader, &out, &keys_given, from](const toml::node& node, std::string_view k) {
      reader.text(node, k, out.key.value);
      out.key.from = from;
      ++keys_given;
    };
  };
  const auto price = [&](std::optional<double>& into) {
    return [&reader, &into](const toml::node& node, std::string_view k) {
      reader.dollars(node, k, into.emplace());
    };
  };
  const auto text = [&](std::string& into) {
    return [&reader, &into](const toml::node& node, std::string_view k) {
      reader.text(node, k, into);
    };
  };
  const auto tokens = [&](std::int64_t& into) {
    return [&reader, &into](const toml::node& node, std::string_view k) {
      reader.number(node, k, 1, std::int64_t{1} << 40, [&](auto v) { into = v; });
    };
  };
  using From = model::KeySource::From;
  reader.each(table, {{"wire",
                       [&](const auto& node, auto k) {
                         std::string wire;
                         reader.text(node, k, wire);
                         const auto kind = model::wire_kind_from(wire);
                         if (!kind)
                           return reader.fail(node, "'wire' is openai, chat, anthropic or gemini");
                         out.wire = *kind;
                         wire_given = true;
                       }},
                      {"model", text(out.model)},
                      {"base_url", text(out.base_url)},
                      {"key", key(From::Literal)},
                      {"key_env", key(From::Environment)},
                      {"key_file", key(From::File)},
                      {"key_command", key(From::Command)},
                      {"price_input", price(input)},
                      {"price_cached", price(cached)},
                      {"price_cache_write", price(cache_write)},
                      {"price_output", price(output)},
                      {"context", tokens(out.context)},
                      {"max_output", tokens(out.max_output)},
                      {"effort", text(out.effort)},
                      {"failover", text(out.failover)},
                      {"ca_file", text(out.ca_file)},
                      {"proxy", text(out.proxy)},
                      {"headers", [&](const auto& node, auto) {
                         const auto* headers = node.as_table();
                         if (!headers)
                           return reader.fail(node, "'headers' must be a table of strings");
                         for (const auto& [header, value] : *headers) {
                           std::string content;
                           reader.text(value, header.str(), content);
                           out.headers.emplace_back(header.str(), content);
                         }
                       }}});
  if (!wire_given) reader.fail(table, fmt::format("[models.{}] needs a wire", name));
  if (out.model.empty()) reader.fail(table, fmt::format("[models.{}] needs a model", name));
  if (keys_given > 1)
    reader.fail(table, fmt::format("[models.{}] takes one of key, key_env, key_file and "
                                   "key_command",
                                   name));
  if (input || cached || cache_write || output) {
    if (!input || !output)
      reader.fail(table, fmt::format("[models.{}] needs both price_input and price_output, or "
                                     "neither",
                                     name));
    // What a cache gave or took is input: never free because nobody named its price.
    const double whole = input.value_or(0);
    out.prices = {whole, cached.value_or(whole), cache_write.value_or(whole), output.value_or(0),
                  true};
  }
  if (out.base_url.empty()) out.base_url = model::default_base_url(out.wire);
  while (out.base_url.ends_with('/')) out.base_url.pop_back();
  if (const std::string why = model::address_trouble(out.base_url); !why.empty())
    reader.fail(table, fmt::format("[models.{}]: base_url {}", name, why));
  reader.config.models[name] = std::move(out);
}

void read_models(const toml::node& node, Reader& reader) {
  const auto* models = node.as_table();
  if (!models) return reader.fail(node, "'models' holds tables: [models.NAME]");
  for (const auto& [name, value] : *models) {
    if (const auto* table = value.as_table())
      read_model(*table, std::string(name.str()), reader);
    else
      reader.fail(value, fmt::format("'models.{}' must be a table", name.str()));
  }
}

}  // namespace

int default_most_runs() {
  return std::max(2, static_cast<int>(std::thread::hardware_concurrency()) / 2 + 1);
}

std::uint64_t default_memory() {
  const auto pages = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 4 * 3;
}

fs::file_time_type written_at(const fs::path& file) {
  std::error_code missing;
  const auto time = fs::last_write_time(file, missing);
  return missing ? fs::file_time_type{} : time;
}

bool has_changed(const Config& config) { return written_at(config.file) != config.written; }

std::expected<Config, std::string> load_config(const fs::path& file) {
  Reader reader;
  reader.file = file.string();
  reader.config.file = file;
  reader.config.written = written_at(file);
  const auto text = try_read_file(file, size_t{1} << 20);
  if (!text) return reader.config;
  toml::table table;
  try {
    table = toml::parse(*text, file.string());
  } catch (const toml::parse_error& error) {  // the packaged library throws; here it is an outcome
    return std::unexpected(
        fmt::format("{}:{}: {}", file.string(), error.source().begin.line, error.description()));
  }
  Config& c = reader.config;
  const Keys keys{
      {"models", [&](const auto& n, auto) { read_models(n, reader); }},
      {"runs",
       [&](const auto& n, auto k) {
         reader.number(n, k, 1, 1000, [&](auto v) { c.most_runs = static_cast<int>(v); });
       }},
      {"model", [&](const auto& n, auto k) { reader.text(n, k, c.model); }},
      {"gateway",
       [&](const auto& n, auto k) {
         if (const auto value = n.template value_exact<bool>()) {
           c.gateway = *value;
           return;
         }
         const auto* names = n.as_array();
         if (!names)
           return reader.fail(n, fmt::format("'{}' must be true, false or a list of models", k));
         for (const auto& name : *names) reader.text(name, k, c.gateway_models.emplace_back());
         c.gateway = true;
       }},
      {"limit_cost_usd",
       [&](const auto& n, auto k) {
         reader.dollars(n, k, c.limits.cost_usd);
         if (c.limits.cost_usd == 0)
           reader.fail(n, fmt::format("'{}' must be above 0; without it there is no limit", k));
       }},
      {"limit_tokens",
       [&](const auto& n, auto k) {
         reader.number(n, k, 1, std::int64_t{1} << 50, [&](auto v) { c.limits.tokens = v; });
       }},
      {"limit_turns",
       [&](const auto& n, auto k) {
         reader.number(n, k, 1, 1'000'000, [&](auto v) { c.limits.turns = static_cast<int>(v); });
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
  reader.each(table, keys);
  if (!reader.error.empty()) return std::unexpected(reader.error);
  return reader.config;
}

}  // namespace nightjar::daemon
