#include "net/sse.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace nightjar::net {
namespace {

std::vector<SseEvent> parse(std::string_view text, size_t piece) {
  SseParser parser;
  std::vector<SseEvent> events;
  for (size_t at = 0; at < text.size(); at += piece) {
    parser.feed(text.substr(at, piece), [&](const SseEvent& event) { events.push_back(event); });
  }
  return events;
}

TEST(SseParser, ReadsTheSameFromPiecesOfAnySizeAndWithAnyLineEnd) {
  const std::string text =
      "\xEF\xBB\xBFid: 7\nevent: note\ndata: one\ndata:two\ndata:  three\n\n: "
      "comment\n\ndata\n\nid\ndata: x\n\n";
  const std::vector<SseEvent> expected{
      {"7", "note", "one\ntwo\n three"}, {"7", "message", ""}, {"", "message", "x"}};
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    std::string with_end;
    for (const char c : text) {
      if (c == '\n') {
        with_end += end;
      } else {
        with_end += c;
      }
    }
    for (size_t piece = 1; piece <= with_end.size(); ++piece) {
      EXPECT_EQ(parse(with_end, piece), expected)
          << "pieces of " << piece << ", end " << end.size();
    }
  }
}

TEST(SseParser, AnEventWithoutItsBlankLineIsNotComplete) {
  EXPECT_TRUE(parse("data: x\n", 3).empty());
  EXPECT_TRUE(parse("event: x\n\n", 3).empty()) << "no data, no event";
}

TEST(SseParser, KeepsTheIdAndReadsRetry) {
  SseParser parser;
  parser.feed("retry: 250\nid: 12\n\nretry: soon\n\n", [](const SseEvent&) { FAIL(); });
  EXPECT_EQ(parser.last_event_id(), "12") << "an id without data counts";
  EXPECT_EQ(parser.retry(), Millis(250));
  const std::string with_nul("id: 1\0 3\n\n", 10);
  parser.feed(with_nul, [](const SseEvent&) { FAIL(); });
  EXPECT_EQ(parser.last_event_id(), "12");
}

TEST(SseParser, MemoryIsBounded) {
  const auto nothing = [](const SseEvent&) {};
  SseParser line(1000);
  EXPECT_THROW(
      {
        for (int i = 0; i < 100; ++i) line.feed("data: 0123456789", nothing);
      },
      Error);
  SseParser data(1000);
  EXPECT_THROW(
      {
        for (int i = 0; i < 200; ++i) data.feed("data: 0123456789\n", nothing);
      },
      Error);
}

}  // namespace
}  // namespace nightjar::net
