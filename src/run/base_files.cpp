#include "run/base_files.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace nightjar::run {

namespace {

constexpr size_t kLargestKept = size_t{256} << 10;

// Where the file is damaged, git is asked again.
json::object kept_in(const fs::path& file) {
  auto value = parse_json(try_read_file(file).value_or("{}"));
  return value && value->is_object() ? std::move(value->get_object()) : json::object{};
}

}  // namespace

BaseFiles::BaseFiles(const git::Mirror& mirror, fs::path checkouts, std::string commit)
    : mirror_(mirror), checkouts_(std::move(checkouts)), commit_(std::move(commit)) {
  for (const auto& [path, content] : kept_in(beside(".manifests"))) {
    if (content.is_null()) known_[path] = std::nullopt;
    if (content.is_string()) known_[path] = std::string(std::string_view(content.get_string()));
  }
}

project::Tree BaseFiles::tree() {
  project::Tree out{[this](const std::string& path) { return read(path); }, {}};
  const fs::path file = beside(".paths");
  if (const auto text = try_read_file(file)) {
    out.paths = nightjar::split(*text, '\0');
    out.paths.pop_back();  // each is ended
    return out;
  }
  out.paths = mirror_.paths(commit_);
  std::string text;
  for (const auto& path : out.paths) text += path + '\0';
  fs::create_directories(checkouts_);
  write_durably(file, text);
  return out;
}

std::optional<std::string> BaseFiles::read(const std::string& path) {
  if (const auto found = known_.find(path); found != known_.end()) return found->second;
  has_news_ = true;
  return known_[path] = mirror_.file(commit_, path, kLargest);
}

void BaseFiles::keep() const {
  if (!has_news_) return;
  json::object out;
  for (const auto& [path, content] : known_) {
    const std::string& text = content ? *content : path;
    if (text.size() > kLargestKept || valid_utf8(text) != text || valid_utf8(path) != path)
      continue;
    out[path] = content ? json::value(*content) : json::value();
  }
  fs::create_directories(checkouts_);
  write_durably(beside(".manifests"), to_line(out));
}

fs::path BaseFiles::beside(const char* what) const { return checkouts_ / (commit_ + what); }

}  // namespace nightjar::run
