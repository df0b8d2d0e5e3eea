// What a run has spent on models, whoever of it asked, and whether it may spend more.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "base/file.h"
#include "model/message.h"

namespace nightjar::gateway {

struct Budget {
  double cost_usd = 0;      ///< 0: no limit
  std::int64_t tokens = 0;  ///< 0: no limit
};

/// Any thread. Each use is a line in a file, so that a run that is taken up again goes on counting.
class Meter {
 public:
  struct Sum {
    int requests = 0;
    model::Usage usage;
    double cost_usd = 0;
    bool cost_known = true;
  };

  Meter(const std::filesystem::path& file, Budget budget);
  void add(const model::Usage& usage, const model::Prices& prices);
  Sum sum() const;
  /// Why no further request may go out; nullopt: it may.
  std::optional<std::string> refusal() const;
  /// What the run spends besides this meter counts against the same budget.
  void set_besides(double cost_usd, std::int64_t tokens);

 private:
  mutable std::mutex mutex_;
  Budget budget_;
  Sum sum_;
  double besides_usd_ = 0;
  std::int64_t besides_tokens_ = 0;
  Fd file_;
};

}  // namespace nightjar::gateway
