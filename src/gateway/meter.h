// What a run has spent on models, whoever of it asked, and whether it may spend more.
#pragma once

#include <condition_variable>
#include <expected>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

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

  struct Spent {
    double cost_usd = 0;
    std::int64_t tokens = 0;
  };
  /// A request under way: until it has ended, what it may use counts against the budget.
  class Place {
   public:
    Place(Place&& other) noexcept
        : meter_(std::exchange(other.meter_, nullptr)),
          most_(other.most_),
          prices_(other.prices_) {}
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place& operator=(Place&&) = delete;
    /// It has ended, and used this.
    void end(const model::Usage& usage);

   private:
    friend class Meter;
    Place(Meter& meter, const Spent& most, const model::Prices& prices)
        : meter_(&meter), most_(most), prices_(prices) {}
    Meter* meter_;
    Spent most_;
    model::Prices prices_;
  };

  Meter(const std::filesystem::path& file, Budget budget);
  void add(const model::Usage& usage, const model::Prices& prices);
  /// For a request that may use so much: waits for those under way where it fits only beside fewer,
  /// and is then let through by itself, whatever it may use. The error says why no further request
  /// may go out. Throws Cancelled at a stop.
  std::expected<Place, std::string> admit(const model::Usage& most, const model::Prices& prices,
                                          const std::stop_token& stop);
  Sum sum() const;
  /// What the run spends besides this meter counts against the same budget.
  void set_besides(double cost_usd, std::int64_t tokens);

 private:
  Spent spent() const;
  std::optional<std::string> refusal() const;
  bool has_room_for(const Spent& most) const;
  void leave(const Spent& most);

  std::mutex admission_;  ///< of one that waits for its place; the next ones wait for that one
  mutable std::mutex mutex_;
  std::condition_variable_any left_;
  Budget budget_;
  Sum sum_;
  Spent besides_, reserved_;
  int under_way_ = 0;
  Fd file_;
};

}  // namespace nightjar::gateway
