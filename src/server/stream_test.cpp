// The event streams, read as a client reads them.
#include <atomic>
#include <thread>

#include "net/sse.h"
#include "server/testing_server.h"

namespace nightjar::server {
namespace {

using StreamTest = ServerTest;

/// A stream read by a thread; `wait_for` returns when that many events came.
class Listener {
 public:
  Listener(net::HttpRequest request, size_t stop_after) : stop_after_(stop_after) {
    request.stop = stop_.get_token();
    request.deadline = kNoDeadline;
    thread_ = std::jthread([this, request] {
      net::SseParser parser;
      try {
        response = net::HttpClient().stream(request, [&](std::string_view bytes) {
          opened.store(true);
          opened.notify_all();
          parser.feed(bytes, [&](const net::SseEvent& event) {
            events.push_back(event);
            arrived.push_back(std::chrono::steady_clock::now());
          });
          return events.size() < stop_after_;
        });
      } catch (const Cancelled&) {
        cancelled = true;
      } catch (const Error& error) {
        failure = error.what();
      }
      opened.store(true);
      opened.notify_all();
    });
  }
  void wait_until_open() const { opened.wait(false); }
  /// Ends by itself when all expected events came.
  void join() { thread_.join(); }
  void stop() { stop_.request_stop(); }

  std::vector<net::SseEvent> events;
  std::vector<std::chrono::steady_clock::time_point> arrived;
  net::HttpResponse response;
  std::atomic<bool> opened{false};
  bool cancelled = false;
  std::string failure;

 private:
  size_t stop_after_;
  std::stop_source stop_;
  std::jthread thread_;
};

TEST_F(StreamTest, AStreamTellsWhatHappensFromNowOn) {
  make_task("aaa");
  start();
  Listener listener(request("GET", "/events"), 2);
  listener.wait_until_open();
  append(event("aaa", "commented", {{"text", "one\ntwo"}}));
  append(event("aaa", "approved", {{"author", "me"}}));
  listener.join();
  ASSERT_EQ(listener.events.size(), 2);
  EXPECT_EQ(listener.events[0].event, "commented");
  EXPECT_EQ(listener.events[0].id, "2");
  const auto data = parse_json(listener.events[0].data);
  ASSERT_TRUE(data);
  const auto read = core::event_from(*data);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(*read, store_->events_after(1, 1).at(0).event);
  EXPECT_EQ(listener.response.header("content-type"), "text/event-stream");
}

TEST_F(StreamTest, AStreamGoesOnFromItsPosition) {
  make_task("aaa");
  std::vector<core::Event> many;
  many.reserve(1000);
  for (int i = 0; i < 1000; ++i) many.push_back(event("aaa", "commented", {{"n", i}}));
  store_->append(many);
  start();
  for (const auto& [path, header, first] :
       {std::tuple{"/events?after=0", "", "1"}, std::tuple{"/events?after=500", "", "501"},
        std::tuple{"/events", "700", "701"}, std::tuple{"/events?after=3", "700", "701"}}) {
    const size_t expected = 1001 - std::stoul(first) + 1;
    net::HttpRequest r = request("GET", path);
    if (*header) r.headers.emplace_back("Last-Event-ID", header);
    Listener listener(r, expected);
    listener.join();
    ASSERT_EQ(listener.events.size(), expected) << path;
    EXPECT_EQ(listener.events.front().id, first);
    for (size_t i = 0; i < expected; ++i)
      EXPECT_EQ(listener.events[i].id, std::to_string(std::stoul(first) + i));
  }
  for (const auto* bad : {"x", "-1", "1x", "99999999999999999999"}) {
    expect_problem(ask("GET", std::string("/events?after=") + bad), 400, "invalid");
  }
}

TEST_F(StreamTest, AStreamOfOneTaskTellsNothingOfOthers) {
  make_task("aaa");
  make_task("bbb");
  store_->append({event("bbb", "commented"), event("aaa", "commented"), event("bbb", "commented")});
  start();
  Listener whole(request("GET", "/events?task=aa&after=0"), 3);
  Listener live(request("GET", "/events?task=bbb"), 1);
  live.wait_until_open();
  append(event("aaa", "approved"));
  append(event("bbb", "approved"));
  whole.join();
  live.join();
  ASSERT_EQ(whole.events.size(), 3);
  EXPECT_EQ(whole.events[0].event, "task_created");
  EXPECT_EQ(whole.events[1].id, "4");
  EXPECT_EQ(whole.events[2].event, "approved");
  ASSERT_EQ(live.events.size(), 1);
  EXPECT_EQ(live.events[0].id, "7");
  expect_problem(ask("GET", "/events?task=zzz"), 404, "not_found");
}

TEST_F(StreamTest, ManyStreamsSeeEveryEventOnceInOrder) {
  constexpr int kEvents = 300;
  make_task("aaa");
  start();
  std::vector<std::unique_ptr<Listener>> listeners;
  listeners.reserve(12);
  for (int i = 0; i < 12; ++i)
    listeners.push_back(std::make_unique<Listener>(request("GET", "/events?after=0"), kEvents + 1));
  std::jthread writer([&] {
    for (int i = 0; i < kEvents; ++i) append(event("aaa", "commented", {{"n", i}}));
  });
  for (auto& listener : listeners) {
    listener->join();
    ASSERT_EQ(listener->events.size(), kEvents + 1);
    for (int i = 0; i <= kEvents; ++i)
      ASSERT_EQ(listener->events[static_cast<size_t>(i)].id, std::to_string(i + 1));
  }
}

TEST_F(StreamTest, AQuietStreamShowsSignsOfLife) {
  options_.timeouts.heartbeat = Millis(20);
  start();
  const Fd fd = connect();
  write_all(
      fd.get(),
      "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n");
  std::string got;
  char buffer[1000];
  while (got.find(": still here") == std::string::npos) {
    const ssize_t count = ::recv(fd.get(), buffer, sizeof buffer, 0);
    ASSERT_GT(count, 0) << got;
    got.append(buffer, static_cast<size_t>(count));
  }
}

TEST_F(StreamTest, AClientThatTakesNothingIsClosed) {
  options_.timeouts.blocked = Millis(50);
  make_task("aaa");
  for (int i = 0; i < 20; ++i)
    store_->append({event("aaa", "filler", {{"text", std::string(500'000, 'x')}})});
  start();
  const Fd fd = connect();
  write_all(fd.get(),
            "GET /api/v1/events?after=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            "secret\r\n\r\n");
  pollfd entry{fd.get(), 0, 0};
  ASSERT_EQ(::poll(&entry, 1, 20'000), 1) << "still connected";
  const std::string got = rest_of(fd.get());
  EXPECT_LT(got.size(), 20u * 500'000);
  EXPECT_EQ(ask("GET", "/health").status, 200);
}

TEST_F(StreamTest, AStopEndsStreams) {
  start();
  Listener listener(request("GET", "/events"), 1);
  listener.wait_until_open();
  server_->stop();
  listener.join();
  EXPECT_TRUE(listener.events.empty());
}

TEST_F(StreamTest, AStoppedClientLeavesAtOnce) {
  start();
  Listener listener(request("GET", "/events"), 1);
  listener.wait_until_open();
  listener.stop();
  listener.join();
  EXPECT_TRUE(listener.cancelled);
}

}  // namespace
}  // namespace nightjar::server
