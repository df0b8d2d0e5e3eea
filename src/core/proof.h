// What the verifier established about one commit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace nightjar::core {

enum class Verdict {
  None,     ///< nothing could be proved; never shown as green
  Proved,   ///< every obligation of the kind is met on this exact commit
  Refuted,  ///< at least one obligation is not met
};

struct Obligation {
  std::string name;  ///< "no_newly_failing_test", "no_old_name_left", ...
  bool met = false;
  std::string detail;
  bool operator==(const Obligation&) const = default;
};

/// Something a reviewer should look at: a string left alone, a skipped test, an edited CI file.
struct Finding {
  std::string rule;
  std::string path;  ///< empty where it is about no file
  int line = 0;      ///< 1-based; 0 where it is about no line
  std::string text;
  bool blocks = false;  ///< refutes the proof
  bool operator==(const Finding&) const = default;
};

struct Proof {
  Verdict verdict = Verdict::None;
  std::string commit;  ///< the full id that was verified
  std::vector<Obligation> obligations;
  std::vector<Finding> findings;
  bool operator==(const Proof&) const = default;
};

std::string_view to_string(Verdict verdict);
json::object to_json(const Finding& finding);
Finding finding_from(const json::object& object);
json::object to_json(const Proof& proof);
Proof proof_from(const json::object& object);

}  // namespace nightjar::core
