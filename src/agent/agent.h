// Who does the work. An agent runs commands in the sandbox it is given and says what it claims; the
// verifier believes none of it.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "core/proof.h"
#include "core/task.h"
#include "model/endpoint.h"
#include "sandbox/session.h"

namespace nightjar::agent {

/// What the project's checks say against a change: tests that fail or are gone and were not before.
struct Failures {
  struct Test {
    std::string check, name;
    auto operator<=>(const Test&) const = default;
  };
  std::vector<Test> tests;
  std::string log;  ///< the end of what the failing checks printed; untrusted
  /// Everything that speaks against the change, for an agent that can read; the tests above are
  /// part of it.
  std::string reason;
  /// What became of tests that failed before the change.
  std::vector<Test> still_failing, fixed;
};

/// Where a sandbox may show the files of its commit as they are, read-only: without what setup, an
/// agent or a check wrote, and much quicker to read through than the work tree above them.
inline constexpr std::string_view kBaseFolder = "/.nightjar/base";

/// The same in one file, where the sandbox shows it (see `write_texts`).
inline constexpr std::string_view kBaseTexts = "/.nightjar/base.texts";

/// The blobs of that commit (`git ls-tree -r -z`), and the tags of files that earlier runs learned
/// (map/tag_store.h), where the sandbox shows them to an agent that uses a model.
inline constexpr std::string_view kBaseBlobs = "/.nightjar/base.blobs";
inline constexpr std::string_view kKnownTags = "/.nightjar/base.tags";

/// Makes that file of a checkout, durably and at once as a whole.
void write_texts(const std::filesystem::path& checkout, const std::filesystem::path& file);

/// What a person says to a run under way.
struct PersonsWord {
  enum class Kind { Tell, Answer, Pause } kind = Kind::Tell;
  long number = 0;  ///< counts up within a run
  std::string text;
  bool operator==(const PersonsWord&) const = default;
};

/// A model that a run may use, with its key, which is nowhere else.
struct ModelAccess {
  model::Endpoint endpoint;
  std::string key;
};

/// A person sends a run back to where it stood after some reply of its model.
struct Rewind {
  int turn = 0;
  int number = 0;  ///< tells one rewind from the next
};

struct Spent {
  double cost_usd = 0;
  std::int64_t tokens = 0;
};
struct OthersSpent {
  model::Usage usage;
  double cost_usd = 0;
  bool cost_known = true;
};

/// An event to come, of docs/events.md.
struct Happening {
  std::string_view kind;  ///< a literal
  json::object body;
};

struct Assignment {
  core::TaskSpec spec;
  std::string brief;  ///< of this run
  /// Briefs of this task's earlier runs, oldest first ("call it X instead" needs them).
  std::vector<std::string> earlier;
  bool from_base = true;  ///< false: the tree holds what earlier runs did
  Deadline deadline = kNoDeadline;
  /// Runs the project's checks in the agent's sandbox, on the work tree as it stands.
  std::function<Failures(sandbox::Session&)> check;

  std::string lost;  ///< why the sandbox of its last try went away, in this process
  int round = 1;     ///< of work and proof
  int resumes = 0;   ///< how often a person let the run go on

