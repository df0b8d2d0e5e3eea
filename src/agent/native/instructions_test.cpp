#include "agent/native/instructions.h"

#include <gtest/gtest.h>

namespace nightjar::agent::native {
namespace {

using Paths = std::vector<std::string>;

TEST(Imports, AreNamedAnywhereInALine) {
  EXPECT_EQ(imports_of("@docs/style.md\nSee @docs/s.md for style, (@README), and @a/../b.md.\n"),
            (Paths{"docs/style.md", "docs/s.md", "README", "b.md"}));
}

TEST(Imports, AreNoMailAddressesAndNoCode) {
  EXPECT_EQ(imports_of("Ask me@example.org or `@inline.md`.\n"
                       "```python\n@pytest.fixture\ndef one(): ...\n```\n"
                       "  ~~~\n  @dataclass\n  ~~~\n"
                       "@ alone, @~/.claude/own.md, @/etc/passwd, @../outside.md\n"),
            Paths{});
}

TEST(Imports, AreRelativeToTheirFile) {
  EXPECT_EQ(imports_of("@b.md @../c.md @../../d.md", "docs"), (Paths{"docs/b.md", "c.md"}));
}

TEST(Imports, AreBounded) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "@f" + std::to_string(i) + ".md ";
  EXPECT_LE(imports_of(many).size(), 100U);
}

}  // namespace
}  // namespace nightjar::agent::native
