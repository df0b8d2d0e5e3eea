#include "sandbox/session.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "sandbox/filter.h"
#include "sandbox/helper_process.h"
#include "sandbox/limits.h"
#include "sandbox/plan.h"
#include "sandbox/protocol.h"
#include "sandbox/running.h"
#include "sandbox/standby.h"
#include "sandbox/uid_slot.h"

namespace nightjar::sandbox {

namespace {

constexpr std::uint64_t kMostNames = 1000;
constexpr size_t kApplyBatch = size_t{1} << 20;

void give(const fs::path& folder, mode_t mode, bool to_storage) {
  std::error_code ignored;
  fs::create_directories(folder.parent_path(), ignored);
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST)
    throw_errno("cannot make " + folder.string());
  if (to_storage && ::chown(folder.c_str(), kStorageUid, kStorageUid) != 0) {
    throw_errno("cannot give away " + folder.string());
  }
}

// Only the run (and root) gets past the upper folder itself, so what a run left behind is nobody's
// to start.
void make_upper(const fs::path& upper, bool root) {
  if (upper.empty()) return;
  give(upper, 0700, root);
  give(upper / "written", 0755, root);
  give(upper / "work", 0700, root);
}

class NamespaceSession final : public Session {
 public:
  NamespaceSession(const Policy& policy, std::unique_ptr<Standby> standby)
      : standby_(
            standby && !policy.network
                ? std::move(standby)
                : std::make_unique<Standby>(policy.helper, policy.memory_bytes, policy.network)) {
    Standby::State& ready = standby_->state();
    if (!ready.helper) ready.wait();  // throws
    HostFacts facts = ready.facts;
    look_at_layers(policy, facts);
    for (const auto* layers : all_layers(policy)) make_upper(layers->upper, facts.root);
    Plan plan = make_plan(policy, facts);
    plan.filter = seccomp_program(policy.profile, policy.network);
    // The signal goes with the thread that started the helper; the main thread ends with the
    // process.
    plan.die_with_thread = ::gettid() == ::getpid();
    ready.wait();
    slot_ = std::move(ready.slot);
    watcher_.emplace(watcher_for(policy, plan, std::move(ready.group)));
    helper_ = &*ready.helper;
    helper_->make_sandbox(plan);
  }

  CommandResult run(const Command& command) override {
    return run_command(*helper_, command, *watcher_);
  }

  Fd spawn(const Command& command) override {
    helper_->send(FrameKind::Spawn, encode(request_of(command)));
    return descriptor_of(FrameKind::Started);
  }

  Fd listen(std::uint16_t port) override {
    Writer request;
    request.number(port);
    helper_->send(FrameKind::Listen, request.bytes());
    return descriptor_of(FrameKind::Listening);
  }

  std::optional<Ended> look() override { return watcher_->look(helper_->pid()); }

  void collect(const std::function<void(core::Change&&)>& visit,
               std::uint64_t most_bytes) override {
    Writer request;
    request.number(most_bytes);
    helper_->send(FrameKind::Collect, request.bytes());
    for (;;) {
      const Frame frame = helper_->receive();
      if (frame.kind == FrameKind::Done) return;
      Reader reader(frame.payload);
      visit(get_change(reader));
    }
  }

  void apply(const std::vector<core::Change>& changes) override {
    Writer batch;
    const auto flush = [&] {
      if (batch.bytes().empty()) return;
      helper_->send(FrameKind::Apply, batch.bytes());
      batch = Writer{};
      helper_->receive();
    };
    for (const auto& change : changes) {
      put(batch, change);
      if (batch.bytes().size() >= kApplyBatch) flush();
    }
    flush();
  }

  std::optional<std::string> read_file(const std::filesystem::path& inside, size_t most) override {
    Writer request;
    request.text(inside.string());
    request.number(most);
    helper_->send(FrameKind::ReadFile, request.bytes());
    const Frame frame = helper_->receive();
    Reader reader(frame.payload);
    if (!reader.flag()) return std::nullopt;
    return reader.text();
  }

  std::vector<std::string> find_files(const std::filesystem::path& folder,
                                      std::string_view pattern) override {
    Writer request;
    request.text(folder.string());
    request.text(pattern);
    request.number(kMostNames);
    helper_->send(FrameKind::FindFiles, request.bytes());
    const Frame frame = helper_->receive();
    Reader reader(frame.payload);
    return reader.texts();
  }

  std::string_view tree_kind() const override {
    switch (helper_->tree_kind()) {
      case TreeKind::OverlayOnTmpfs:
        return "overlay on tmpfs";
      case TreeKind::Clone:
        return "clone";
      default:
        return "overlay";
    }
  }

  void stop() override { helper_->stop(); }

 private:
  Fd descriptor_of(FrameKind kind) {
    Frame frame = helper_->receive();
    if (frame.kind != kind || !frame.descriptor)
      throw Error(ErrorKind::Internal, "the sandbox helper answered out of turn");
    return std::move(frame.descriptor);
  }

  static std::vector<const Layers*> all_layers(const Policy& policy) {
    std::vector<const Layers*> out{&policy.tree};
    for (const auto& overlay : policy.overlays) out.push_back(&overlay);
    return out;
  }

  static Watcher watcher_for(const Policy& policy, Plan& plan, std::optional<MemoryGroup> group) {
    std::vector<fs::path> uppers;
    for (const auto* layers : all_layers(policy)) {
      if (!layers->upper.empty()) uppers.push_back(layers->upper);
    }
    plan.scratch_bytes = policy.disk_bytes;  // an upper layer may have to stand in memory
    if (policy.memory_bytes > 0) {
      // What is written into memory counts as memory, and no killing gives it back: it may take
      // half.
      const std::uint64_t half = policy.memory_bytes / 2;
      if (plan.scratch_bytes == 0 || plan.scratch_bytes > half) plan.scratch_bytes = half;
    }
    return {std::move(uppers), policy.disk_bytes, policy.memory_bytes, std::move(group)};
  }

  // Destroyed from the last to the first: the group when nothing runs any more, and the uid then.
  std::optional<UidSlot> slot_;
  std::optional<Watcher> watcher_;
  std::unique_ptr<Standby> standby_;
  HelperProcess* helper_ = nullptr;  ///< the standby's
};

}  // namespace

std::filesystem::path written_folder(const std::filesystem::path& upper) {
  return upper / "written";
}

std::unique_ptr<Session> Session::start(const Policy& policy, std::unique_ptr<Standby> standby) {
  return std::make_unique<NamespaceSession>(policy, std::move(standby));
}

}  // namespace nightjar::sandbox
