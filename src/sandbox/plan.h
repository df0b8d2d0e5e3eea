// What the helper is told to build: a pure function of the policy and of what the host is (its user, its
// files), so that whole plans can be compared in tests. Every effect happens after, in the helper.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {

/// One host path that the new root shows. In order: parents come before what stands below them.
struct Bind {
  std::string source;
  std::string target;
  bool idmap = false;     ///< show its owner's files as the run's
  bool writable = false;  ///< an upper folder
  bool operator==(const Bind&) const = default;
};

struct Overlay {
  std::vector<std::string> lowers;  ///< targets of binds, top first
  std::string upper;                ///< target of a bind that holds `data` and `work`; empty: on a tmpfs
  std::string target;
  bool operator==(const Overlay&) const = default;
};

struct Plan {
  uid_t run_uid = 0;          ///< on the host
  bool drop_from_root = false;
  std::vector<std::pair<std::string, std::string>> links;  ///< target of the link, where it stands
  std::vector<Bind> binds;
  std::vector<Overlay> overlays;  ///< the first is the work tree
  std::vector<std::pair<std::string, std::string>> files;  ///< path, content: made read-only
  std::vector<std::pair<std::string, std::string>> env;
  std::string work;           ///< where commands start
  std::string profile = "default";
  std::string force_tree;     ///< "tmpfs" or "clone": for tests of the fallbacks
  bool network = false;
  unsigned most_processes = 4096;
  unsigned most_files = 65536;
  std::uint64_t disk_bytes = 0;
  bool operator==(const Plan&) const = default;
};

/// What of the host a plan depends on.
struct Host {
  uid_t uid = 0;              ///< who starts it
  uid_t run_uid = 0;          ///< the slot's, where started by root
  std::vector<std::string> root_links;    ///< of /bin, /lib, ...: those that are links into /usr
  std::vector<std::string> root_folders;  ///< those that are folders
  std::vector<std::string> etc;           ///< names in /etc that exist and may be seen
};
Host look_at_host(uid_t run_uid, bool network);

Plan make_plan(const Policy& policy, const Host& host);
json::object to_json(const Plan& plan);
Plan plan_from(const json::object& object);

}  // namespace nightjar::sandbox
