#include "agent/mechanic/order.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "agent/mechanic/brief_names.h"
#include "agent/mechanic/brief_words.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

constexpr size_t kMostBrief = 20'000;

constexpr std::string_view kWhatItCan =
    "it can rename (\"Rename class Parser to Reader everywhere\"), replace calls "
    "(\"replace `old($A, $B)` with `new($B, $A)`\") and run a command (\"run `make format`\")";

class Parser {
 public:
  Parser(std::string_view brief, const std::optional<Order>& before)
      : brief_(trimmed(brief)), words_(words_of(brief_)), before_(before) {}

  std::expected<Order, std::string> parse() {
    skip_politeness();
    if (done()) return refuse();
    if (before_ && before_->action == Order::Action::Rename) {
      if (auto changed = change_of_name()) return *changed;
    }
    if (take("rename") || (at(0) == "change" && take_all({"change", "the", "name", "of"})))
      return rename();
    if (const size_t verb = replace_verb(); verb > 0) {
      position_ += verb;
      return replace();
    }
    if (take("run") || take("execute")) return run();
    return refuse();
  }

 private:
  std::string at(size_t ahead) const {
    const size_t i = position_ + ahead;
    return i < words_.size() && !words_[i].quoted ? lower(words_[i].text) : "";
  }
  bool done() const { return position_ >= words_.size(); }
  bool take(std::string_view word) {
    if (at(0) != word) return false;
    ++position_;
    return true;
  }
  bool take_all(std::initializer_list<std::string_view> sequence) {
    size_t i = 0;
    for (const auto word : sequence) {
      if (at(i++) != word) return false;
    }
    position_ += sequence.size();
    return true;
  }

  std::unexpected<std::string> refuse(std::string what = {}) const {
    if (what.empty()) what = "the mechanic did not understand the brief";
    return std::unexpected(what + "; " + std::string(kWhatItCan));
  }

  void skip_politeness() {
    while (take("please") || take("kindly") || take("just") || take("now") ||
           take_all({"can", "you"}) || take_all({"could", "you"}) || take_all({"let", "us"}) ||
           take("let's") || take("#") || take("also") || take("and") || take("but") || take("no") ||
           take("better")) {
    }
  }

  void take_noun(Order& order) {
    const size_t begin = position_;
    const auto noun = take_noun();
    if (!noun) return;
    order.noun = *noun;
    if (*noun == Noun::Any) return;
    order.noun_said = lower(words_[begin].text);
    if (position_ > begin + 1) order.noun_said += " " + lower(words_[begin + 1].text);
    if (order.noun_said == std::string(to_string(*noun)) + "s") order.noun_said.pop_back();
  }

  std::optional<Noun> take_noun() {
    if (take_all({"type", "alias"})) return Noun::Type;
    if (take_all({"member", "function"})) return Noun::Method;
    if (take_all({"data", "class"}) || take_all({"abstract", "class"})) return Noun::Type;
    const auto noun = noun_from(at(0));
    if (noun) ++position_;
    return noun;
  }

  bool take_to() {
    return take("to") || take("into") || take("as") || take("->") || take("=>") || take("→");
  }

  // What may follow: where, and whether strings are meant too. False where a word is left over.
  bool tail(Order& order) {
    while (!done()) {
      if (take("everywhere") || take("throughout") || take("globally") ||
          take_all({"all", "over"})) {
        order.everywhere = true;
        if (at(0) == "the" && (at(1) == "project" || at(1) == "repository" || at(1) == "repo" ||
                               at(1) == "codebase" || at(1) == "code")) {
          position_ += 2;
        }
      } else if (take_all({"across", "the"}) || take_all({"in", "the", "whole"}) ||
                 take_all({"in", "the"})) {
        if (!(take("project") || take("repository") || take("repo") || take("codebase") ||
              take_all({"code", "base"}) || take("code") || take("tree"))) {
          return false;
        }
        order.everywhere = true;
      } else if (take_all({"in", "all", "files"}) || take_all({"in", "every", "file"})) {
        order.everywhere = true;
      } else if (take("instead") || take("please") || take("rather") || take("now") ||
                 take("thanks")) {
      } else if (strings_too()) {
        order.strings_too = true;
      } else if (at(0) == "in" && position_ + 1 < words_.size() &&
                 looks_like_path(words_[position_ + 1].text)) {
        order.in_path = words_[position_ + 1].text;
        position_ += 2;
      } else {
        return false;
      }
    }
    return true;
  }

  static bool looks_like_path(std::string_view text) {
    return text.find('/') != std::string_view::npos || text.find('.') != std::string_view::npos;
  }

