#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "sandbox/plan.h"

namespace nightjar::sandbox {

namespace {

bool matches_any(const std::string& name, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

// Root of a user namespace (a rootless container) is an ordinary user to the kernel: no other uids
// are his to give away.
bool is_host_root() {
  if (::geteuid() != 0) return false;
  const std::string map = read_file("/proc/self/uid_map");
  std::uint64_t inside = 0, outside = 0, count = 0;
  if (std::sscanf(map.c_str(), "%lu %lu %lu", &inside, &outside, &count) != 3) return true;
  if (inside == 0 && count > kFirstRunUid + std::uint64_t{kMostRunUids}) return true;
  if (outside != 0) return false;
  throw Error(
      ErrorKind::Unavailable,
      "this is root in a user namespace that has too few uids to give sandboxes one of their own; "
      "start the service as an ordinary user");
}

void look_at_root(HostFacts& facts) {
  for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code ignored;
    const auto status = fs::symlink_status(name, ignored);
    if (fs::is_symlink(status)) {
      facts.links[name] = fs::read_symlink(name, ignored).string();
    } else if (fs::is_directory(status)) {
      facts.folders.push_back(name);
    }
  }
  // Whole systems that live beside /usr.
  for (const char* name : {"/nix/store", "/gnu/store"}) {
    std::error_code ignored;
    if (fs::is_directory(name, ignored)) facts.folders.push_back(name);
  }
}

}  // namespace

HostFacts look_at_host(bool network) {
  HostFacts facts;
  facts.network = network;
  facts.run_uid = ::geteuid();
  facts.run_gid = ::getegid();
  facts.root = is_host_root();
  look_at_root(facts);
  for (const auto& entry : fs::directory_iterator("/etc")) {
    const std::string name = entry.path().filename().string();
    if (!matches_any(name, etc_names()) &&
        !(network && matches_any(name, etc_names_for_network()))) {
      continue;
    }
    std::error_code ignored;
    const auto kind = entry.status(ignored);  // follows links: a dangling one is not offered
    if (fs::is_directory(kind) || fs::is_regular_file(kind)) facts.etc.push_back(name);
  }
  std::ranges::sort(facts.etc);
  for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) {
    if (::access((std::string("/dev/") + name).c_str(), F_OK) == 0) facts.devices.push_back(name);
  }
  for (const char* folder : {"/tmp", "/run", "/var"}) {
    std::error_code ignored;
    facts.staging = folder;
    if (fs::is_directory(folder, ignored)) break;
  }
  return facts;
}

void look_at_layers(const Policy& policy, HostFacts& facts) {
  const auto owner = [&](const fs::path& lower) {
    struct stat info{};
    if (::stat(lower.c_str(), &info) != 0)
      throw_errno("cannot look at the layer " + lower.string());
    if (!S_ISDIR(info.st_mode)) throw Error(ErrorKind::Invalid, lower.string() + " is no folder");
    facts.owners[lower.string()] = {info.st_uid, info.st_gid};
  };
  for (const auto& lower : policy.tree.lowers) owner(lower);
  for (const auto& overlay : policy.overlays) {
    for (const auto& lower : overlay.lowers) owner(lower);
  }
}

}  // namespace nightjar::sandbox
