#include "sandbox/protocol.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "base/error.h"
#include "sandbox/plan.h"

namespace nightjar::sandbox {
namespace {

TEST(Protocol, APlanComesBackUnchanged) {
  Plan plan{.from_root = true,
            .run_uid = 7,
            .run_gid = 8,
            .staging = "/tmp",
            .sources = {{"/a\xff\n", Source::As::Device, false, true, 1, 2}},
            .steps = {{Step::What::Tree, "/t", "text", 0700, {0, 1}, 3, true},
                      {Step::What::Proc, "/proc"}},
            .force_tree = TreeKind::Clone,
            .start_folder = "/t",
            .environment = {"A=b"},
            .die_with_thread = true,
            .scratch_bytes = 5,
            .scratch_inodes = 6,
            .most_processes = 7,
            .most_files = 8,
            .filter = std::string("\0\1", 2)};
  EXPECT_EQ(decode_plan(encode(plan)), plan);
}

TEST(Protocol, AGroundComesBackUnchanged) {
  const Ground ground{
      .from_root = true,
      .run_uid = 7,
      .run_gid = 8,
      .owners = {{1, 2}, {3, 4}},
      .network = true,
      .sources = {{"/usr", Source::As::ReadOnly}, {"/dev/null", Source::As::Device}}};
  EXPECT_EQ(decode_ground(encode(ground)), ground);
}

TEST(Protocol, AChangeComesBackUnchanged) {
  const core::Change change{"p\xff", core::Change::What::Symlink, true, std::string("c\0d", 3), 9};
  Writer writer;
  put(writer, change);
  Reader reader(writer.bytes());
  EXPECT_EQ(get_change(reader), change);
  EXPECT_TRUE(reader.at_end());
}

TEST(Protocol, EveryCutMessageIsAnError) {
  const std::string whole = encode(Plan{.staging = "/tmp", .steps = {{Step::What::Proc, "/proc"}}});
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(decode_plan(whole.substr(0, size)), Error) << size;
}

TEST(Protocol, FramesOfAnySizeGoThrough) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  const std::string large(5 << 20, 'x');
  std::jthread sender([&] {
    send_frame(ours.get(), FrameKind::Done, "");
    send_frame(ours.get(), FrameKind::Content, large, ours.get());
    ours.reset();
  });
  EXPECT_EQ(receive_frame(theirs.get())->kind, FrameKind::Done);
  auto frame = receive_frame(theirs.get());
  EXPECT_EQ(frame->payload, large);
  EXPECT_TRUE(frame->descriptor);
  frame.reset();  // it holds the other end
  EXPECT_FALSE(receive_frame(theirs.get()));
}

}  // namespace
}  // namespace nightjar::sandbox
