#include "gateway/meter.h"

#include <fcntl.h>
#include <fmt/core.h>

#include "base/error.h"
#include "base/money.h"
#include "base/text.h"

namespace nightjar::gateway {

namespace {

constexpr size_t kLargestFile = size_t{256} << 20;

}  // namespace

Meter::Meter(const fs::path& file, Budget budget) : budget_(budget) {
  fs::create_directories(file.parent_path());
  const std::string text = try_read_file(file, kLargestFile).value_or("");
  for (const auto line : lines(text)) {
    const auto value = parse_json(line);
    if (!value || !value->is_object()) continue;  // a torn last line
    const auto& use = value->get_object();
    ++sum_.requests;
    sum_.usage += model::usage_from(get_object(use, "usage"));
    sum_.cost_usd += get_double(use, "cost_usd");
    sum_.cost_known = sum_.cost_known && get_bool(use, "cost_known");
  }
  file_ = Fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file_) throw_errno("cannot open " + file.string());
  if (!text.empty() && !text.ends_with('\n')) write_all(file_.get(), "\n");
}

void Meter::add(const model::Usage& usage, const model::Prices& prices) {
  const std::lock_guard hold(mutex_);
  const double cost = model::cost_of(usage, prices);
  ++sum_.requests;
  sum_.usage += usage;
  sum_.cost_usd += cost;
  sum_.cost_known = sum_.cost_known && prices.known;
  write_all(file_.get(), to_line(json::object{{"usage", model::to_json(usage)},
                                              {"cost_usd", cost},
                                              {"cost_known", prices.known}}) +
                             "\n");
}

Meter::Sum Meter::sum() const {
  const std::lock_guard hold(mutex_);
  return sum_;
}

void Meter::set_besides(double cost_usd, std::int64_t tokens) {
  const std::lock_guard hold(mutex_);
  besides_usd_ = cost_usd;
  besides_tokens_ = tokens;
}

std::optional<std::string> Meter::refusal() const {
  const std::lock_guard hold(mutex_);
  const double spent = sum_.cost_usd + besides_usd_;
  const std::int64_t tokens = sum_.usage.input + sum_.usage.output + besides_tokens_;
  if (budget_.cost_usd > 0 && spent >= budget_.cost_usd)
    return fmt::format("this run has spent ${:.4f} of {}", spent, dollars(budget_.cost_usd));
  if (budget_.tokens > 0 && tokens >= budget_.tokens)
    return fmt::format("this run has used {} of {} tokens", tokens, budget_.tokens);
  return std::nullopt;
}

}  // namespace nightjar::gateway