  bool strings_too() {
    const size_t start = position_;
    while (take("and") || take("also") || take("including") || take("include") || take("with") ||
           take("rename") || take("change") || take("in") || take("the") || take("all")) {
    }
    const bool strings =
        take("strings") || take_all({"string", "literals"}) || take_all({"string", "constants"});
    if (strings) {
      (void)(take("too") || take_all({"as", "well"}) || take("also"));
      return true;
    }
    position_ = start;
    return false;
  }

  std::expected<Order, std::string> rename() {
    Order order;
    (void)(take("the") || take("all") || take("a"));
    take_noun(order);
    (void)(take("called") || take("named"));
    if (done()) return refuse("rename what? A name is missing");
    const auto old_name = name_from(words_[position_]);
    if (!old_name)
      return refuse("'" + inert(words_[position_].text) + "' is no name that can be renamed");
    ++position_;
    order.owner = old_name->owner;
    order.old_name = old_name->name;
    if (order.noun == Noun::Any) take_noun(order);
    if ((at(0) == "of" || at(0) == "in") && !at(1).empty() && order.owner.empty() &&
        !looks_like_path(words_[position_ + 1].text)) {
      ++position_;
      (void)take("the");
      if (!done() && noun_from(at(0))) ++position_;
      const auto owner = done() ? std::nullopt : name_from(words_[position_]);
      if (!owner) return refuse("whose " + order.old_name + "? A name is missing");
      order.owner = owner->name;
      ++position_;
    } else if (at(0) == "in" && position_ + 1 < words_.size()) {
      order.in_path = words_[position_ + 1].text;
      position_ += 2;
    }
    if (!take_to() || done())
      return refuse("rename " + order.old_name + " to what? The new name is missing");
    (void)(take("the") && take_noun());
    if (auto problem = take_new_name(order)) return std::unexpected(*problem);
    if (!order.owner.empty() && order.noun == Noun::Any) order.noun = Noun::Method;
    return on_top(std::move(order));
  }

  // The new name and what follows it; a reason where that is not right.
  std::optional<std::string> take_new_name(Order& order) {
    if (done()) return "the new name is missing";
    const auto name = name_from(words_[position_]);
    if (!name) return "'" + inert(words_[position_].text) + "' cannot be a name";
    if (!name->owner.empty() && name->owner != order.owner) {
      return "the mechanic renames " + order.old_name + " where it is; it cannot move it to " +
             name->owner;
    }
    ++position_;
    order.new_name = name->name;
    if (is_keyword(order.new_name)) {
      return "'" + order.new_name + "' is a keyword, so it cannot be a name";
    }
    if (!tail(order)) return rest_not_understood().error();
    if (order.new_name == order.old_name && order.interim.empty())
      return "the old and the new name are the same";
    return std::nullopt;
  }

  std::unexpected<std::string> rest_not_understood() const {
    std::string rest;
    for (size_t i = position_; i < words_.size(); ++i)
      rest += (rest.empty() ? "" : " ") + words_[i].text;
    return refuse("the mechanic did not understand this part: '" + shortened(inert(rest), 80) +
                  "'");
  }

  // A whole rename as a request on top of an earlier one: the same name again.
  std::expected<Order, std::string> on_top(Order order) {
    if (!before_ || before_->action != Order::Action::Rename) return order;
    const auto& names = before_->interim;
    const bool same = order.old_name == before_->old_name || order.old_name == before_->new_name ||
                      std::ranges::find(names, order.old_name) != names.end();
    if (!same) {
      return std::unexpected("this change renames " + before_->old_name + "; renaming " +
                             order.old_name +
                             " is a task of its own: merge this one, then assign it");
    }
    return composed(order.new_name, order.strings_too, order.everywhere);
  }

  Order composed(std::string new_name, bool strings_too, bool everywhere) const {
    Order order = *before_;
    order.strings_too = order.strings_too || strings_too;
    order.everywhere = order.everywhere || everywhere;
    if (new_name != order.new_name) {
      std::erase(order.interim, new_name);
      order.interim.push_back(order.new_name);
      order.new_name = std::move(new_name);
    }
    return order;
  }

  // "call it X instead", "name it X", "use X instead", "it should be called X", "X instead",
  // "strings too".
  std::optional<std::expected<Order, std::string>> change_of_name() {
    const size_t start = position_;
    Order order = *before_;
    bool named = false;
    if (strings_too() && done()) return composed(order.new_name, true, false);
    position_ = start;
    if ((take("call") || take("name") || take("rename")) && take_it()) {
      (void)take_to();
      named = true;
    } else if (position_ = start; take("use")) {
      (void)(take_all({"the", "name"}) || take("name"));
      named = true;
    } else if (position_ = start; take_it() && (take("should") || take("must") || take("shall"))) {
      (void)take("rather");
      named = take_all({"be", "called"}) || take_all({"be", "named"}) || take("be");
    } else if (position_ = start; take("make") && take_it()) {
      named = true;
    } else if (position_ = start; words_.size() == start + 2 && at(1) == "instead") {
      named = true;
    }
    if (!named || done()) {
      position_ = start;
      return std::nullopt;
    }
    Order wish;
    wish.old_name = order.old_name;
    wish.owner = order.owner;
    wish.interim = {order.new_name};
    if (auto problem = take_new_name(wish)) return std::unexpected(*problem);
    if (wish.new_name == order.old_name) {
      return std::unexpected(
          "that is the name it had before; close the pull request instead: nightjar close");
    }
    return composed(wish.new_name, wish.strings_too, wish.everywhere);
  }

