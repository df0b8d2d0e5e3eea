// For tests: a small repository in a folder of its own, and sandboxes over it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    write("a.txt", "one\n");
    write("sub/b.txt", "two\n");
    policy_.tree.lowers = {lower()};
    policy_.tree.upper = dir_.path() / "upper";
    policy_.tree.target = "/home/someone/src/thing";
    policy_.helper = fs::path(NIGHTJAR_BINARY_DIR) / "bin" / "nightjar-sandbox";
  }
  ~SessionTest() override {
    session_.reset();
    EXPECT_TRUE(remove_tree(dir_.path()));
  }

  fs::path lower() const { return dir_.path() / "lower"; }
  void write(const fs::path& path, std::string_view content) {
    fs::create_directories((lower() / path).parent_path());
    std::ofstream(lower() / path, std::ios::binary) << content;
  }

  Session& session() {
    if (!session_) session_ = Session::start(policy_);
    return *session_;
  }
  CommandResult run(const std::string& line) { return session().run(shell(line)); }
  std::string output_of(const std::string& line) {
    const CommandResult result = run(line);
    EXPECT_EQ(result.exit_status, 0) << line << "\n" << result.output;
    return result.output;
  }
  static Command shell(const std::string& line) { return {.argv = {"/bin/sh", "-c", line}}; }

  std::vector<core::Change> collected(std::uint64_t most = 1 << 20) {
    std::vector<core::Change> out;
    session().collect([&](core::Change&& change) { out.push_back(std::move(change)); }, most);
    std::ranges::sort(out, {}, &core::Change::path);
    return out;
  }

  /// Processes on the host whose command line holds `mark`.
  static int processes_with(const std::string& mark) {
    int count = 0;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
      if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos)
        continue;
      // Read by hand: a process that ends meanwhile is an error of read (ESRCH) and no failure.
      const Fd file(::open((entry.path() / "cmdline").c_str(), O_RDONLY | O_CLOEXEC));
      std::array<char, 65536> bytes;
      const ssize_t size = file ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
      const std::string_view line(bytes.data(), size > 0 ? static_cast<size_t>(size) : 0);
      if (line.find(mark) != std::string::npos) ++count;
    }
    return count;
  }
  /// True as soon as `count` of them live, false after ten seconds.
  static bool comes_to(const std::string& mark, int count) {
    for (int i = 0; i < 2000; ++i) {
      if (processes_with(mark) == count) return true;
      ::usleep(5000);
    }
    return false;
  }

  TempDir dir_{"nightjar-session"};
  Policy policy_;
  std::unique_ptr<Session> session_;
};

}  // namespace nightjar::sandbox
