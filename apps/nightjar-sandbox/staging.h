// What the sandbox will see of the host: taken in a mount namespace of its own, layers of trees
// attached below its staging folder, because an overlay is made of attached mounts alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "sandbox/plan.h"

namespace nightjar::helper {

std::string new_root(const sandbox::Plan& plan);
std::string scratch_root(const sandbox::Plan& plan);
std::string source_path(const sandbox::Plan& plan, size_t index);

/// User namespaces that say: what belongs to this owner on disk belongs to the run in this mount.
class OwnerMaps {
 public:
  OwnerMaps(std::uint32_t run_uid, std::uint32_t run_gid) : run_uid_(run_uid), run_gid_(run_gid) {}
  /// The one for its owner, made now.
  void prepare(const sandbox::Owner& owner);
  /// False where the file system cannot do that.
  bool apply(int tree, const sandbox::Source& source);

 private:
  int space_of(const sandbox::Owner& owner);
  std::uint32_t run_uid_, run_gid_;
  std::map<sandbox::Owner, Fd> known_;
};

/// A mount of each, as restricted as it will be shown. REQUIRES: a private mount namespace, and the
/// right to mount in it.
std::vector<Fd> open_sources(const std::vector<sandbox::Source>& sources);

/// A mount for each of the plan's sources, still to be attached to the new root; empty for a layer,
/// which stands at source_path. `known` are those that are `opened` already, and begin the plan's.
/// REQUIRES: as open_sources. Where root finds that a file system cannot show its owner's files as
/// the run's, the work tree is copied here and its step says where to.
std::vector<Fd> stage_sources(sandbox::Plan& plan, const std::vector<sandbox::Source>& known,
                              std::vector<Fd> opened, OwnerMaps& maps);

/// A line of a uid or gid map.
std::string map_line(std::uint32_t inside, std::uint32_t outside);
/// Writes an existing file with one call, as the kernel's own want it.
void write_file(const std::string& path, std::string_view text);

}  // namespace nightjar::helper