  bool take_it() {
    if (take("it") || take("this") || take("that")) return true;
    if (at(0) == "the" && noun_from(at(1))) {
      position_ += 2;
      return true;
    }
    return false;
  }

  size_t replace_verb() const {
    for (std::string_view verb :
         {"replace", "migrate", "rewrite", "convert", "change", "update", "port", "turn"}) {
      if (at(0) == verb) return 1;
    }
    return 0;
  }

  std::expected<Order, std::string> replace() {
    const std::string verb = lower(words_[position_ - 1].text);
    while (take("all") || take("every") || take("each") || take("the") || take("any")) {
    }
    if (take("calls") || take("call") || take("uses") || take("usages") || take("usage") ||
        take("use") || take("occurrences") || take("expression") || take("expressions") ||
        take("code")) {
      (void)(take("of") || take("to") || take("from") || take("like"));
    } else {
      (void)take("from");
    }
    if (done()) return refuse();
    auto sides = split_sides(std::string_view(brief_).substr(words_[position_].begin));
    if (!sides) return refuse();
    Order order;
    order.action = Order::Action::Replace;
    order.pattern = sides->first;
    order.replacement = sides->second;
    const bool code =
        sides->quoted || (looks_like_code(order.pattern) && looks_like_code(order.replacement)) ||
        (verb == "replace" && is_identifier(order.pattern) && is_identifier(order.replacement));
    if (!code || order.pattern.empty() || order.replacement.empty()) {
      return refuse("put the code to look for and its replacement in backticks");
    }
    if (order.pattern == order.replacement)
      return refuse("the pattern and its replacement are the same");
    if (auto missing = unbound_metavariable(order.pattern, order.replacement); !missing.empty()) {
      return refuse("the replacement uses " + missing + ", which the pattern does not bind");
    }
    return order;
  }

  std::expected<Order, std::string> run() {
    if (done()) return refuse("run what? A command is missing");
    Order order;
    order.action = Order::Action::Run;
    (void)(take_all({"the", "command"}) || take_all({"the", "formatter"}) ||
           take_all({"the", "codemod"}) || take("command"));
    if (done()) return refuse("run what? A command is missing");
    if (words_[position_].quoted && position_ + 1 == words_.size()) {
      order.command = words_[position_].text;
    } else {
      if (at(0) == "the" || at(0) == "a" || at(0) == "all" || at(0) == "my" || at(0) == "our") {
        return refuse("say the command to run in backticks");
      }
      order.command = trimmed(std::string_view(brief_).substr(words_[position_].begin));
    }
    if (order.command.empty() || order.command.find('\n') != std::string::npos) {
      return refuse("run takes one command of one line");
    }
    return order;
  }

  std::string brief_;
  std::vector<Word> words_;
  std::optional<Order> before_;
  size_t position_ = 0;
};

}  // namespace

std::string noun_of(const Order& order) {
  return order.noun_said.empty() ? std::string(to_string(order.noun)) : order.noun_said;
}

std::string title_of(const Order& order) {
  switch (order.action) {
    case Order::Action::Rename: {
      const std::string noun = noun_of(order);
      const std::string owner = order.owner.empty() ? "" : order.owner + ".";
      return "Rename " + (noun.empty() ? "" : noun + " ") + owner + order.old_name + " to " +
             order.new_name;
    }
    case Order::Action::Replace:
      return shortened("Replace " + order.pattern + " with " + order.replacement, 100);
    case Order::Action::Run:
      return shortened("Run " + order.command, 100);
  }
  return "";
}

std::expected<Order, std::string> parse_order(std::string_view brief,
                                              const std::vector<std::string>& earlier) {
  if (brief.size() > kMostBrief) {
    return std::unexpected("the brief is too long for the mechanic; " + std::string(kWhatItCan));
  }
  std::optional<Order> before;
  for (const auto& old : earlier) {
    if (old.size() > kMostBrief) continue;
    if (auto order = Parser(old, before).parse()) before = std::move(*order);
  }
  return Parser(brief, before).parse();
}

}  // namespace nightjar::agent::mechanic
