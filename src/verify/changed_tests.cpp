#include "verify/changed_tests.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "verify/reading.h"

namespace nightjar::verify {

namespace {

constexpr size_t kLongestLine = 1000;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view word_at(std::string_view text) {
  size_t i = 0;
  while (i < text.size() && is_word_char(text[i])) ++i;
  return text.substr(0, i);
}

// The first string of a call: it('reads', ...
std::string_view quoted(std::string_view text) {
  const auto open = text.find_first_of("'\"`");
  if (open == std::string_view::npos) return {};
  const auto close = text.find(text[open], open + 1);
  return text.substr(open + 1,
                     close == std::string_view::npos ? std::string_view::npos : close - open - 1);
}

constexpr std::array<std::string_view, 14> kCallsThatDeclare{"it(",
                                                             "test(",
                                                             "it.only(",
                                                             "test.only(",
                                                             "it.each",
                                                             "test.each",
                                                             "it.concurrent(",
                                                             "test.concurrent(",
                                                             "specify(",
                                                             "TEST_CASE(",
                                                             "SCENARIO(",
                                                             "add_test(",
                                                             "BOOST_AUTO_TEST_CASE(",
                                                             "Deno.test("};
constexpr std::array<std::string_view, 5> kGoogleMacros{"TEST(", "TEST_F(", "TEST_P(",
                                                        "TYPED_TEST(", "TYPED_TEST_P("};
constexpr std::array<std::string_view, 6> kMarksAbove{
    "@Test", "@ParameterizedTest", "@RepeatedTest", "#[test]", "#[tokio::test", "[Fact]"};

// The name of the test that this line declares; `marked`: the line above was @Test or #[test].
std::string declared_by(std::string_view line, bool marked, bool calls) {
  for (std::string_view start : {"def test", "async def test"}) {
    if (line.starts_with(start))
      return std::string("test") + std::string(word_at(line.substr(start.size())));
  }
  for (std::string_view start : {"func Test", "func Fuzz", "func Example", "func Benchmark"}) {
    if (line.starts_with(start)) return std::string(word_at(line.substr(5)));
  }
  for (const auto& macro : kGoogleMacros) {
    if (!line.starts_with(macro)) continue;
    const auto close = line.find(')');
    return std::string(
        line.substr(macro.size(), close == std::string_view::npos ? close : close - macro.size()));
  }
  for (const auto& call : kCallsThatDeclare) {
    const bool lower_case = call.front() >= 'a' && call.front() <= 'z';
    if (!line.starts_with(call) || (lower_case && !calls)) continue;
    const auto name = quoted(line);
    return name.empty() ? std::string(line) : std::string(name);
  }
  if (marked) {
    if (const auto fn = line.find("fn "); fn != std::string_view::npos)
      return std::string(word_at(line.substr(fn + 3)));
    if (const auto open = line.find('(');
        open != std::string_view::npos && !line.starts_with('@') && !line.starts_with('#')) {
      size_t start = open;
      while (start > 0 && is_word_char(line[start - 1])) --start;
      return std::string(line.substr(start, open - start));
    }
  }
  return "";
}

constexpr std::array<std::string_view, 40> kSkips{"@pytest.mark.skip",
                                                  "@pytest.mark.xfail",
                                                  "pytest.skip(",
                                                  "pytest.xfail(",
                                                  "pytest.importorskip(",
                                                  "@unittest.skip",
                                                  "@unittest.expectedFailure",
                                                  "@skip",
                                                  "self.skipTest(",
                                                  "raise SkipTest",
                                                  "raise unittest.SkipTest",
                                                  "pytestmark = pytest.mark.skip",
                                                  "marks=pytest.mark.skip",
                                                  "marks=pytest.mark.xfail",
                                                  "collect_ignore",
                                                  "it.skip(",
                                                  "it.skip.each",
                                                  "test.skip(",
                                                  "test.skip.each",
                                                  "describe.skip(",
                                                  "suite.skip(",
                                                  "xit(",
                                                  "xtest(",
                                                  "xdescribe(",
                                                  "it.todo(",
                                                  "test.todo(",
                                                  "it.fails(",
                                                  "test.fails(",
                                                  "it.failing(",
                                                  "test.failing(",
                                                  "this.skip()",
                                                  "t.Skip(",
                                                  "t.Skipf(",
                                                  "t.SkipNow(",
                                                  "#[ignore",
                                                  "@Disabled",
                                                  "@Ignore",
                                                  "Assumptions.assume",
                                                  "GTEST_SKIP",
                                                  "DISABLED_"};

constexpr std::array<std::string_view, 5> kExclusive{"it.only(", "test.only(", "describe.only(",
                                                     "fit(", "fdescribe("};

bool is_skip(std::string_view line) {
  const auto starts_a_word = [line](std::string_view mark) {
    const auto at = line.find(mark);
    if (at == std::string_view::npos) return false;
    return at == 0 || !is_word_char(mark.front()) || !is_word_char(line[at - 1]) ||
           mark == "DISABLED_";
  };
  const auto is_no_method = [&](std::string_view mark) {  // model.fit() fits a model
    const auto at = line.find(mark);
    return starts_a_word(mark) && (at == 0 || line[at - 1] != '.');
  };
  return std::ranges::any_of(kSkips, starts_a_word) ||
         std::ranges::any_of(kExclusive, is_no_method);
}

bool is_assertion(std::string_view line) {
  if (line.starts_with("assert ") || line.starts_with("assert(")) return true;
  for (std::string_view word :
       {"assert", "ASSERT_", "EXPECT_", "expect(", "expect!(", "CHECK(", "REQUIRE(", "should",
        "pytest.raises", "t.Error", "t.Errorf", "t.Fatal", "t.Fatalf", "t.Fail", "require.",
        "self.fail", "verify("}) {
    const auto at = line.find(word);
    if (at == std::string_view::npos || (at > 0 && is_word_char(line[at - 1]))) continue;
    if (word == "assert" || word == "should" || word == "require.") {
      // "import assert from", "const assert = require": no assertions
      if (line.starts_with("import ") || line.starts_with("from ") || line.starts_with("use ") ||
          has(line, "require("))
        continue;
      if (!has(line.substr(at), "(") && !has(line.substr(at), " ")) continue;
    }
    return true;
  }
  return false;
}

std::string without_spaces(std::string_view line) {
  std::string out;
  for (const char c : line) {
    if (!std::isspace(static_cast<unsigned char>(c))) out += c;
  }
  return out;
}

bool is_trivial(std::string_view line) {
  std::string text = without_spaces(line);
  while (text.ends_with(';')) text.pop_back();
  for (std::string_view sure : {"assertTrue",
                                "assertNotFalse",
                                "assertTrue==True",
                                "assert1",
                                "assert(True)",
                                "assert(true)",
                                "self.assertTrue(True)",
                                "assertTrue(true)",
                                "Assertions.assertTrue(true)",
                                "expect(true).toBe(true)",
                                "expect(true).toBeTruthy()",
                                "expect(1).toBe(1)",
                                "expect(true).toEqual(true)",
                                "EXPECT_TRUE(true)",
                                "ASSERT_TRUE(true)",
                                "EXPECT_EQ(1,1)",
                                "assert!(true)",
                                "assert_eq!(1,1)",
                                "assert.ok(true)",
                                "assert(1)",
                                "REQUIRE(true)",
                                "CHECK(true)",
                                "assert.equal(1,1)",
                                "self.assertEqual(1,1)",
                                "assert.True(t,true)"}) {
    if (text == sure) return true;
  }
  if (text.starts_with("assertTrue,") || text.ends_with("orTrue") || text.ends_with("||true)"))
    return is_assertion(line);
  return false;
}

std::optional<double> number_after(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string rest(text.substr(at + key.size(), 40));
  char* end = nullptr;
  const double value = std::strtod(rest.c_str(), &end);
  if (end == rest.c_str()) return std::nullopt;
  return value;
}

// The last argument of a call, where it is a number.
std::optional<double> last_argument(std::string_view text) {
  const auto comma = text.rfind(',');
  if (comma == std::string_view::npos) return std::nullopt;
  return number_after(text.substr(comma), ",");
}

}  // namespace

TestText look_at_tests(std::string_view content, bool calls) {
  TestText out;
  int number = 0;
  bool marked = false;
  for (const auto& whole : lines(content)) {
    ++number;
    const std::string_view line = trim(whole.substr(0, kLongestLine));
    if (line.empty() || line.starts_with("//") ||
        (line.starts_with('#') && !line.starts_with("#[")))
      continue;
    if (std::string name = declared_by(line, marked, calls); !name.empty()) {
      out.declared.push_back({number, std::move(name)});
      marked = false;
    } else if (std::ranges::any_of(kMarksAbove,
                                   [line](auto mark) { return line.starts_with(mark); })) {
      marked = true;
      if (const auto close = line.find(']');
          line.starts_with("#[") && close != std::string_view::npos) {
        if (std::string same = declared_by(line.substr(close + 1), true, calls); !same.empty()) {
          out.declared.push_back({number, std::move(same)});
          marked = false;
        }
      }
    }
    if (is_skip(line)) out.skips.push_back({number, std::string(line)});
    if (is_trivial(line)) out.trivial.push_back({number, std::string(line)});
    if (is_assertion(line)) out.assertions.push_back({number, std::string(line)});
  }
  return out;
}

namespace {

bool has_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](auto part) { return has(text, part); });
}

