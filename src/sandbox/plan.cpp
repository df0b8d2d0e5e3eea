#include "sandbox/plan.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace nightjar::sandbox {

namespace {

constexpr std::array<std::string_view, 6> kRootNames{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
constexpr std::array<std::string_view, 16> kEtc{"alternatives", "ssl", "ca-certificates", "ca-certificates.conf", "ld.so.cache",
                                                "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "protocols",
                                                "services", "debian_version", "os-release", "fonts", "magic", "maven"};
// What package tools read of the system's own settings; only where setup may use the network.
constexpr std::array<std::string_view, 4> kNetworkEtc{"resolv.conf", "pip.conf", "npmrc", "gai.conf"};

bool may_be_seen(std::string_view name, bool network) {
  if (std::ranges::find(kEtc, name) != kEtc.end()) return true;
  if (network && std::ranges::find(kNetworkEtc, name) != kNetworkEtc.end()) return true;
  for (const std::string_view prefix : {"java", "python", "perl", "ImageMagick"}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

Host look_at_host(uid_t run_uid, bool network) {
  Host host;
  host.uid = ::geteuid();
  host.run_uid = run_uid;
  std::error_code ignored;
  for (const auto name : kRootNames) {
    const fs::path path(name);
    if (fs::is_symlink(path, ignored)) {
      host.root_links.emplace_back(name);
    } else if (fs::is_directory(path, ignored)) {
      host.root_folders.emplace_back(name);
    }
  }
  for (const auto& entry : fs::directory_iterator("/etc", ignored)) {
    const std::string name = entry.path().filename().string();
    if (may_be_seen(name, network) && ::access(entry.path().c_str(), R_OK) == 0) host.etc.push_back(name);
  }
  std::ranges::sort(host.etc);
  return host;
}

Plan make_plan(const Policy& policy, const Host& host) {
  Plan plan;
  plan.drop_from_root = host.uid == 0;
  plan.run_uid = plan.drop_from_root ? host.run_uid : host.uid;
  plan.network = policy.network;
  plan.most_files = policy.most_files;
  plan.most_processes = policy.most_processes;
  plan.disk_bytes = policy.disk_bytes;
  plan.work = policy.tree.target.string();
  plan.profile = policy.profile == Profile::Strict ? "strict" : policy.profile == Profile::Debug ? "debug" : "default";
  plan.force_tree = policy.force_tree;

  plan.binds.push_back({"/usr", "/usr"});
  for (const auto& name : host.root_links) plan.links.emplace_back("usr" + name, name);
  for (const auto& name : host.root_folders) plan.binds.push_back({name, name});
  for (const auto& name : host.etc) plan.binds.push_back({"/etc/" + name, "/etc/" + name});
  for (const char* device : {"null", "zero", "full", "random", "urandom", "tty"}) {
    plan.binds.push_back({std::string("/dev/") + device, std::string("/dev/") + device, false, true});
  }
  for (const auto& tool : policy.tools) plan.binds.push_back({tool.source.string(), tool.target.string()});
  for (const auto& program : policy.programs) {
    plan.binds.push_back({program.string(), "/.nightjar/bin/" + program.filename().string()});
  }
  size_t number = 0;
  const auto add_layers = [&](const Layers& layers) {
    Overlay overlay;
    overlay.target = layers.target.string();
    for (const auto& lower : layers.lowers) {
      overlay.lowers.push_back("/.layers/" + std::to_string(number++));
      plan.binds.push_back({lower.string(), overlay.lowers.back(), true, false});
    }
    if (!layers.upper.empty()) {
      overlay.upper = "/.layers/" + std::to_string(number++);
      plan.binds.push_back({layers.upper.string(), overlay.upper, false, true});
    }
    plan.overlays.push_back(std::move(overlay));
  };
  add_layers(policy.tree);
  for (const auto& layers : policy.overlays) add_layers(layers);

  plan.files = {{"/etc/passwd",
                 "root:x:0:0:root:/root:/usr/sbin/nologin\nnightjar:x:1000:1000:Nightjar:/home/nightjar:/bin/sh\n"
                 "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
                {"/etc/group", "root:x:0:\nnightjar:x:1000:\nnogroup:x:65534:\n"},
                {"/etc/hosts", "127.0.0.1 localhost nightjar\n::1 localhost\n"},
                {"/etc/hostname", "nightjar\n"},
                {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"}};
  plan.env = {{"PATH", policy.path},          {"HOME", "/home/nightjar"}, {"USER", "nightjar"}, {"LOGNAME", "nightjar"},
              {"SHELL", "/bin/sh"},           {"TMPDIR", "/tmp"},         {"LANG", "C.UTF-8"},  {"TZ", "UTC"}};
  for (const auto& [name, value] : policy.env) plan.env.emplace_back(name, value);
  return plan;
}

namespace {

json::array pairs(const std::vector<std::pair<std::string, std::string>>& list) {
  json::array out;
  for (const auto& [first, second] : list) out.push_back(json::array{first, second});
  return out;
}

std::vector<std::pair<std::string, std::string>> pairs_from(const json::array& array) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& item : array) {
    out.emplace_back(item.as_array().at(0).as_string(), item.as_array().at(1).as_string());
  }
  return out;
}

}  // namespace

json::object to_json(const Plan& plan) {
  json::array binds;
  for (const auto& bind : plan.binds) {
    binds.push_back(json::object{{"source", bind.source}, {"target", bind.target}, {"idmap", bind.idmap}, {"writable", bind.writable}});
  }
  json::array overlays;
  for (const auto& overlay : plan.overlays) {
    json::array lowers;
    for (const auto& lower : overlay.lowers) lowers.emplace_back(lower);
    overlays.push_back(json::object{{"lowers", std::move(lowers)}, {"upper", overlay.upper}, {"target", overlay.target}});
  }
  return {{"run_uid", plan.run_uid},
          {"drop_from_root", plan.drop_from_root},
          {"links", pairs(plan.links)},
          {"binds", std::move(binds)},
          {"overlays", std::move(overlays)},
          {"files", pairs(plan.files)},
          {"env", pairs(plan.env)},
          {"work", plan.work},
          {"profile", plan.profile},
          {"force_tree", plan.force_tree},
          {"network", plan.network},
          {"most_processes", plan.most_processes},
          {"most_files", plan.most_files},
          {"disk_bytes", plan.disk_bytes}};
}

Plan plan_from(const json::object& o) {
  Plan plan;
  plan.run_uid = static_cast<uid_t>(get_int(o, "run_uid"));
  plan.drop_from_root = get_bool(o, "drop_from_root");
  plan.links = pairs_from(get_array(o, "links"));
  for (const auto& item : get_array(o, "binds")) {
    const auto& b = item.as_object();
    plan.binds.push_back({get_string(b, "source"), get_string(b, "target"), get_bool(b, "idmap"), get_bool(b, "writable")});
  }
  for (const auto& item : get_array(o, "overlays")) {
    const auto& v = item.as_object();
    plan.overlays.push_back({get_strings(v, "lowers"), get_string(v, "upper"), get_string(v, "target")});
  }
  plan.files = pairs_from(get_array(o, "files"));
  plan.env = pairs_from(get_array(o, "env"));
  plan.work = get_string(o, "work");
  plan.profile = get_string(o, "profile");
  plan.force_tree = get_string(o, "force_tree");
  plan.network = get_bool(o, "network");
  plan.most_processes = static_cast<unsigned>(get_int(o, "most_processes"));
  plan.most_files = static_cast<unsigned>(get_int(o, "most_files"));
  plan.disk_bytes = static_cast<std::uint64_t>(get_int(o, "disk_bytes"));
  return plan;
}

}  // namespace nightjar::sandbox
