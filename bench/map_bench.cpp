// The repository map of a million lines: nothing known, everything known, one file changed.
//   build/bench/bench/map_bench [LINES]
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <functional>

#include "base/digest.h"
#include "base/file.h"
#include "map/map.h"

namespace {

using namespace nightjar;

// A file of about 100 lines that uses what others define; the same text for the same number.
std::string source(int number, int all) {
  const bool python = number % 2 == 0;
  std::string out;
  for (int method = 0; method < 12; ++method) {
    const int other = (number * 7919 + method * 104'729) % all;
    if (python)
      out += fmt::format(
          "def compute_{0}_{1}(reader, writer, limit):\n    \"\"\"What it computes.\"\"\"\n"
          "    total = 0\n    for item in reader.items(limit):\n        if item.is_valid():\n"
          "            total += compute_{2}_{1}(item, writer, limit - 1)\n"
          "            writer.write(total)\n    return total\n\n",
          number, method, other);
    else
      out += fmt::format(
          "/// What it computes.\nint compute_{0}_{1}(Reader& reader, Writer& writer, int limit) "
          "{{\n"
          "  int total = 0;\n  for (const auto& item : reader.items(limit)) {{\n"
          "    if (item.is_valid()) total += compute_{2}_{1}(item, writer, limit - 1);\n"
          "    writer.write(total);\n  }}\n  return total;\n}}\n",
          number, method, other);
  }
  return out;
}

double seconds(const std::function<void()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

int main(int argc, char** argv) {
  const int lines = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const int files = lines / 108;
  const TempDir dir("nightjar-map-bench");
  map::Request request;
  request.root = dir.path();
  request.brief = "compute_17_3 in part1/file17.cpp is slow";
  for (int i = 0; i < files; ++i) {
    const std::string text = source(i, files);
    const std::string path = fmt::format("part{}/file{}.{}", i % 100, i, i % 2 == 0 ? "py" : "cpp");
    fs::create_directories((dir.path() / path).parent_path());
    write_durably(dir.path() / path, text);
    request.files.push_back({sha256(text), path});
  }
  map::Map cold, warm;
  const double read = seconds([&] {
    for (const auto& file : request.files) read_file(dir.path() / file.path);
  });
  const double first = seconds([&] { cold = map::make_map(request); });
  request.known_tags = cold.tags;
  const double again = seconds([&] { warm = map::make_map(request); });
  fmt::print(
      "{} lines in {} files: nothing known {:.2f} s, all known {:.2f} s; tags {:.1f} MB; "
      "to read the files alone {:.2f} s\n",
      lines, files, first, again, static_cast<double>(cold.tags.size()) / 1e6, read);
  return warm.text == cold.text && warm.parsed == 0 && !cold.text.empty() ? 0 : 1;
}
