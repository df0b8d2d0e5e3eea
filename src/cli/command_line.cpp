#include "cli/command_line.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace nightjar::cli {

namespace {

// Insertions, deletions, replacements and swaps of neighbours.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t differ = a[i - 1] != b[j - 1];
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + differ});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

const OptionSpec* find_option(const CommandSpec& command, std::string_view name) {
  const auto found = std::ranges::find(command.options, name, &OptionSpec::name);
  return found == command.options.end() ? nullptr : &*found;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  return near.empty() ? "" : fmt::format("; did you mean {}?", near);
}

WrongUse unknown_option(const CommandSpec& command, std::string_view name) {
  std::vector<std::string> known{"--help"};
  for (const auto& option : command.options) known.emplace_back(option.name);
  return {fmt::format("nightjar {} has no option {}{}", command.name, inert(name),
                      did_you_mean(name, known)),
          &command};
}

// One option word and, where it takes one, its value; `next` moves past what was used.
std::expected<void, WrongUse> take_option(Invocation& into, const std::vector<std::string>& words,
                                          size_t& next) {
  const std::string& word = words[next];
  const auto equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const OptionSpec* option = find_option(*into.command, name);
  if (!option) return std::unexpected(unknown_option(*into.command, name));
  std::string value;
  if (option->value.empty()) {
    if (equals != std::string::npos) {
      return std::unexpected(WrongUse{fmt::format("{} takes no value", name), into.command});
    }
  } else if (equals != std::string::npos) {
    value = word.substr(equals + 1);
  } else if (next + 1 < words.size()) {
    value = words[++next];
  } else {
    return std::unexpected(
        WrongUse{fmt::format("{} needs a value: {} {}", name, name, option->value), into.command});
  }
  auto& values = into.options[name];
  if (!values.empty() && !option->repeatable && !option->value.empty()) {
    return std::unexpected(WrongUse{fmt::format("{} was given twice", name), into.command});
  }
  values.push_back(std::move(value));
  ++next;
  return {};
}

std::string usage_line(const CommandSpec& command) {
  std::string line = fmt::format("nightjar {}", command.name);
  if (!command.options.empty()) line += " [OPTIONS]";
  if (!command.arguments.empty()) line += fmt::format(" {}", command.arguments);
  return line;
}

std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  for (const auto line : lines(text)) out += fmt::format("{}{}\n", indent, line);
  return out;
}

// Words of `text` in lines of at most `width` columns (ASCII), the first starting at the cursor.
std::string wrapped(std::string_view text, size_t width, size_t indent) {
  std::string out;
  size_t column = indent;
  for (const auto& word : split(text, ' ')) {
    if (column > indent && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out + "\n";
}

}  // namespace

const CommandSpec* find_command(std::string_view name) {
  const auto& all = commands();
  const auto found = std::ranges::find(all, name, &CommandSpec::name);
  return found == all.end() ? nullptr : &*found;
}

std::string Invocation::value(std::string_view option) const {
  const auto found = options.find(option);
  return found == options.end() ? "" : found->second.back();
}

std::vector<std::string> Invocation::values(std::string_view option) const {
  const auto found = options.find(option);
  return found == options.end() ? std::vector<std::string>{} : found->second;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  size_t least = 1 + std::max<size_t>(1, std::min<size_t>(3, word.size() / 3));
  for (const auto& candidate : known) {
    const size_t d = distance(word.substr(0, 64), candidate);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  if (!best.empty() || word.size() < 2) return best;
  for (const auto& candidate : known) {
    if (candidate.starts_with(word)) return candidate;
  }
  return best;
}

std::expected<Invocation, WrongUse> parse(const std::vector<std::string>& words) {
  if (words.empty()) return std::unexpected(WrongUse{"no command was given"});
  Invocation out;
  out.command = find_command(words[0]);
  if (!out.command) {
    std::vector<std::string> known;
    for (const auto& command : commands()) known.emplace_back(command.name);
    return std::unexpected(WrongUse{
        fmt::format("'{}' is not a command{}", inert(words[0]), did_you_mean(words[0], known))});
  }
  for (size_t next = 1; next < words.size();) {
    if (words[next] == "--") {
      out.arguments.insert(out.arguments.end(), words.begin() + static_cast<long>(next) + 1,
                           words.end());
      break;
    }
    if (words[next].size() > 1 && words[next][0] == '-') {
      if (auto taken = take_option(out, words, next); !taken) return std::unexpected(taken.error());
    } else {
      out.arguments.push_back(words[next++]);
    }
  }
  const auto& command = *out.command;
  if (out.arguments.size() < command.least) {
    return std::unexpected(
        WrongUse{fmt::format("nightjar {} needs {}", command.name, command.arguments), &command});
  }
  if (out.arguments.size() > command.most) {
    return std::unexpected(WrongUse{fmt::format("nightjar {}: '{}' is one word too many",
                                                command.name, inert(out.arguments[command.most])),
                                    &command});
  }
  return out;
}

std::string overview() {
  std::string out =
      "Hand over a ticket, come back to a pull request that carries its own proof:\n\n"
      "  cd ~/src/thing\n"
      "  nightjar assign \"Rename class Parser to Reader everywhere\"\n"
      "  nightjar watch\n\n"
      "Commands (nightjar help COMMAND explains one, each with an example):\n\n";
  for (const auto& command : commands()) {
    const std::string left = fmt::format("{} {}", command.name, command.arguments);
    out += fmt::format("  {:<26}{}", left, wrapped(command.summary, 80, 28));
  }
  return out + "\nEvery command has --help and --json. The manual: man nightjar\n";
}

std::string help_of(const CommandSpec& command) {
  std::string out = fmt::format("{}\n{}: {}\n\nUsage: {}\n", indented(command.example, "  "),
                                command.name, command.summary, usage_line(command));
  if (!command.details.empty()) out += "\n" + wrapped(command.details, 80, 0);
  if (!command.options.empty()) out += "\nOptions:\n";
  for (const auto& option : command.options) {
    const std::string left = option.value.empty() ? std::string(option.name)
                                                  : fmt::format("{} {}", option.name, option.value);
    std::string help(option.help);
    if (option.repeatable) help += " (may be repeated)";
    out += fmt::format("  {:<22}{}", left, wrapped(help, 80, 24));
  }
  return out;
}

}  // namespace nightjar::cli
