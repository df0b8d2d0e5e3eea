// What the helper has to do to make one sandbox, as a value: a policy becomes a plan by a pure
// function, and the helper carries it out step by step without a decision of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sandbox/session.h"

namespace nightjar::sandbox {

/// Owner on disk of everything that runs write where the service runs as root: no process ever has
/// it, so a set-user-id file that a run left behind gives nobody anything.
inline constexpr std::uint32_t kStorageUid = 1900000000;
/// Uids of runs: this and the following ones, one for each sandbox that lives.
inline constexpr std::uint32_t kFirstRunUid = 1900000001;
inline constexpr std::uint32_t kMostRunUids = 9999;

/// A host file or folder that the sandbox will see, or a layer of a tree.
struct Source {
  enum class As : std::uint8_t { Layer, ReadOnly, Device };
  std::string path;
  As as = As::Layer;
  bool with_submounts = true;
  /// Attached so that what `owner_uid`:`owner_gid` owns on disk belongs to the run; root only.
  bool map_owner = false;
  std::uint32_t owner_uid = 0, owner_gid = 0;
  bool operator==(const Source&) const = default;
};

/// One step of building the new root; `target` is a path inside it. Parents are made as needed.
struct Step {
  enum class What : std::uint8_t {
    Folder,   ///< mode
    File,     ///< text: content
    Link,     ///< text: what it points to
    Bind,     ///< sources[0], read-only
    Device,   ///< sources[0]
    Scratch,  ///< a folder of the sandbox's own memory file system; mode
    Tree,     ///< sources: lowers, top first; upper: -1 for one in memory
    Written,  ///< the written folder of `upper`, as it is
    Proc,
    Terminals,  ///< a devpts of its own
  };
  What what{};
  std::string target;
  std::string text;
  unsigned mode = 0755;
  std::vector<std::uint32_t> sources;
  std::int64_t upper = -1;
  bool work_tree = false;
  bool copy = false;  ///< its files cannot be made the run's own where they lie
  bool operator==(const Step&) const = default;
};

struct Owner {
  std::uint32_t uid = 0, gid = 0;
  bool operator==(const Owner&) const = default;
  auto operator<=>(const Owner&) const = default;
};

/// What the helper makes before it has its plan: all that no policy changes.
struct Ground {
  bool from_root = false;
  std::uint32_t run_uid = 0, run_gid = 0;
  std::vector<Owner> owners;    ///< whose files on disk will be shown as the run's; root only
  bool network = false;         ///< the host's
  std::vector<Source> sources;  ///< the first ones of every plan
  bool operator==(const Ground&) const = default;
};

struct Plan {
  bool from_root = false;  ///< started by root: attach the sources, then become run_uid
  std::uint32_t run_uid = 0, run_gid = 0;
  std::string staging;  ///< an existing host folder, covered in the helper's own mount namespace
  std::vector<Source> sources;
  std::vector<Step> steps;
  TreeKind force_tree = TreeKind::Best;
  std::string start_folder;              ///< where commands start
  std::vector<std::string> environment;  ///< NAME=value
  bool die_with_thread = false;          ///< the kernel kills PID 1 with the session's thread
  std::uint64_t scratch_bytes = 0;       ///< 0: half of the memory, the kernel's default
  std::uint64_t scratch_inodes = 1000000;
  std::uint64_t most_processes = 0, most_files = 0;
  std::string filter;  ///< seccomp program
  bool operator==(const Plan&) const = default;
};

/// What `make_plan` needs to know of the host.
struct HostFacts {
  bool root = false;                       ///< this process is the host's root
  bool network = false;                    ///< for a sandbox that has the host's
  std::uint32_t run_uid = 0, run_gid = 0;  ///< of the run; this process's own where it is not root
  std::string staging = "/tmp";
  std::vector<std::string> folders;  ///< of the root: those of bin, sbin, lib, ... that are folders
  std::map<std::string, std::string> links;  ///< and those that are links
  std::vector<std::string> etc;              ///< names in /etc that are offered
  std::map<std::string, Owner> owners;       ///< of every lower
  std::vector<std::string> devices;          ///< of null, zero, ... those that exist
};

/// Names in /etc that a sandbox gets where the host has them (shell patterns), and those only with
/// network.
const std::vector<std::string>& etc_names();
const std::vector<std::string>& etc_names_for_network();

Ground make_ground(const HostFacts& facts);
Plan make_plan(const Policy& policy, const HostFacts& facts);
/// Looks at the host for what `make_ground` needs.
HostFacts look_at_host(bool network);
/// And at the policy's layers for what `make_plan` needs besides.
void look_at_layers(const Policy& policy, HostFacts& facts);

std::string encode(const Ground& ground);
Ground decode_ground(std::string_view bytes);
std::string encode(const Plan& plan);
Plan decode_plan(std::string_view bytes);

}  // namespace nightjar::sandbox
