// A conversation as it can be read and made shorter, made from the lines of its file when that is
// needed: a conversation under way holds only what it sends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "model/message.h"

namespace nightjar::agent::native {

/// One message of a conversation: what was (or will be) sent, and what it means.
struct Entry {
  enum class Kind { User, Reply, Results } kind = Kind::User;
  std::string item;  ///< as it is sent
  std::string text;  ///< of a user's message, or what stands behind results
  model::Reply reply;
  std::vector<model::ToolResult> results;
  int turn = 0;            ///< the number of a reply
  bool task = false;       ///< the first message, wherever it stands
  bool of_vendor = false;  ///< what a vendor keeps in words of its own; its next one replaces it
};

/// How the message begins that tells what the verifier found.
inline constexpr std::string_view kRefuted = "The verifier does not accept the change";

/// The text that stands for what a vendor keeps.
inline constexpr std::string_view kOfVendor = "[what the vendor keeps of the conversation so far]";

/// What must outlive every shortening, whatever a summary says.
struct Standing {
  std::vector<std::string> plan;   ///< "[x] item"
  std::vector<std::string> files;  ///< that were edited, newest last
  std::string check;               ///< what the last check, or the verifier, said
  std::vector<std::string> words;  ///< of the person, oldest first
};

struct Transcript {
  std::vector<Entry> entries;
  Standing standing;

  /// The items of all entries, in order.
  std::vector<std::string> items() const;
  /// Which entry is the task; nullopt in a file that lacks it.
  std::optional<size_t> task() const;
};

/// The files that a patch names, once each.
std::vector<std::string> files_of_patch(std::string_view patch);

/// How a file's lines came to be what the conversation is now. `before_reply`: as it stood when
/// that reply was asked for the last time, 0: now.
Transcript read_transcript(std::string_view lines, int before_reply = 0);

/// A new conversation in place of the old one, as a line of the file: each entry is an old one by
/// its number (perhaps with another item and shorter results) or a new message.
struct Replacement {
  struct Part {
    int from = -1;  ///< entry of the old conversation; -1: a message of the program
    std::string item, text;
    std::vector<model::ToolResult> results;  ///< where they became others
  };
  std::string how;  ///< "results", "summary", "vendor" or "model"
  std::vector<Part> parts;
  model::Usage usage;              ///< of the call that made it
  std::int64_t picture_bytes = 0;  ///< of the parts
  /// Another model goes on: what its requests begin with, and what those before it cost.
  struct Successor {
    std::string name, wire, prefix;
    double spent_usd = 0;
    bool spent_known = true;
  };
  std::optional<Successor> successor;
};
json::object to_json(const Replacement& replacement);

/// Of the pictures in results, as they are sent: their length says nothing of their tokens.
std::int64_t picture_bytes(const std::vector<model::ToolResult>& results);
std::int64_t picture_bytes(const Replacement& replacement, const Transcript& old);

}  // namespace nightjar::agent::native
