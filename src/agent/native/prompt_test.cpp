#include "agent/native/prompt.h"

#include <gtest/gtest.h>

#include "agent/native/transcript.h"

namespace nightjar::agent::native {
namespace {

TEST(FailuresText, SaysWhatBecameOfTestsThatFailedBefore) {
  Failures failures;
  EXPECT_EQ(failures_text(failures), "No test fails that passed before.");
  failures.still_failing = {{"tests", "add adds"}};
  EXPECT_EQ(failures_text(failures),
            "No test fails that passed before.\nStill failing as before:\n- add adds (tests)\n");
  failures.fixed.swap(failures.still_failing);
  EXPECT_EQ(failures_text(failures),
            "No test fails that passed before.\nFixed:\n- add adds (tests)\n");
  failures.tests = {{"tests", "one is one"}};
  failures.log = "what they printed";
  const std::string all = failures_text(failures);
  EXPECT_LT(all.find("one is one"), all.find("Fixed:"));
  EXPECT_LT(all.find("Fixed:"), all.find("what they printed"));
}

TEST(FailuresText, IsBounded) {
  Failures failures;
  for (int i = 0; i < 1000; ++i)
    failures.fixed.push_back({"tests", std::string(5'000, 'x') + std::to_string(i)});
  const std::string text = failures_text(failures);
  EXPECT_LT(text.size(), 10'000U);
  EXPECT_NE(text.find("- and 980 more"), std::string::npos);
}

TEST(FilesOfPatch, AreNamedOnceEach) {
  EXPECT_EQ(files_of_patch("*** Begin Patch\n*** Update File: a.c\n@@\n-x\n+y\n*** Move to: b.c\n"
                           "*** Add File: c.c\n+z\n*** Update File: a.c\n*** End Patch"),
            (std::vector<std::string>{"a.c", "b.c", "c.c"}));
  EXPECT_EQ(
      files_of_patch("--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n--- a/gone.c\n+++ /dev/null"),
      (std::vector<std::string>{"x.c", "gone.c"}));
}

}  // namespace
}  // namespace nightjar::agent::native
