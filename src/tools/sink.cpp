#include "tools/sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace nightjar::tools {

namespace {

constexpr size_t kHalf = kMostShown / 2;
constexpr std::uint64_t kMostSpooled = std::uint64_t{32} << 20;

}  // namespace

void Sink::spool(std::string_view bytes) {
  if (!fd_) {
    fd_ = Fd(::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd_) return;
  }
  if (spooled_ >= kMostSpooled) return;
  bytes = bytes.substr(0, kMostSpooled - spooled_);
  const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
  if (n > 0) spooled_ += static_cast<std::uint64_t>(n);
}

void Sink::add(std::string_view bytes) {
  bytes_ += bytes.size();
  news_ += bytes;
  if (news_.size() > 2 * kMostShown) {
    news_missed_ += news_.size() - kMostShown;
    news_.erase(0, news_.size() - kMostShown);
  }
  if (!fd_ && bytes_ <= kMostShown) {
    head_ += bytes;
    return;
  }
  if (!fd_) {  // now it is too long to be shown whole
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
  return with_gap(head_, tail, bytes_, file_.string());
}

std::string Sink::news() {
  std::string out = std::move(news_);
  news_.clear();
  const std::uint64_t missed = std::exchange(news_missed_, 0);
  if (missed > 0)
    out = "[... " + human_size(missed) + " left out; the whole is in " + file_.string() +
          " ...]\n" + out;
  return shortened_middle(out, file_.string());
}

}  // namespace nightjar::tools