// What was compared with one value need only be there, or be another than some value, now.
bool compares_no_more(std::string_view before, std::string_view after) {
  const bool exact = has_any(
      before, {"assertEqual", "==", ".toBe(", ".toEqual(", "toStrictEqual(", "assert_eq!", "_EQ(",
               "strictEqual(", "deepEqual(", "require.Equal", "assert.Equal", "isEqualTo("});
  const bool loose =
      has_any(after, {"assertTrue(", "assertIsNotNone(", "isnotNone", "assertNotEqual",
                      "!=", ")in(", ")in[", ")in{", "assertIn(", "toBeTruthy(", "toBeDefined(",
                      "EXPECT_TRUE(", "ASSERT_TRUE(", "_NE(", "NotNil(", "assertNotNull(",
                      "isNotNull(", "assert.ok(", "assert!("});
  // "assert f(x) == y" became "assert f(x)".
  const bool dropped =
      has(before, "==") && before.size() > after.size() && before.starts_with(after);
  return dropped || (exact && loose && !has(after, "=="));
}

}  // namespace

bool is_looser(std::string_view before, std::string_view after) {
  const std::string b = without_spaces(before);
  const std::string a = without_spaces(after);
  if (compares_no_more(b, a)) return true;
  for (std::string_view key : {"abs=", "rel=", "atol=", "rtol=", "delta=", "epsilon=", "tolerance=",
                               "abs_tol=", "rel_tol="}) {
    const auto was = number_after(b, key);
    const auto is = number_after(a, key);
    if (was && is && *is > *was) return true;
    if (!was && is && b.substr(0, b.find(key)).empty()) return true;
  }
  for (std::string_view key : {"places=", "decimal=", "significant="}) {
    const auto was = number_after(b, key);
    const auto is = number_after(a, key);
    if (was && is && *is < *was) return true;
  }
  if (has(b, "toBeCloseTo(") && has(a, "toBeCloseTo(")) {
    const auto was = last_argument(b);
    const auto is = last_argument(a);
    return was && is && *is < *was;
  }
  for (std::string_view macro : {"_NEAR(", "InDelta(", "assertEquals(", "closeTo("}) {
    if (!has(b, macro) || !has(a, macro)) continue;
    // All but the last number is the same: the expected value did not change, its margin did.
    const auto was = last_argument(b);
    const auto is = last_argument(a);
    if (was && is && *is > *was && b.substr(0, b.rfind(',')) == a.substr(0, a.rfind(','))) {
      return macro != "assertEquals(" || std::ranges::count(b, ',') >= 2;
    }
  }
  return false;
}

}  // namespace nightjar::verify
