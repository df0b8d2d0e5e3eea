// A sandbox: one set of namespaces with a copy-on-write view of a repository, in which commands of
// strangers run. Made by `Session::start`, gone with the Session (or with the process that holds
// it).
//
// Threads: a Session belongs to one thread. Ownership: the Session owns the helper process, which
// is PID 1 inside; killing it kills everything inside. It holds no key and no host descriptor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/time.h"
#include "core/change.h"

namespace nightjar::sandbox {

/// One copy-on-write tree. `lowers` (top first) are never written and must not change while
/// mounted; whoever owns their files on disk, inside they belong to the run. `upper` is a host
/// folder (made when missing) that receives what is written; empty: what is written is lost with
/// the sandbox.
struct Layers {
  std::vector<std::filesystem::path> lowers;
  std::filesystem::path upper;
  std::filesystem::path target;  ///< where it stands inside
};

/// A host path bound read-only, with everything below it, at `target`.
struct ReadOnly {
  std::filesystem::path source;
  std::filesystem::path target;
};

/// The folder below `Layers::upper` that holds what was written, fit to be a lower of a later
/// sandbox.
std::filesystem::path written_folder(const std::filesystem::path& upper);

enum class Profile { Default, Strict, Debug };

/// How a copy-on-write tree is made. Best tries them in this order.
enum class TreeKind : std::uint8_t { Best, Overlay, OverlayOnTmpfs, Clone };

struct Policy {
  Layers tree;                   ///< the work tree; commands start in its target
  std::vector<Layers> overlays;  ///< further copy-on-write trees: HOME, package caches
  std::vector<ReadOnly> tools;   ///< beyond /usr, /bin, /lib*, /etc basics: see `host_tools()`
  std::string path;              ///< PATH inside
  std::map<std::string, std::string> env;  ///< beyond PATH, HOME, USER, TMPDIR, LANG, TZ
  Profile profile = Profile::Default;
  bool network = false;            ///< the host's network, for setup by consent only
  std::uint64_t memory_bytes = 0;  ///< 0: no limit of ours
  std::uint64_t disk_bytes = 0;    ///< most the upper layers may hold; 0: no limit
  unsigned most_processes = 4096;
  unsigned most_files = 65536;   ///< RLIMIT_NOFILE
  std::filesystem::path helper;  ///< the nightjar-sandbox executable
  /// Further host files bound read-only under /.nightjar/bin (the mechanic's own executable).
  std::vector<std::filesystem::path> programs;
  /// This one or none. Clone, where no overlay can stand on the disk, keeps what is written in all
  /// uppers; the others are for tests.
  TreeKind force_tree = TreeKind::Best;
};

struct Command {
  std::vector<std::string> argv;  ///< a shell line is {"/bin/sh", "-c", line}
  std::filesystem::path cwd;      ///< empty: the work tree
  std::map<std::string, std::string> env;
  std::string input;
  Deadline deadline = kNoDeadline;
  Millis idle{0};  ///< longest silence; 0: none
  size_t keep_head = size_t{1} << 20, keep_tail = size_t{1} << 20;
  std::function<void(std::string_view)> on_output;  ///< every byte as it comes (both streams)
  std::stop_token stop;
};

enum class Ended { ByItself, TimedOut, Silent, OutOfMemory, OutOfDisk, Stopped };

struct CommandResult {
  int exit_status = 0;  ///< 128 + signal
  Ended ended = Ended::ByItself;
  /// A signal that neither we nor the command's own limits sent (somebody ran kill, the kernel's
  /// OOM).
  bool killed_from_outside = false;
  std::string output;  ///< both streams as they came: head, "… N bytes left out …", tail
  std::uint64_t output_bytes = 0;
  Millis duration{0};
};

/// The sandbox itself is gone (helper killed): the caller makes a new one and repeats its stage.
struct SandboxLost {
  std::string reason;
};

/// The helper of a sandbox to come, started before it is known what that will show: meanwhile it
/// makes what all sandboxes have, and the kernel takes ten milliseconds to move a process into a
/// group with a memory limit. Made by the thread that starts the session. A failure is told by
/// Session::start; what is not used is gone with the object.
class Standby {
 public:
  Standby(const std::filesystem::path& helper, std::uint64_t memory_bytes, bool network = false);
  ~Standby();
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Makes what is the same for all sessions, for this process and those that it forks.
void warm_up();

class Session {
 public:
  /// Throws Error(Unavailable) with the reason and the way out where no sandbox can be made;
  /// nothing ever runs outside one. A `standby` has the policy's helper and memory limit, and
  /// serves where the policy has no network.
  static std::unique_ptr<Session> start(const Policy& policy,
                                        std::unique_ptr<Standby> standby = nullptr);
  virtual ~Session() = default;

  /// Blocks until the command ended. Throws SandboxLost, Cancelled (at `stop`; the command is
  /// dead).
  virtual CommandResult run(const Command& command) = 0;
  /// Starts a process that stays until the session ends, whatever commands come and go beside it.
  /// What it starts must stay below it (PR_SET_CHILD_SUBREAPER), or goes with the next command. The
  /// returned socket is both its input and its output; its end of file says that it has gone. Of
  /// `command` only argv, cwd and env count.
  virtual Fd spawn(const Command& command) = 0;
  /// A listening socket on 127.0.0.1:`port` of the sandbox's own network, for this side to accept
  /// from.
  virtual Fd listen(std::uint16_t port) = 0;
  /// Whether what runs inside is beyond the policy's memory or disk; looks at most once a second.
  /// For those who wait for a process that stays: `run` looks by itself.
  virtual std::optional<Ended> look() = 0;
  /// The upper layer of the work tree, one entry at a time, parents before children, contents
  /// limited to `most_bytes` each (larger: content empty, size says so). The visitor sees hostile
  /// data.
  virtual void collect(const std::function<void(core::Change&&)>& visit,
                       std::uint64_t most_bytes) = 0;
  /// Writes these into the work tree (replacing or deleting) as the run's user, before commands
  /// run.
  virtual void apply(const std::vector<core::Change>& changes) = 0;
  /// A file inside (relative: in the work tree), as the run's user sees it; nullopt where there is
  /// none or it is no regular file.
  virtual std::optional<std::string> read_file(const std::filesystem::path& inside,
                                               size_t most) = 0;
  /// Files inside below `folder` whose name matches the shell pattern (fnmatch), at most 1000.
  virtual std::vector<std::string> find_files(const std::filesystem::path& folder,
                                              std::string_view pattern) = 0;
  /// "overlay", "overlay on tmpfs" or "clone": how the work tree was made; says whether upper is
  /// kept.
  virtual std::string_view tree_kind() const = 0;
  virtual void stop() = 0;
};

/// What the host offers to runs through PATH: tools in home directories (pyenv, nvm, rustup, go)
/// with what they need, and the PATH to use inside. Never a home directory itself, never a secret.
struct HostTools {
  std::vector<ReadOnly> mounts;
  std::string path;
  std::map<std::string, std::string> env;  ///< RUSTUP_HOME, PYENV_ROOT and the like
};
HostTools host_tools(std::string_view path);

/// One line for people: can sandboxes be made here, how, and what to do where not. For `doctor`.
struct Report {
  bool works = false;
  std::string isolation;  ///< "user namespaces, started by root as uid 1900000000"
  std::string limits;     ///< "cgroup v1", "rlimits and a watcher"
  std::string tree;       ///< "overlay", ...
  std::string reason;     ///< where it does not work: why and the way out
};
Report probe(const std::filesystem::path& helper);

}  // namespace nightjar::sandbox
