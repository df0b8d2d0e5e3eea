#include "tools/sink.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tools/scratch_file.h"

namespace nightjar::tools {

namespace {

constexpr size_t kHalf = kMostShown / 2;
constexpr std::uint64_t kMostSpooled = 32'000'000;

}  // namespace

void Sink::spool(std::string_view bytes) {
  if (full_) return;
  if (!fd_) fd_ = fresh_file(file_, 0644);
  if (!fd_) {
    full_ = true;
    return;
  }
  const std::string_view part = bytes.substr(0, kMostSpooled - spooled_);
  const ssize_t n = ::write(fd_.get(), part.data(), part.size());
  if (n > 0) spooled_ += static_cast<std::uint64_t>(n);
  full_ = n < static_cast<ssize_t>(bytes.size());
}

std::string Sink::remark() const {
  if (spooled_ == 0) return "";
  return (spooled_ < bytes_ ? "the first " + human_size(spooled_) + " are in "
                            : "the whole is in ") +
         file_.string();
}

void Sink::add(std::string_view bytes) {
  bytes_ += bytes.size();
  news_ += bytes;
  if (news_.size() > 2 * kMostShown) {
    news_missed_ += news_.size() - kMostShown;
    news_.erase(0, news_.size() - kMostShown);
  }
  if (bytes_ <= kMostShown) {
    head_ += bytes;
    return;
  }
  if (!split_) {  // now it is too long to be shown whole
    split_ = true;
    spool(head_);
    tail_ = head_.size() > kHalf ? head_.substr(kHalf) : "";
    head_.resize(std::min(head_.size(), kHalf));
  }
  spool(bytes);
  if (head_.size() < kHalf) {
    const size_t part = std::min(bytes.size(), kHalf - head_.size());
    head_ += bytes.substr(0, part);
    bytes.remove_prefix(part);
  }
  tail_ += bytes;
  if (tail_.size() > 2 * kHalf) tail_.erase(0, tail_.size() - kHalf);
}

std::string Sink::text() const {
  if (bytes_ <= kMostShown) return head_;
  const std::string_view tail =
      tail_.size() > kHalf ? std::string_view(tail_).substr(tail_.size() - kHalf) : tail_;
  return with_gap(head_, tail, bytes_, remark());
}

std::string Sink::news() {
  std::string out = std::move(news_);
  news_.clear();
  const std::uint64_t missed = std::exchange(news_missed_, 0);
  const std::string remark = this->remark();
  if (missed > 0)
    out = "[... " + human_size(missed) + " left out" + (remark.empty() ? "" : "; " + remark) +
          " ...]\n" + out;
  return shortened_middle(out, remark);
}

}  // namespace nightjar::tools
