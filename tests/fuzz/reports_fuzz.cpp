// What a repository's test runner prints, and the report files it writes.
#include "fuzz.h"
#include "verify/verify.h"

using namespace nightjar;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const std::string text(text_of(data, size));
  for (const char* command : {"python3 -m pytest -q", "ctest", "npm test", "go test ./...",
                              "cargo test", "mvn test", "prove t"}) {
    for (const bool in_a_file : {false, true}) {
      verify::CheckOutput output;
      if (in_a_file) {
        output.files["/tmp/nightjar-reports/one.xml"] = text;
      } else {
        output.output = text;
      }
      output.exit_status = static_cast<int>(size % 2);
      const auto report = verify::read_report({"tests", command}, output);
      promise(report.passed() || report.counts.failed > 0, "a check that failed has a failed test");
      (void)verify::compare(report, verify::merge(report, report), std::nullopt);
      (void)verify::environment_trouble({report});
    }
  }
  return 0;
}