  // For agents that use a model.
  std::string recipe;            ///< how to go about this kind of ticket, in the person's words
  std::filesystem::path folder;  ///< the run's: what it keeps of itself lies below
  std::optional<ModelAccess> model;
  std::optional<ModelAccess> failover;  ///< goes on where that one cannot
  core::Limits limits;
  std::vector<core::CheckReport> baseline;  ///< of the checks, before any change
  /// Progress in the run's journal, for people who watch; all of it at once.
  std::function<void(std::vector<Happening>)> tell;
  /// What the person said that has a number above this.
  std::function<std::vector<PersonsWord>(long after)> words;
  /// Told what the agent itself has spent, what others of its run (through the gateway) have.
  std::function<OthersSpent(Spent own)> others_spent;
  /// Breaks off what they have under way, and counts it.
  std::function<void()> end_others;
  /// Keeps what was learned of the repository's files for its next run. Not trusted.
  std::function<void(const std::string& tags)> keep_tags;
  std::string work_tree;         ///< where it stands inside
  std::optional<Rewind> rewind;  ///< of the conversation; the tree is there already
  /// Whether the work tree was written to since it was last asked. Cheap, as it does not look at a
  /// large tree each time, unless `thoroughly`.
  std::function<bool(bool thoroughly)> tree_changed;
  /// Keeps the work tree as of this turn; false: its content is as it was kept last. Uses the
  /// session: not beside a call of a tool.
  std::function<bool(int turn)> checkpoint;
  /// Paths in which the work tree differs from how the run began. Uses the session as well.
  std::function<std::vector<std::string>()> changed_paths;
  /// So long it waited for its model, which is no time of the run's.
  std::function<void(Millis)> waited;
};

/// Parked: it needs somebody, and goes on where it stood when `work` is called again.
enum class Outcome { Changed, Nothing, CannotDo, Failed, Parked };

struct WorkResult {
  Outcome outcome = Outcome::Nothing;
  std::string reason;                                       ///< for the person where not Changed
  core::WaitingFor waiting_for = core::WaitingFor::Person;  ///< where Parked
  std::string summary;                                      ///< one line for the commit
  std::string details;  ///< Markdown for the pull request: hit table and so on
  /// Paths the agent says it changed; empty with `all_changes`: whatever is in the upper layer.
  std::vector<std::string> paths;
  bool all_changes = false;
  std::vector<core::Finding> findings;
  int turn = 0;        ///< of the conversation, where there is one
  json::object claim;  ///< what `recheck` looks for again: action, old_name, new_name, pattern, ...
};

class Agent {
 public:
  virtual ~Agent() = default;
  virtual std::string_view name() const = 0;
  /// A stage that begins again finds the work tree as the last try left it.
  virtual bool keeps_its_place() const { return false; }
  /// Works in the sandbox until done, refused or stopped. Throws sandbox::SandboxLost and
  /// Cancelled; a failure of the agent itself is a result. `say` receives progress for people.
  virtual WorkResult work(const Assignment& assignment, sandbox::Session& session,
                          const std::function<void(std::string)>& say, std::stop_token stop) = 0;
  /// The verifier refuted the work: once more, in a sandbox that holds it. nullopt where this agent
  /// has nothing more to try; `earlier` then stands as it was judged.
  virtual std::optional<WorkResult> revise(const Assignment& assignment, const WorkResult& earlier,
                                           const Failures& failures, sandbox::Session& session,
                                           const std::function<void(std::string)>& say,
                                           std::stop_token stop) = 0;
};

/// Looks for what a claim says is gone, in a fresh sandbox on the candidate commit: leftovers, each
/// `blocks` where it is a reference. nullopt where that cannot be looked for. `changed`: the paths
/// in which the candidate differs from what stands at `kBaseFolder`.
std::optional<std::vector<core::Finding>> recheck(const json::object& claim,
                                                  sandbox::Session& fresh,
                                                  const std::vector<std::string>& changed);

/// Whether an agent that needs no model understands the brief, before anything is started.
struct Understanding {
  bool can_do = false;
  std::string reason;                   ///< where it cannot: what was not understood
  core::Kind kind = core::Kind::Chore;  ///< what the brief asks for
  std::string title;                    ///< "Rename Parser to Reader"
  /// A later run's wish replaces the earlier one whole ("call it X instead"): its work starts from
  /// the base again, where no other thing has the name that is given up.
  bool from_base = false;
};

/// The mechanic's grammar, on a brief with the briefs of earlier runs.
Understanding understand(std::string_view brief, const std::vector<std::string>& earlier);
/// Guess of the kind from prose, for briefs that no grammar knows.
core::Kind guess_kind(std::string_view brief);

/// Built-in names: "mechanic", "native". nullptr for others.
std::unique_ptr<Agent> make_agent(std::string_view name);

}  // namespace nightjar::agent
