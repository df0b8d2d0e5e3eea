#include "run/caches.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "run/environment.h"

namespace nightjar::run {

namespace {

const fs::path kHome = "/home/nightjar";
constexpr size_t kMostTops =
    4;  // layers an overlay stacks cheaply; beyond, the cache stays as it is

// Relative to the person's home, and where the tool looks below the run's HOME.
constexpr std::array<std::string_view, 9> kKnown{
    ".cache/pip",     ".npm",           ".cargo/registry", "go/pkg/mod", ".cache/go-build",
    ".m2/repository", ".gradle/caches", ".cache/ccache",   ".ccache"};

fs::path tops_of(const Job& job, std::string_view name) {
  return job.state / "caches" / sha256(job.spec.repo).substr(0, 16) / slug(name, 60);
}

std::vector<fs::path> tops(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".top") found.push_back(entry.path());
  }
  std::ranges::sort(found, std::greater{});  // newest first: the names are numbers of equal width
  return found;
}

}  // namespace

std::vector<sandbox::Layers> cache_layers(const Job& job, const project::Config& config) {
  std::vector<std::string> names(kKnown.begin(), kKnown.end());
  for (const auto& entry : config.caches) {
    if (!entry.starts_with("~/")) continue;
    if (std::ranges::find(names, entry.substr(2)) == names.end()) names.push_back(entry.substr(2));
  }
  std::vector<sandbox::Layers> layers;
  for (const auto& name : names) {
    sandbox::Layers layer;
    for (const auto& top : tops(tops_of(job, name)))
      layer.lowers.push_back(sandbox::written_folder(top));
    std::error_code ignored;
    if (!job.home.empty() && fs::is_directory(job.home / name, ignored))
      layer.lowers.push_back(job.home / name);
    if (layer.lowers.empty()) continue;
    layer.target = kHome / name;
    layers.push_back(std::move(layer));
  }
  return layers;
}

void place_cache_uppers(std::vector<sandbox::Layers>& overlays, const fs::path& folder) {
  for (auto& overlay : overlays) {
    const auto relative = overlay.target.lexically_relative(kHome);
    if (relative.empty() || *relative.begin() == ".." || relative == ".") continue;
    overlay.upper = folder / slug(relative.string(), 60);
  }
}

void add_cache_uppers(std::vector<sandbox::Layers>& overlays, const fs::path& folder) {
  for (auto& overlay : overlays) {
    const auto relative = overlay.target.lexically_relative(kHome).string();
    const fs::path written = sandbox::written_folder(folder / slug(relative, 60));
    std::error_code ignored;
    if (fs::is_directory(written, ignored)) overlay.lowers.insert(overlay.lowers.begin(), written);
  }
}

void keep_cache_tops(const Job& job, const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder / "caches", ignored)) {
    const fs::path written = sandbox::written_folder(entry.path());
    if (!fs::is_directory(written, ignored) || fs::is_empty(written, ignored)) continue;
    const fs::path kept =
        job.state / "caches" / sha256(job.spec.repo).substr(0, 16) / entry.path().filename();
    fs::create_directories(kept);
    const auto lock = FileLock::try_acquire(kept / "lock");
    const auto have = tops(kept);
    if (!lock || have.size() >= kMostTops) continue;
    const size_t number = have.empty() ? 1 : std::stoul(have.front().stem().string()) + 1;
    const std::string digits = std::to_string(number);
    fs::rename(entry.path(),
               kept / (std::string(4 - std::min<size_t>(4, digits.size()), '0') + digits + ".top"),
               ignored);
  }
}

std::map<std::string, std::string> tool_settings() {
  return {{"CARGO_HOME", (kHome / ".cargo").string()},
          {"GOPATH", (kHome / "go").string()},
          {"GOTOOLCHAIN", "local"},
          {"PIP_DISABLE_PIP_VERSION_CHECK", "1"}};
}

std::map<std::string, std::string> offline_settings() {
  return {{"CARGO_NET_OFFLINE", "true"}, {"npm_config_offline", "true"}};
}

}  // namespace nightjar::run
