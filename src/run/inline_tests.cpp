#include "run/inline_tests.h"

#include "base/text.h"
#include "tools/toolbox.h"

namespace nightjar::run {

namespace {

constexpr Millis kPatience{10'000};

bool may_hold_tests(std::string_view text) { return text.find("test") != std::string_view::npos; }

}  // namespace

Versions files_with_inline_tests(const Versions& changed, const verify::Parts& parts) {
  Versions out;
  for (const auto& [path, texts] : changed) {
    const auto part = parts.find(path);
    if (path.ends_with(".rs") && part != parts.end() && part->second == verify::Part::Source &&
        !texts.second.empty() && (may_hold_tests(texts.first) || may_hold_tests(texts.second)))
      out.emplace(path, texts);
  }
  return out;
}

std::map<std::string, std::optional<Halves>> parted(sandbox::Session& session,
                                                    const Versions& changed, std::stop_token stop) {
  tools::Toolbox toolbox(session);
  const auto half = [&](const std::string& path, const std::string& program,
                        const std::string& tests) -> std::optional<std::string> {
    auto answer = toolbox.call("tests_of", {{"path", path}, {"program", program}, {"tests", tests}},
                               {}, in(kPatience), stop);
    if (answer.error) return std::nullopt;
    return std::move(answer.output);
  };
  std::map<std::string, std::optional<Halves>> out;
  for (const auto& [path, texts] : changed) {
    auto code = half(path, texts.second, texts.first);
    if (code == texts.second) continue;
    auto tests = half(path, texts.first, texts.second);
    if (code && tests)
      out[path] = Halves{std::move(*code), std::move(*tests)};
    else
      out[path] = std::nullopt;
  }
  return out;
}

}  // namespace nightjar::run
