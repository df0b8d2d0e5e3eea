#include "sandbox/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace nightjar::sandbox {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHome = "/home/nightjar";
constexpr std::string_view kPrograms = "/.nightjar/bin";

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/usr/sbin/nologin\n"
    "nightjar:x:1000:1000:Nightjar:/home/nightjar:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
constexpr std::string_view kGroup = "root:x:0:\ntty:x:5:\nnightjar:x:1000:\nnogroup:x:65534:\n";
constexpr std::string_view kHostNames =
    "127.0.0.1\tlocalhost nightjar\n::1\tlocalhost ip6-localhost ip6-loopback\n";
constexpr std::string_view kNames =
    "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: "
    "files\n"
    "services: files\n";

bool stands_in(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::ranges::mismatch(folder, path);
  return end == folder.end();
}

class Planner {
 public:
  Planner(const Policy& policy, const HostFacts& facts) : policy_(policy), facts_(facts) {}

  Plan make() {
    check();
    plan_.from_root = facts_.root;
    plan_.run_uid = facts_.run_uid;
    plan_.run_gid = facts_.run_gid;
    plan_.staging = facts_.staging;
    plan_.force_tree = policy_.force_tree;
    plan_.start_folder = policy_.tree.target.string();
    plan_.sources = make_ground(facts_).sources;
    plan_.most_processes = policy_.most_processes;
    plan_.most_files = policy_.most_files;
    plan_.environment = environment();
    system_folders();
    settings();
    devices();
    for (const char* folder : {"/tmp", "/var/tmp"}) scratch(folder, 01777);
    scratch("/run", 0755);
    add({.what = Step::What::Link, .target = "/var/run", .text = "/run"});
    add({.what = Step::What::Proc, .target = "/proc"});
    policy_mounts();
    return std::move(plan_);
  }

 private:
  void check() const {
    const auto absolute = [](const fs::path& path, const char* what) {
      if (!path.is_absolute() || path.lexically_normal() == "/") {
        throw Error(ErrorKind::Invalid,
                    std::string(what) + " is no absolute path: " + path.string());
      }
    };
    absolute(policy_.tree.target, "the work tree's place");
    for (const auto& overlay : policy_.overlays) absolute(overlay.target, "an overlay's place");
    for (const auto& tool : policy_.tools) absolute(tool.target, "a tool's place");
    if (policy_.tree.lowers.empty())
      throw Error(ErrorKind::Invalid, "a work tree needs a lower layer");
  }

  Step& add(Step step) { return plan_.steps.emplace_back(std::move(step)); }

  std::uint32_t source(Source source) {
    plan_.sources.push_back(std::move(source));
    return static_cast<std::uint32_t>(plan_.sources.size() - 1);
  }
  void bind(const std::string& from, const std::string& to) {
    const std::uint32_t index = source({.path = from, .as = Source::As::ReadOnly});
    add({.what = Step::What::Bind, .target = to, .sources = {index}});
  }
  /// The next one of the ground.
  void stand(Step::What what) {
    const std::uint32_t index = standing_++;
    add({.what = what, .target = plan_.sources.at(index).path, .sources = {index}});
  }
  void file(const std::string& target, std::string_view content) {
    add({.what = Step::What::File, .target = target, .text = std::string(content), .mode = 0644});
  }
  void scratch(const std::string& target, unsigned mode) {
    add({.what = Step::What::Scratch, .target = target, .mode = mode});
  }

  void system_folders() {
    stand(Step::What::Bind);
    for (const auto& [link, destination] : facts_.links) {
      add({.what = Step::What::Link, .target = link, .text = destination});
    }
    for (size_t i = 0; i < facts_.folders.size(); ++i) stand(Step::What::Bind);
  }

  void settings() {
    for (size_t i = 0; i < facts_.etc.size(); ++i) stand(Step::What::Bind);
    file("/etc/passwd", kPasswd);
    file("/etc/group", kGroup);
    file("/etc/hosts", kHostNames);
    file("/etc/nsswitch.conf", kNames);
    file("/etc/hostname", "nightjar\n");
    add({.what = Step::What::Link, .target = "/etc/mtab", .text = "/proc/self/mounts"});
  }

  void devices() {
    for (size_t i = 0; i < facts_.devices.size(); ++i) stand(Step::What::Device);
    const std::array<std::pair<const char*, const char*>, 5> links{{{"fd", "/proc/self/fd"},
                                                                    {"stdin", "/proc/self/fd/0"},
                                                                    {"stdout", "/proc/self/fd/1"},
                                                                    {"stderr", "/proc/self/fd/2"},
                                                                    {"ptmx", "pts/ptmx"}}};
    for (const auto& [name, to] : links) {
      add({.what = Step::What::Link, .target = std::string("/dev/") + name, .text = to});
    }
    add({.what = Step::What::Terminals, .target = "/dev/pts"});
    scratch("/dev/shm", 01777);
  }

