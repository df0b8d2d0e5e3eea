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
  besides_ = {cost_usd, tokens};
}

std::expected<Meter::Place, std::string> Meter::admit(const model::Usage& most,
                                                      const model::Prices& prices,
                                                      const std::stop_token& stop) {
  const Spent wanted{model::cost_of(most, prices), most.input + most.output};
  const std::lock_guard in_turn(admission_);
  std::unique_lock hold(mutex_);
  std::optional<std::string> why;
  const auto is_decided = [&] {
    why = refusal();
    return why || under_way_ == 0 || has_room_for(wanted);
  };
  if (!left_.wait(hold, stop, is_decided)) throw Cancelled{};
  if (why) return std::unexpected(*why);
  ++under_way_;
  reserved_.cost_usd += wanted.cost_usd;
  reserved_.tokens += wanted.tokens;
  return Place(*this, wanted, prices);
}

Meter::Place::~Place() {
  if (meter_) meter_->leave(most_);
}

void Meter::Place::end(const model::Usage& usage) {
  if (!meter_) return;
  meter_->add(usage, prices_);
  std::exchange(meter_, nullptr)->leave(most_);
}

void Meter::leave(const Spent& most) {
  const std::lock_guard hold(mutex_);
  --under_way_;
  reserved_.cost_usd = under_way_ == 0 ? 0 : reserved_.cost_usd - most.cost_usd;
  reserved_.tokens -= most.tokens;
  left_.notify_all();
}

Meter::Spent Meter::spent() const {
  return {sum_.cost_usd + besides_.cost_usd,
          sum_.usage.input + sum_.usage.output + besides_.tokens};
}

bool Meter::has_room_for(const Spent& most) const {
  const Spent all = spent();
  return (budget_.cost_usd <= 0 ||
          all.cost_usd + reserved_.cost_usd + most.cost_usd <= budget_.cost_usd) &&
         (budget_.tokens <= 0 || all.tokens + reserved_.tokens + most.tokens <= budget_.tokens);
}

std::optional<std::string> Meter::refusal() const {
  const Spent all = spent();
  if (budget_.cost_usd > 0 && all.cost_usd >= budget_.cost_usd)
    return fmt::format("this run has spent ${:.4f} of {}", all.cost_usd, dollars(budget_.cost_usd));
  if (budget_.tokens > 0 && all.tokens >= budget_.tokens)
    return fmt::format("this run has used {} of {} tokens", all.tokens, budget_.tokens);
  return std::nullopt;
}

}  // namespace nightjar::gateway
