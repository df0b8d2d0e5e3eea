#include "tools/patch.h"

#include <gtest/gtest.h>

#include <map>

namespace nightjar::tools {
namespace {

using Tree = std::map<std::string, std::string>;

/// The tree after the patch, or its error under the name "!".
Tree patched(Tree tree, std::string_view text) {
  const auto patches = parse_patch(text);
  if (!patches) return {{"!", patches.error()}};
  const auto changes = apply_patch(*patches, [&](const std::string& path) {
    return tree.contains(path) ? std::optional(tree[path]) : std::nullopt;
  });
  if (!changes) return {{"!", changes.error()}};
  for (const auto& change : *changes) {
    if (change.content)
      tree[change.path] = *change.content;
    else
      tree.erase(change.path);
  }
  return tree;
}

TEST(Patch, AddsUpdatesMovesAndDeletes) {
  EXPECT_EQ(patched({{"a.py", "def f():\n    return 1\n\ndef g():\n    return 1\n"},
                     {"old.txt", "x\ny\n"},
                     {"gone.txt", "z\n"}},
                    "*** Begin Patch\n"
                    "*** Update File: a.py\n"
                    "@@ def g():\n"
                    "-    return 1\n"
                    "+    return 2\n"
                    "*** Update File: old.txt\n"
                    "*** Move to: new.txt\n"
                    "@@\n"
                    " x\n"
                    "-y\n"
                    "+Y\n"
                    "*** Delete File: gone.txt\n"
                    "*** Add File: sub/b.py\n"
                    "+import a\n"
                    "+\n"
                    "+a.f()\n"
                    "*** End Patch\n"),
            (Tree{{"a.py", "def f():\n    return 1\n\ndef g():\n    return 2\n"},
                  {"new.txt", "x\nY\n"},
                  {"sub/b.py", "import a\n\na.f()\n"}}));
}

TEST(Patch, FindsItsContextDespiteBlanksAndFences) {
  EXPECT_EQ(patched({{"a.c", "int f() {\n\treturn 1; \n}\n"}},
                    "```\n*** Begin Patch\n*** Update File: a.c\n@@\n int f() {\n-    return 1;\n"
                    "+    return 2;\n }\n*** End Patch\n```"),
            (Tree{{"a.c", "int f() {\n\treturn 2;\n}\n"}}));
  EXPECT_EQ(patched({{"a", "1\n2\n1\n2\n"}},
                    "*** Update File: a\n@@\n-2\n+3\n*** End of File\n*** End Patch"),
            (Tree{{"a", "1\n2\n1\n3\n"}}));
  EXPECT_EQ(patched({{"a", "1\r\n2\r\n"}}, "*** Update File: a\n-2\n+3\n"),
            (Tree{{"a", "1\r\n3\r\n"}}));
}

TEST(Patch, AllOrNothing) {
  const Tree before{{"a", "1\n"}, {"b", "2\n"}};
  const Tree after = patched(before,
                             "*** Begin Patch\n*** Update File: a\n-1\n+9\n*** Update File: b\n"
                             "-nothing like this\n+9\n*** End Patch\n");
  EXPECT_NE(after.at("!").find("b: hunk 1 does not fit"), std::string::npos) << after.at("!");
  EXPECT_NE(patched(before, "*** Add File: a\n+x\n").at("!").find("is there already"),
            std::string::npos);
  EXPECT_NE(patched(before, "*** Delete File: c\n").at("!").find("no file c"), std::string::npos);
  EXPECT_NE(patched(before, "*** Update File: a\n*** Move to: b\n-1\n+2\n").at("!").find("b is"),
            std::string::npos);
}

TEST(Patch, ReadsUnifiedDiffsWhoseNumbersAreWrong) {
  EXPECT_EQ(patched({{"src/a.py", "import os\n\n\ndef f():\n    return 1\n"}},
                    "diff --git a/src/a.py b/src/a.py\nindex 1..2 100644\n--- a/src/a.py\n+++ "
                    "b/src/a.py\n@@ -40,9 +40,7 @@ def f():\n def f():\n-    return 1\n+    return "
                    "2\n"),
            (Tree{{"src/a.py", "import os\n\n\ndef f():\n    return 2\n"}}));
  EXPECT_EQ(patched({}, "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n"),
            (Tree{{"new.txt", "one\ntwo\n"}}));
  EXPECT_EQ(patched({{"x", "1\n"}}, "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n"), (Tree{}));
  EXPECT_EQ(patched({{"x", "1\n"}}, "diff --git a/x b/y\nrename from x\nrename to y\n"),
            (Tree{{"y", "1\n"}}));
  // Of equal places the one nearest to the number.
  EXPECT_EQ(patched({{"x", "a\nb\na\nb\na\nb\n"}}, "--- x\n+++ x\n@@ -4,1 +4,1 @@\n-b\n+c\n"),
            (Tree{{"x", "a\nb\na\nc\na\nb\n"}}));
}

TEST(Patch, SaysHowAPatchLooks) {
  EXPECT_NE(patched({}, "sed -i s/a/b/ x").at("!").find("*** Begin Patch"), std::string::npos);
  EXPECT_NE(patched({{"a", "1\n"}}, "*** Begin Patch\n*** Update File: a\nreturn 1\n")
                .at("!")
                .find("line 3"),
            std::string::npos);
  EXPECT_NE(patched({}, "*** Begin Patch\n*** End Patch").at("!").find("names no file"),
            std::string::npos);
  EXPECT_NE(
      patched({{"a", "1\n"}}, "*** Update File: a\n@@ class Gone:\n-1\n+2\n").at("!").find("class"),
      std::string::npos);
}

TEST(Patch, RefusesAHunkThatFitsAtSeveralPlaces) {
  const Tree tree{{"x", "def a():\n    return 1\n\ndef b():\n    return 1\n"}};
  const std::string hunk = "-    return 1\n+    return 2\n";
  const Tree after = patched(tree, "*** Update File: x\n@@\n" + hunk);
  EXPECT_NE(after.at("!").find("x: hunk 1 fits at 2 places (lines 2, 5)"), std::string::npos)
      << after.at("!");
  const Tree second{{"x", "def a():\n    return 1\n\ndef b():\n    return 2\n"}};
  EXPECT_EQ(patched(tree, "*** Update File: x\n@@ def b():\n" + hunk), second);
  EXPECT_EQ(patched(tree, "*** Update File: x\n@@ -5,1 +5,1 @@\n" + hunk), second);
  EXPECT_EQ(patched(tree, "*** Update File: x\n" + hunk + "*** End of File\n"), second);
  EXPECT_EQ(patched(tree, "*** Update File: x\n@@\n def b():\n" + hunk), second);
  // Behind the hunk before it there is one place left.
  EXPECT_EQ(
      patched(tree, "*** Update File: x\n@@\n-def a():\n+def A():\n     return 1\n@@\n" + hunk),
      (Tree{{"x", "def A():\n    return 1\n\ndef b():\n    return 2\n"}}));
  EXPECT_TRUE(patched({{"x", "a\nb\na\nb\na\nb\n"}}, "--- x\n+++ x\n@@ -3,1 +3,1 @@\n-b\n+c\n")
                  .contains("!"))
      << "as near to the one as to the other";
}

TEST(Patch, AnAnchorIsTheWholeLineBeforeItIsTheBeginningOfOne) {
  const Tree tree{{"x", "def get_all(k):\n    return k\n\ndef get(k):\n    return k\n"}};
  EXPECT_EQ(patched(tree, "*** Update File: x\n@@ def get\n-    return k\n+    return 0\n"),
            (Tree{{"x", "def get_all(k):\n    return k\n\ndef get(k):\n    return 0\n"}}));
  EXPECT_EQ(patched(tree,
                    "*** Update File: x\n@@ def get\n def get(k):\n-    return k\n+    return "
                    "0\n"),
            (Tree{{"x", "def get_all(k):\n    return k\n\ndef get(k):\n    return 0\n"}}));
  const Tree twice{{"x", "class A:\n  def f():\n    1\n\nclass B:\n  def f():\n    1\n"}};
  EXPECT_NE(patched(twice, "*** Update File: x\n@@ def f():\n-    1\n+    2\n")
                .at("!")
                .find("(lines 3, 7)"),
            std::string::npos);
  EXPECT_EQ(patched(twice, "*** Update File: x\n@@ class B:\n@@ def f():\n-    1\n+    2\n"),
            (Tree{{"x", "class A:\n  def f():\n    1\n\nclass B:\n  def f():\n    2\n"}}));
}

TEST(Patch, NewLinesAtLineZeroStandAtTheTop) {
  EXPECT_EQ(patched({{"x", "a\nb\n"}}, "--- x\n+++ x\n@@ -0,0 +1 @@\n+new\n"),
            (Tree{{"x", "new\na\nb\n"}}));
  EXPECT_EQ(patched({{"x", "a\nb\n"}}, "--- x\n+++ x\n@@ -1,0 +2 @@\n+new\n"),
            (Tree{{"x", "a\nnew\nb\n"}}));
  EXPECT_EQ(patched({{"x", "a\nb\n"}}, "--- x\n+++ x\n@@ @@\n+new\n"),
            (Tree{{"x", "a\nb\nnew\n"}}));
}

TEST(Patch, AnAnchorBelowAnotherIsLookedForInItsBlock) {
  const std::string get = "    def get(self):\n        return 1\n";
  const std::string got = "    def get(self):\n        return 2\n";
  const std::string hunk = "-        return 1\n+        return 2\n";
  const Tree tree{{"x", "class A:\n" + get + "\nclass B:\n" + get}};
  EXPECT_EQ(patched(tree, "*** Update File: x\n@@ class A:\n@@     def get(self):\n" + hunk),
            (Tree{{"x", "class A:\n" + got + "\nclass B:\n" + get}}));
  EXPECT_EQ(patched(tree, "*** Update File: x\n@@ class A:\n@@     def get(self):\n+        x\n"),
            (Tree{{"x", "class A:\n    def get(self):\n        x\n        return 1\n\nclass B:\n" +
                            get}}));
  // Without indentation nothing says where the block ends.
  EXPECT_EQ(
      patched({{"x", "namespace n {\nint f() {\n  return 1;\n}\n}\n"}},
              "*** Update File: x\n@@ namespace n {\n@@ int f() {\n-  return 1;\n+  return 2;\n"),
      (Tree{{"x", "namespace n {\nint f() {\n  return 2;\n}\n}\n"}}));
  // Twice in the block: the way out is not what was done already.
  const Tree both{{"x", "class A:\n" + get + "\n" + get}};
  const std::string refused =
      patched(both, "*** Update File: x\n@@ class A:\n@@     def get(self):\n" + hunk)["!"];
  EXPECT_NE(refused.find("fits at 2 places (lines 3, 6); name what those stand in as well"),
            std::string::npos)
      << refused;
}

TEST(Patch, SaysWhetherTheLastLineOfAFileHasAnEnd) {
  const std::string none = "\\ No newline at end of file\n", head = "--- x\n+++ x\n";
  EXPECT_EQ(patched({}, "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n" + none), (Tree{{"x", "a"}}));
  EXPECT_EQ(patched({{"x", "a\nb"}}, head + "@@ -2 +2 @@\n-b\n" + none + "+b\n"),
            (Tree{{"x", "a\nb\n"}}));
  EXPECT_EQ(patched({{"x", "a\nb\n"}}, head + "@@ -2 +2 @@\n-b\n+b\n" + none),
            (Tree{{"x", "a\nb"}}));
  EXPECT_EQ(patched({{"x", "a\r\nb"}}, head + "@@ -2 +2,2 @@\n-b\n" + none + "+b\n+c\n" + none),
            (Tree{{"x", "a\r\nb\r\nc"}}));
  EXPECT_EQ(patched({{"x", "a\nb"}}, head + "@@ -1,2 +1,2 @@\n-a\n+A\n b\n" + none),
            (Tree{{"x", "A\nb"}}));
  EXPECT_EQ(patched({{"x", "a\nb"}}, head + "@@ -2 +2 @@\n-b\n+c\n"), (Tree{{"x", "a\nc"}}))
      << "where nothing is said it stays";
  EXPECT_EQ(patched({{"x", "a\nb\n"}}, head + "@@ -1 +1 @@\n-a\n+A\n" + none),
            (Tree{{"x", "A\nb\n"}}));
}

TEST(Patch, AByteOrderMarkStaysBeforeTheFirstLine) {
  const std::string mark = "\xEF\xBB\xBF";
  const Tree after{{"x", mark + "a\n2\n"}};
  EXPECT_EQ(patched({{"x", mark + "a \n1\n"}}, "*** Update File: x\n a\n-1\n+2\n")["x"],
            mark + "a\n2\n");
  EXPECT_EQ(patched({{"x", mark + "a\n1\n"}}, "*** Update File: x\n a\n-1\n+2\n"), after);
  EXPECT_EQ(patched({{"x", mark + "a\n1\n"}}, "*** Update File: x\n " + mark + "a\n-1\n+2\n"),
            after);
}

TEST(Patch, ReadsSeveralEnvelopesAndNoFence) {
  EXPECT_EQ(
      patched({{"a", "1\n"}, {"b", "1\n"}},
              "*** Begin Patch\n*** Update File: a\n-1\n+2\n*** End Patch\n```\nand\n*** Begin "
              "Patch\n*** Update File: b\n-1\n+3\n*** End Patch\nEOF\n"),
      (Tree{{"a", "2\n"}, {"b", "3\n"}}));
  EXPECT_EQ(patched({}, "```diff\n*** Begin Patch\n*** Add File: a\n+1\n```\n"),
            (Tree{{"a", "1\n"}}));
  EXPECT_EQ(patched({}, "*** Add File: a\n+1\n```\n"), (Tree{{"a", "1\n"}}));
  EXPECT_EQ(patched({}, "*** Add File: a.md\n+```\n+1\n+```\n"), (Tree{{"a.md", "```\n1\n```\n"}}));
}

TEST(Patch, ReadsWhatGitSaysOfFilesWithoutHunks) {
  const auto patches = parse_patch(
      "diff --git a/run b/run\nnew file mode 100755\nindex 0..1\n--- /dev/null\n+++ b/run\n@@ -0,0 "
      "+1 @@\n+x\ndiff --git a/e b/e\nnew file mode 100644\nindex 0..e\ndiff --git a/m b/m\nold "
      "mode "
      "100644\nnew mode 100755\ndiff --git a/g b/g\ndeleted file mode 100644\nindex e..0\n");
  ASSERT_TRUE(patches) << patches.error();
  ASSERT_EQ(patches->size(), 4U);
  EXPECT_EQ((*patches)[0].mode, 0755U);
  EXPECT_EQ((*patches)[0].content, "x\n");
  EXPECT_EQ((*patches)[1], (FilePatch{FilePatch::What::Add, "e", "", "", {}, 0644U}));
  EXPECT_EQ((*patches)[2], (FilePatch{FilePatch::What::Update, "m", "", "", {}, 0755U}));
  EXPECT_EQ((*patches)[3].what, FilePatch::What::Delete);
  EXPECT_NE(patched({}, "diff --git a/p b/p\nindex 1..2\nGIT binary patch\nliteral 0\n")
                .at("!")
                .find("binary"),
            std::string::npos);
}

TEST(Patch, InAMixedFileLinesKeepTheirEnds) {
  EXPECT_EQ(patched({{"a", "1\r\n2\n3\r\n4\n5\r\n"}},
                    "*** Update File: a\n 1\n-2\n+two\n+half\n 3\n@@\n-4\n 5\n+6\n"),
            (Tree{{"a", "1\r\ntwo\nhalf\n3\r\n5\r\n6\r\n"}}));
  EXPECT_EQ(patched({{"a", "1\r\n2\n3\r\n"}}, "*** Update File: a\n@@ 1\n+x\n"),
            (Tree{{"a", "1\r\nx\r\n2\n3\r\n"}}));
}

TEST(Patch, ReadsNamesAsGitQuotesThem) {
  EXPECT_EQ(patched({},
                    "diff --git \"a/t\\303\\244.txt\" \"b/t\\303\\244.txt\"\nnew file mode "
                    "100644\n--- /dev/null\n+++ \"b/t\\303\\244.txt\"\n@@ -0,0 +1 @@\n+x\n"),
            (Tree{{"tä.txt", "x\n"}}));
  EXPECT_EQ(patched({{"t\ta\"\\.txt", "1\n"}},
                    "--- \"a/t\\ta\\\"\\\\.txt\"\n+++ "
                    "\"b/t\\ta\\\"\\\\.txt\"\n@@ -1 +1 @@\n-1\n+2\n"),
            (Tree{{"t\ta\"\\.txt", "2\n"}}));
  EXPECT_EQ(patched({{"ä b", "1\n"}},
                    "diff --git \"a/\\303\\244 b\" b/c\nrename from "
                    "\"\\303\\244 b\"\nrename to c\n"),
            (Tree{{"c", "1\n"}}));
  EXPECT_EQ(patched({{"c", "1\n"}},
                    "diff --git a/c \"b/\\303\\244\"\nrename from c\nrename to \"\\303\\244\"\n"),
            (Tree{{"ä", "1\n"}}));
  EXPECT_EQ(patched({{"\xc3\xa4", ""}},
                    "diff --git \"a/\\303\\244\" \"b/\\303\\244\"\ndeleted file "
                    "mode 100644\nindex e69de29..0000000\n"),
            (Tree{}));
  EXPECT_TRUE(patched({}, "--- /dev/null\n+++ \"b/a\\000b\"\n@@ -0,0 +1 @@\n+x\n").contains("!"));
  EXPECT_TRUE(patched({}, "--- /dev/null\n+++ \"b/a\n@@ -0,0 +1 @@\n+x\n").contains("!"));
}

}  // namespace
}  // namespace nightjar::tools