  // What the policy names, parents before children so that no mount covers another by accident.
  void policy_mounts() {
    std::vector<Step> steps;
    const auto tree_or_overlay = [&](const fs::path& path) {
      if (stands_in(path, policy_.tree.target)) return true;
      return std::ranges::any_of(
          policy_.overlays, [&](const Layers& layers) { return stands_in(path, layers.target); });
    };
    for (const auto& tool : policy_.tools) {
      if (tree_or_overlay(tool.target)) continue;  // the tree brings it, or `share` does
      const std::uint32_t index =
          source({.path = tool.source.string(), .as = Source::As::ReadOnly});
      steps.push_back(
          {.what = Step::What::Bind, .target = tool.target.string(), .sources = {index}});
    }
    steps.push_back(tree(policy_.tree));
    steps.back().work_tree = true;
    bool has_home = false;
    for (const auto& overlay : policy_.overlays) {
      steps.push_back(tree(overlay));
      steps.back().copy = false;  // what can be read there is enough; it may be large
      has_home = has_home || overlay.target == kHome;
    }
    if (!has_home) {
      steps.push_back({.what = Step::What::Scratch, .target = std::string(kHome), .mode = 0755});
    }
    const auto depth = [](const Step& step) { return std::ranges::count(step.target, '/'); };
    std::ranges::stable_sort(steps, {}, depth);
    for (auto& step : steps) add(std::move(step));
    for (const auto& program : policy_.programs) {
      bind(program.string(), std::string(kPrograms) + "/" + program.filename().string());
    }
  }

  Step tree(const Layers& layers) {
    Step step{.what = Step::What::Tree, .target = layers.target.lexically_normal().string()};
    if (step.target.ends_with('/')) step.target.pop_back();
    for (const auto& lower : layers.lowers) {
      const Owner owner = owner_of(lower);
      step.sources.push_back(layer(lower.string(), owner));
      // An ordinary user may map no id but his own; the kernel refuses to copy up what has another.
      step.copy = step.copy || (!facts_.root && owner != Owner{facts_.run_uid, facts_.run_gid});
    }
    if (!layers.upper.empty()) {
      step.upper = layer(layers.upper.string(), {kStorageUid, kStorageUid});
    }
    if (layers.lowers.empty()) {
      step.what = step.upper >= 0 ? Step::What::Written : Step::What::Scratch;
    }
    return step;
  }
  std::uint32_t layer(const std::string& path, Owner owner) {
    Source layer{.path = path, .with_submounts = false};
    if (facts_.root) {
      layer.map_owner = true;
      layer.owner_uid = owner.uid;
      layer.owner_gid = owner.gid;
    }
    return source(std::move(layer));
  }
  Owner owner_of(const fs::path& lower) const {
    const auto found = facts_.owners.find(lower.string());
    return found == facts_.owners.end() ? Owner{facts_.run_uid, facts_.run_gid} : found->second;
  }

  std::vector<std::string> environment() const {
    std::map<std::string, std::string> all{
        {"HOME", std::string(kHome)},
        {"USER", "nightjar"},
        {"LOGNAME", "nightjar"},
        {"SHELL", "/bin/sh"},
        {"TMPDIR", "/tmp"},
        {"LANG", "C.UTF-8"},
        {"TZ", "UTC"},
    };
    all["PATH"] = policy_.path.empty()
                      ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                      : policy_.path;
    for (const auto& [name, value] : policy_.env) all[name] = value;
    std::vector<std::string> out;
    out.reserve(all.size());
    for (const auto& [name, value] : all) out.push_back(fmt::format("{}={}", name, value));
    return out;
  }

  const Policy& policy_;
  const HostFacts& facts_;
  Plan plan_;
  std::uint32_t standing_ = 0;  ///< sources of the ground that have a step
};

}  // namespace

const std::vector<std::string>& etc_names() {
  static const std::vector<std::string> names{"alternatives",
                                              "bash.bashrc",
                                              "ca-certificates*",
                                              "debian_version",
                                              "dpkg",
                                              "fonts",
                                              "gdb",
                                              "host.conf",
                                              "inputrc",
                                              "java*",
                                              "ld.so.cache",
                                              "ld.so.conf",
                                              "ld.so.conf.d",
                                              "localtime",
                                              "login.defs",
                                              "lsb-release",
                                              "magic*",
                                              "maven",
                                              "mime.types",
                                              "networks",
                                              "os-release",
                                              "perl",
                                              "php*",
                                              "pkcs11",
                                              "postgresql-common",
                                              "profile",
                                              "protocols",
                                              "python*",
                                              "redhat-release",
                                              "rpc",
                                              "services",
                                              "sgml",
                                              "shells",
                                              "ssl",
                                              "terminfo",
                                              "timezone",
                                              "vulkan",
                                              "xml",
                                              "crypto-policies"};
  return names;
}

const std::vector<std::string>& etc_names_for_network() {
  static const std::vector<std::string> names{"gai.conf", "npmrc",       "pip.conf",
                                              "pki",      "resolv.conf", "wgetrc"};
  return names;
}

// In the order in which the planner gives them their steps.
Ground make_ground(const HostFacts& facts) {
  Ground out{.from_root = facts.root,
             .run_uid = facts.run_uid,
             .run_gid = facts.run_gid,
             .owners = {},
             .network = facts.network,
             .sources = {}};
  // What runs wrote, and what the service itself holds.
  if (facts.root) out.owners = {{kStorageUid, kStorageUid}, {0, 0}};
  const auto add = [&out](std::string path, Source::As as) {
    out.sources.push_back(
        {.path = std::move(path), .as = as, .with_submounts = as == Source::As::ReadOnly});
  };
  add("/usr", Source::As::ReadOnly);
  for (const auto& folder : facts.folders) add(folder, Source::As::ReadOnly);
  for (const auto& name : facts.etc) add("/etc/" + name, Source::As::ReadOnly);
  for (const auto& name : facts.devices) add("/dev/" + name, Source::As::Device);
  return out;
}

Plan make_plan(const Policy& policy, const HostFacts& facts) {
  return Planner(policy, facts).make();
}

}  // namespace nightjar::sandbox
