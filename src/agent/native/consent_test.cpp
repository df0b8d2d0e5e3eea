#include "agent/native/consent.h"

#include <gtest/gtest.h>

namespace nightjar::agent::native {
namespace {

TEST(Consent, AYesIsTheWholeText) {
  for (const char* yes :
       {"yes", "Y", "OK.", "okay!", "go", "Go ahead", "Yes, go ahead.", "ok, do it", "  approved\n",
        "LGTM", "fine", "good", "Looks good!", "sounds good", "Yes. Begin.", "ok, yes, start",
        "please do", "Yes please"})
    EXPECT_TRUE(is_yes(yes)) << yes;
}

TEST(Consent, ANoOrAChangeIsNoYes) {
  for (const char* no :
       {"", "no", "do not start yet", "ok, skip step 2", "go back to step 1", "good, but no tests",
        "don't", "yes and rename it", "do nothing", "yes?no", "fine, only the first", "not ok",
        "go on holiday", "okay okay wait", "start over", "ja"})
    EXPECT_FALSE(is_yes(no)) << no;
}

}  // namespace
}  // namespace nightjar::agent::native
