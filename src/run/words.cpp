#include "run/words.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace nightjar::run {

namespace {

using Kind = agent::PersonsWord::Kind;

constexpr size_t kLargestFile = size_t{64} << 20;
constexpr std::array<std::pair<Kind, std::string_view>, 3> kKinds{
    {{Kind::Tell, "tell"}, {Kind::Answer, "answer"}, {Kind::Pause, "pause"}}};

}  // namespace

std::string_view to_string(Kind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "tell";
}

long add_word(const fs::path& run_folder, Kind kind, std::string_view text) {
  const auto before = read_words(run_folder, 0);
  const long number = before.empty() ? 1 : before.back().number + 1;
  const json::object line{{"n", number}, {"kind", to_string(kind)}, {"text", valid_utf8(text)}};
  const fs::path file = run_folder / kWordsFile;
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd) throw_errno("cannot open " + file.string());
  // A torn line of an earlier writer must not swallow this one.
  const std::string all = try_read_file(file, kLargestFile).value_or("");
  const bool torn = !all.empty() && !all.ends_with('\n');
  write_all(fd.get(), (torn ? "\n" : "") + to_line(line) + "\n");
  if (::fdatasync(fd.get()) != 0) throw_errno("cannot write " + file.string());
  sync_folder(run_folder);
  return number;
}

std::vector<agent::PersonsWord> read_words(const fs::path& run_folder, long after) {
  // Asked before each request to the model: most runs never hear a word.
  struct stat info{};
  const fs::path file = run_folder / kWordsFile;
  if (::stat(file.c_str(), &info) != 0) return {};
  std::vector<agent::PersonsWord> out;
  const std::string text = try_read_file(file, kLargestFile).value_or("");
  for (const auto line : lines(text)) {
    const auto value = parse_json(line);
    if (!value || !value->is_object()) continue;
    agent::PersonsWord word;
    word.number = static_cast<long>(get_int(value->get_object(), "n"));
    word.text = get_string(value->get_object(), "text");
    for (const auto& [kind, name] : kKinds) {
      if (get_string(value->get_object(), "kind") == name) word.kind = kind;
    }
    if (word.number > after) out.push_back(std::move(word));
  }
  return out;
}

}  // namespace nightjar::run
