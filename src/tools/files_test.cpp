#include "tools/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "tools/write_back.h"

namespace nightjar::tools {
namespace {

class FilesTest : public testing::Test {
 protected:
  fs::path at(const std::string& path) const { return dir_.path() / path; }
  void make(const std::string& path, std::string_view text, unsigned mode = 0644) {
    fs::create_directories(at(path).parent_path());
    std::ofstream(at(path), std::ios::binary) << text;
    ::chmod(at(path).c_str(), mode);
  }
  unsigned mode(const std::string& path) const {
    struct stat info{};
    return ::stat(at(path).c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(dir_.path()))
      out.push_back(entry.path().lexically_relative(dir_.path()).string());
    std::ranges::sort(out);
    return out;
  }
  TempDir dir_{"nightjar-files"};
  Files files_{dir_.path()};
};

using Names = std::vector<std::string>;

TEST_F(FilesTest, AnEditNeedsOldAndNew) {
  make("a", "keep\n");
  for (const json::object& arguments :
       {json::object{{"path", "a"}, {"old", "keep"}}, json::object{{"path", "a"}, {"new", "x"}},
        json::object{{"path", "a"}, {"old", "keep"}, {"new", nullptr}}}) {
    const Answer out = files_.edit(arguments);
    EXPECT_TRUE(out.error);
    EXPECT_TRUE(out.output.starts_with("give both old and new")) << out.output;
  }
  EXPECT_EQ(read_file(at("a")), "keep\n");
  EXPECT_EQ(files_.edit({{"path", "b"}, {"old", ""}, {"new", "1\n"}}).output, "wrote b, 1 line");
}

TEST_F(FilesTest, WhatCannotBeEditedIsCalledWhatItIs) {
  make("folder/a", "x");
  make("large", "");
  fs::resize_file(at("large"), 20 << 20);
  ::mkfifo(at("pipe").c_str(), 0644);
  const auto edit = [&](const char* path) {
    return files_.edit({{"path", path}, {"old", "a"}, {"new", "b"}}).output;
  };
  EXPECT_EQ(edit("folder"), "folder is a folder");
  EXPECT_TRUE(edit("large").starts_with("large has 21.0 MB")) << edit("large");
  EXPECT_TRUE(files_.read({{"path", "large"}}).output.starts_with("large has 21.0 MB"));
  EXPECT_EQ(edit("pipe"), "pipe is no regular file");
  EXPECT_TRUE(edit("none").starts_with("there is no file none"));
  EXPECT_TRUE(files_.patch("*** Update File: folder\n-a\n+b\n").output.ends_with("is a folder"));
}

TEST_F(FilesTest, AFileKeepsItsModeAndItsLinks) {
  make("run", "old\n", 0755);
  fs::create_symlink("run", at("link"));
  EXPECT_FALSE(files_.write({{"path", "link"}, {"content", "new\n"}}).error);
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(read_file(at("run")), "new\n");
  EXPECT_EQ(mode("run"), 0755U);
  EXPECT_FALSE(files_.edit({{"path", "run"}, {"old", "new"}, {"new", "newer"}}).error);
  EXPECT_EQ(mode("run"), 0755U);
  EXPECT_FALSE(files_.patch("*** Update File: run\n*** Move to: bin/go\n-newer\n+go\n").error);
  EXPECT_EQ(mode("bin/go"), 0755U);
  EXPECT_EQ(names(), (Names{"bin", "bin/go", "link"}));
  EXPECT_FALSE(
      files_
          .patch("diff --git a/x b/x\nnew file mode 100755\n--- /dev/null\n+++ b/x\n@@ -0,0 "
                 "+1 @@\n+x\n")
          .error);
  EXPECT_EQ(mode("x"), 0755U);
  make("kept", "x\n", 0444);
  if (::geteuid() != 0) {
    EXPECT_THROW(files_.write({{"path", "kept"}, {"content", ""}}), Error);
  }
}

TEST_F(FilesTest, APatchThatCannotBeWrittenChangesNothing) {
  make("a", "1\n");
  make("gone", "1\n");
  make("file", "1\n");
  EXPECT_THROW(files_.patch("*** Update File: a\n-1\n+2\n*** Delete File: gone\n*** Add File: "
                            "new/deep/b\n+x\n*** Add File: file/c\n+x\n"),
               Error);
  EXPECT_EQ(read_file(at("a")), "1\n");
  EXPECT_EQ(names(), (Names{"a", "file", "gone"}));
}

TEST_F(FilesTest, WhatWasMadeBeforeAFailureIsPutBack) {
  make("a", "old\n", 0751);
  make("gone", "here\n");
  // The last step finds its file gone when the others are made.
  EXPECT_THROW(write_back({{at("a"), "new\n", 0600U},
                           {at("fresh"), "new\n", {}},
                           {at("gone"), {}, {}},
                           {at("gone"), {}, {}}}),
               Error);
  EXPECT_EQ(read_file(at("a")), "old\n");
  EXPECT_EQ(mode("a"), 0751U);
  EXPECT_EQ(read_file(at("gone")), "here\n");
  EXPECT_EQ(names(), (Names{"a", "gone"}));
}

TEST_F(FilesTest, OneFileHasOneNameInAPatch) {
  make("a", "1\n2\n");
  EXPECT_FALSE(files_
                   .patch("*** Update File: ./a\n-1\n+one\n*** Update File: " + at("a").string() +
                          "\n-2\n+two\n")
                   .error);
  EXPECT_EQ(read_file(at("a")), "one\ntwo\n");
}

TEST_F(FilesTest, AFileAndALinkToItAreOneFileInAPatch) {
  make("sub/real.txt", "1\n2\n3\n");
  fs::create_symlink("sub/real.txt", at("link.txt"));
  fs::create_symlink("sub", at("folder"));
  const Answer out = files_.patch(
      "*** Update File: sub/real.txt\n-1\n+one\n*** Update File: link.txt\n-2\n+two\n*** Update "
      "File: folder/real.txt\n-3\n+three\n");
  EXPECT_EQ(out.output, "changed sub/real.txt\n");
  EXPECT_EQ(read_file(at("sub/real.txt")), "one\ntwo\nthree\n");
  EXPECT_TRUE(fs::is_symlink(at("link.txt")));
  EXPECT_FALSE(files_.patch("*** Delete File: link.txt\n").error);
  EXPECT_EQ(names(), (Names{"folder", "sub", "sub/real.txt"}));
}

TEST_F(FilesTest, ATextThatLeavesLinesOutIsNotWritten) {
  make("a.js", "f();\ng();\n");
  const Answer out =
      files_.write({{"path", "a.js"}, {"content", "f();\n// ... existing code ...\n"}});
  EXPECT_TRUE(out.error);
  EXPECT_EQ(read_file(at("a.js")), "f();\ng();\n");
}

TEST_F(FilesTest, APatchWritesOverNothingThatItCannotRead) {
  make("a", "1\n");
  make("big", "");
  fs::resize_file(at("big"), 17 << 20);
  make("folder/x", "x");
  fs::create_symlink("nowhere", at("link"));
  make("shut", "x", 0);
  const auto add = [&](const std::string& path) {
    return files_.patch("*** Add File: " + path + "\n+x\n");
  };
  const auto move = [&](const std::string& path) {
    return files_.patch("*** Update File: a\n*** Move to: " + path + "\n-1\n+2\n");
  };
  const auto before = names();
  for (const auto& ask : {std::function<Answer(const std::string&)>(add),
                          std::function<Answer(const std::string&)>(move)}) {
    EXPECT_TRUE(ask("big").output.starts_with("nothing was changed: big has 17.8 MB"));
    EXPECT_EQ(ask("folder").output, "nothing was changed: folder is a folder");
    EXPECT_EQ(ask("link").output,
              "nothing was changed: link is a link to nowhere, which is not there");
    if (::geteuid() != 0) {
      EXPECT_EQ(ask("shut").output, "nothing was changed: shut cannot be read");
    }
  }
  EXPECT_EQ(fs::file_size(at("big")), 17U << 20);
  EXPECT_EQ(read_file(at("a")), "1\n");
  EXPECT_EQ(names(), before);
}

TEST_F(FilesTest, WhatIsNoTextIsNotEditedAndNotShown) {
  make("bin", std::string_view("\x7f"
                               "ELF\0\1\2\nmain\n",
                               14));
  EXPECT_EQ(files_.edit({{"path", "bin"}, {"old", "maim"}, {"new", "x"}}).output,
            "bin is no text (14 B)");
  EXPECT_EQ(files_.patch("*** Update File: bin\n-maim\n+x\n").output,
            "nothing was changed: bin is no text (14 B)");
  EXPECT_FALSE(files_.patch("*** Update File: bin\n*** Move to: program\n").error);
}

TEST_F(FilesTest, AStopEndsAnOutlineAlsoWithinAFile) {
  make("a.py", "def f(): pass\n");
  std::string slow;
  while (slow.size() < 2'000'000) slow += "a b c ";
  make("b.js", slow);
  make("c.py", "def g(): pass\n");
  int asked = 0;
  const auto begun = std::chrono::steady_clock::now();
  const Answer out = files_.outline({}, [&] { return ++asked == 3; });
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(out.output, "a.py\n  1-1 def f(): pass\n[stopped before all was looked at]");
}

}  // namespace
}  // namespace nightjar::tools
