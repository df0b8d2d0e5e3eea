// The table of commands: parsing, help, completion and the manual's test all read it.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::cli {

struct OptionSpec {
  std::string_view name;   ///< "--brief"
  std::string_view value;  ///< "FILE"; empty: a flag
  std::string_view help;
  bool repeatable = false;
  /// "kind", "method", "file", "folder", "shell" for completion; empty: nothing to offer.
  std::string_view values = "";
};

struct CommandSpec {
  std::string_view name;
  std::string_view arguments;  ///< "ID [NAME]"
  size_t least = 0, most = 0;  ///< number of arguments
  std::string_view summary;
  std::string_view example;  ///< whole lines, without the leading blanks
  std::string_view details;  ///< a paragraph, or empty
  std::vector<OptionSpec> options;
  std::string_view values = "";  ///< what the first argument is: "id", "command", "shell"
};

/// In the order of the list that a person sees.
const std::vector<CommandSpec>& commands();
const CommandSpec* find_command(std::string_view name);

/// What a person typed, checked against the table.
struct Invocation {
  const CommandSpec* command = nullptr;
  std::vector<std::string> arguments;
  std::map<std::string, std::vector<std::string>, std::less<>> options;

  bool has(std::string_view option) const { return options.contains(option); }
  /// The last value given, or "".
  std::string value(std::string_view option) const;
  std::vector<std::string> values(std::string_view option) const;
};

/// Why the words are no command, as a sentence or two for the person.
struct WrongUse {
  std::string message;
  const CommandSpec* command = nullptr;  ///< where the command itself was understood
};

/// `words` are those after the program's name, without the help forms. Options may stand anywhere
/// before "--"; `--name=value` and `--name value` are the same.
std::expected<Invocation, WrongUse> parse(const std::vector<std::string>& words);

/// An example first, then the list of commands.
std::string overview();
std::string help_of(const CommandSpec& command);

/// The nearest of `known`, where it is near enough to be meant; else "".
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace nightjar::cli
