// Where libFuzzer is not: feeds every seed, then COUNT mutations of seeds, the same each time. What
// ends badly is left in the file fuzz-failed, to be fed again. Usage: fuzz_NAME COUNT [SEED FILE OR
// FOLDER]...
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

constexpr size_t kLargest = 16 << 10;

std::string under_way;

void feed(const std::string& input) {
  under_way = input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(under_way.data()), under_way.size());
}

void keep_input(int) {
  const int fd = ::open("fuzz-failed", O_CREAT | O_WRONLY | O_TRUNC, 0644);
  [[maybe_unused]] const auto written = ::write(fd, under_way.data(), under_way.size());
}

std::vector<std::string> seeds_below(int argc, char** argv) {
  std::vector<fs::path> files;
  for (int i = 2; i < argc; ++i) {
    if (fs::is_regular_file(argv[i])) files.emplace_back(argv[i]);
    if (!fs::is_directory(argv[i])) continue;
    for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<std::string> seeds{""};
  for (const auto& file : files) {
    std::string content = nightjar::read_file(file);
    content.resize(std::min(content.size(), kLargest));
    seeds.push_back(std::move(content));
  }
  return seeds;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

  std::string next() {
    std::string out = any_seed();
    for (size_t i = 1 + below(6); i > 0; --i) mutate(out);
    out.resize(std::min(out.size(), kLargest));
    return out;
  }

 private:
  size_t below(size_t end) { return end == 0 ? 0 : random_() % end; }
  const std::string& any_seed() { return seeds_[below(seeds_.size())]; }
  std::string piece_of(const std::string& text) {
    const size_t from = below(text.size() + 1);
    return text.substr(from, below(200));
  }

  void mutate(std::string& text) {
    static const std::vector<std::string> kNasty = {"\n",
                                                    "\r\n",
                                                    "\"",
                                                    "'",
                                                    "`",
                                                    "(",
                                                    ")",
                                                    "{",
                                                    "}",
                                                    "[",
                                                    "]",
                                                    "<",
                                                    ">",
                                                    "\\",
                                                    std::string("\0x", 2),
                                                    "\xff\xfe",
                                                    "\xc3",
                                                    "-1",
                                                    "99999999999999999999",
                                                    "%",
                                                    "&",
                                                    ":",
                                                    "\x1b[31m",
                                                    "$A",
                                                    "$$$A",
                                                    "Parser"};
    const size_t at = below(text.size() + 1);
    switch (below(7)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 1:
        text.erase(at, below(100));
        break;
      case 2:
        text.insert(at, piece_of(text));
        break;
      case 3:
        text.insert(at, piece_of(any_seed()));
        break;
      case 4:
        text.insert(at, kNasty[below(kNasty.size())]);
        break;
      case 5:
        text.resize(at);
        break;
      default:  // again and again: what is quadratic or recursive shows itself
        const std::string part = text.substr(at, 1 + below(8));
        for (size_t i = below(300); i > 0; --i) text.insert(at, part);
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937 random_{20};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: fuzz_NAME COUNT [SEED FILE OR FOLDER]...\n", stderr);
    return 2;
  }
  struct sigaction action{};
  action.sa_handler = keep_input;
  action.sa_flags = SA_RESETHAND;  // then as without us
  for (const int sig : {SIGSEGV, SIGABRT, SIGALRM, SIGFPE, SIGBUS})
    ::sigaction(sig, &action, nullptr);
  const auto seeds = seeds_below(argc, argv);
  const auto one = [](const std::string& input) {
    ::alarm(20);  // an endless loop is a fault too
    feed(input);
  };
  for (const auto& seed : seeds) one(seed);
  Mutator mutator(seeds);
  const long count = std::strtol(argv[1], nullptr, 10);
  for (long i = 0; i < count; ++i) one(mutator.next());
  std::printf("%zu seeds and %ld mutations\n", seeds.size(), count);
}
