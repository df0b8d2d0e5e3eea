#include "agent/mechanic/replace.h"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include "agent/mechanic/classifier.h"
#include "agent/mechanic/leftover_uses.h"
#include "agent/mechanic/modules.h"
#include "agent/mechanic/prose.h"
#include "agent/mechanic/report.h"
#include "agent/mechanic/rewrite.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

using Rules = std::array<std::shared_ptr<const Rule>, kLanguages>;

/// Patterns hold trees, which threads must not share while cursors walk them: one set a thread.
struct Tools {
  Syntax syntax;
  Rules rules;
};

void make_rules(Tools& tools, const Order& order) {
  for (const Lang lang : all_languages()) {
    auto rule = make_rule(tools.syntax, lang, order.pattern, order.replacement);
    if (rule)
      tools.rules[static_cast<size_t>(lang)] = std::make_shared<const Rule>(std::move(*rule));
  }
}

struct Rewritten {
  std::string path;
  std::optional<std::string> text;
  size_t replaced = 0;
  std::vector<core::Finding> findings;
};

class Replacing {
 public:
  Replacing(const WorkTree& tree, const std::vector<std::string>& paths, const Order& order,
            unsigned threads)
      : tree_(tree), paths_(paths), order_(order), threads_(threads) {
    for (unsigned i = 0; i < threads; ++i) {
      tools_.push_back(std::make_unique<Tools>());
      make_rules(*tools_.back(), order);
    }
    for (const auto& rule : tools_[0]->rules) {
      if (!rule) continue;
      known_ = true;
      literal_ = rule->pattern.literal();
      old_name_ = rule->old_callee.empty() ? literal_ : rule->old_callee;
      new_name_ = rule->new_callee.empty() ? rule->replacement.literal() : rule->new_callee;
    }
  }

  bool known() const { return known_; }

  WorkResult run() {
    look_for_definitions();
    std::vector<Rewritten> all = rewrite_all();
    std::vector<char> written(all.size(), 0);
    in_parallel(all.size(), threads_, [&](unsigned, size_t i) {
      if (all[i].text) written[i] = tree_.write(all[i].path, *all[i].text) ? 1 : 2;
    });
    WorkResult out;
    size_t places = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      std::ranges::move(all[i].findings, std::back_inserter(out.findings));
      if (written[i] == 1) {
        out.paths.push_back(all[i].path);
        places += all[i].replaced;
      }
      if (written[i] == 2)
        out.findings.push_back(
            {"vanished", all[i].path, 0, "the file vanished while it was edited", true});
    }
    if (out.paths.empty()) return nothing(std::move(out.findings));
    // What blocks is established again on the commit; here it is told.
    for (auto& finding : out.findings) finding.blocks = finding.rule == "vanished";
    out.outcome = Outcome::Changed;
    out.summary = title_of(order_) + " in " + count_of(places, "place") + " in " +
                  count_of(out.paths.size(), "file");
    out.details = replace_details(order_, places, out.paths.size(), out.findings);
    out.claim = {{"action", "replace"},
                 {"pattern", order_.pattern},
                 {"replacement", order_.replacement},
                 {"old_callee", old_name_},
                 {"new_callee", new_name_}};
    out.findings = bounded(std::move(out.findings));
    return out;
  }

  std::vector<core::Finding> leftovers() {
    look_for_definitions();
    std::vector<core::Finding> out;
    for (auto& file : rewrite_all()) {
      std::ranges::move(file.findings, std::back_inserter(out));
      if (file.text && file.replaced > 0)
        out.push_back({"old_use_left", file.path, first_difference(file),
                       "the pattern still matches here", true});
    }
    return bounded(std::move(out));
  }

 private:
  static WorkResult nothing(std::vector<core::Finding> findings) {
    WorkResult out;
    out.reason = "no place matches the pattern";
    if (!findings.empty()) {
      const auto& first = findings.front();
      out.reason +=
          "; the old name is left " + std::string(words_of_rule(first.rule)) + ", first at " +
          inert(first.path) + ":" + std::to_string(first.line) +
          (findings.size() > 1 ? " (" + std::to_string(findings.size()) + " places in all)" : "");
    }
    out.findings = bounded(std::move(findings));
    return out;
  }

  int first_difference(const Rewritten& file) const {
    std::string now;
    if (!tree_.read(file.path, now)) return 0;
    const auto [a, b] = std::ranges::mismatch(now, *file.text);
    return line_number(now, static_cast<std::uint32_t>(a - now.begin()));
  }

  // Whether old and new stand side by side, so that an import of the one is an import of the other.
  void look_for_definitions() {
    if (!is_identifier(old_name_) || !is_identifier(new_name_)) return;
    std::set<std::string> old_files, new_files;
    for (const auto& file : scan(tree_, paths_, old_name_, new_name_, threads_)) {
      const auto declares = [](const FileHits& hits) {
        return std::ranges::any_of(hits.hits, [](const Hit& hit) {
          return hit.role == Role::Declaration && !hit.in_class &&
                 (hit.what == What::Function || hit.what == What::Type || hit.what == What::Macro);
        });
      };
      if (declares(file.old_hits)) old_files.insert(file.path);
      if (declares(file.new_hits)) new_files.insert(file.path);
      for (const auto& hit : file.old_hits.hits)
        uses_.method = uses_.method || (hit.role == Role::Declaration && hit.what == What::Method);
    }
    uses_.function = !old_files.empty();
    side_by_side_ = !old_files.empty() && std::ranges::includes(new_files, old_files);
  }

  std::vector<Rewritten> rewrite_all() {
    std::vector<std::vector<Rewritten>> found(threads_);
    std::vector<std::string> buffers(threads_);
    in_parallel(paths_.size(), threads_, [&](unsigned thread, size_t i) {
      const auto lang = language_of(paths_[i]);
      std::string& text = buffers[thread];
      if (!tree_.read(paths_[i], text)) return;
      if (!lang) {
        mention(paths_[i], text, found[thread]);
        return;
      }
      const auto& rule = tools_[thread]->rules[static_cast<size_t>(*lang)];
      if (!rule) return;
      const auto places =
          literal_.empty() ? std::vector<std::uint32_t>{} : find_words(text, literal_);
      if (places.empty() && !literal_.empty()) return;
      if (auto file = one_file(*tools_[thread], *rule, paths_[i], *lang, text, places))
        found[thread].push_back(std::move(*file));
    });
    std::vector<Rewritten> out;
    for (auto& part : found) std::ranges::move(part, std::back_inserter(out));
    std::ranges::sort(out, {}, &Rewritten::path);
    return out;
  }

  void mention(const std::string& path, std::string_view text, std::vector<Rewritten>& out) const {
    if (old_name_.empty() || kind_of(path) == FileKind::Changelog) return;
    Rewritten file;
    file.path = path;
    for (const std::uint32_t place : find_words(text, old_name_)) {
      if (mention_at(text, place, place + static_cast<std::uint32_t>(old_name_.size())) !=
          Mention::Name)
        continue;
      file.findings.push_back(
          {"mentioned", path, line_number(text, place), line_around(text, place), false});
      if (file.findings.size() > 50) break;
    }
    if (!file.findings.empty()) out.push_back(std::move(file));
  }

  std::optional<Rewritten> one_file(Tools& tools, const Rule& rule, const std::string& path,
                                    Lang lang, std::string_view text,
                                    const std::vector<std::uint32_t>& places) const {
    Rewritten out;
    out.path = path;
    const Tree tree = tools.syntax.parse_file(path, lang, text);
    if (!tree) {
      out.findings.push_back({"unparsed", path, 0, "the file takes too long to parse", true});
      return out;
    }
    const TSNode root = ts_tree_root_node(tree.get());
    const auto bindings = bindings_of(lang, root, text);
    FileRewrite change = rewrite(rule, root, text, places, bindings, lang);
    out.replaced = change.replaced;
    for (const auto& [place, reason] : change.left) {
      out.findings.push_back({reason, path, line_number(text, place), line_around(text, place),
                              reason == "comment_in_call"});
    }
    if (!old_name_.empty()) {
      const FileUses uses = uses_in_file(rule, lang, root, text, find_words(text, old_name_),
                                         find_words(text, new_name_), change, bindings, uses_);
      for (const auto& use : uses.left)
        out.findings.push_back({use.rule, path, line_number(text, use.place),
                                line_around(text, use.place), use.blocks});
      if (!change.edits.empty()) fix_imports(rule, lang, text, uses, path, change, out);
    }
    if (!change.edits.empty()) out.text = with_edits(text, std::move(change.edits));
    if (!out.text && out.findings.empty()) return std::nullopt;
    return out;
  }

  // The import of the old name becomes one of the new, where both come from the same place.
  void fix_imports(const Rule& rule, Lang lang, std::string_view text, const FileUses& uses,
                   const std::string& path, FileRewrite& change, Rewritten& out) const {
    const Family family = family_of(lang);
    const bool by_name =
        family == Family::Python || family == Family::Script || family == Family::Rust;
    if (!rule.plain_callee || !by_name || old_name_ == new_name_) return;
    if (!uses.bare_replaced || uses.new_is_bound) {
      if (uses.bare_replaced && !uses.old_is_used) {
        for (const auto place : uses.imports)
          out.findings.push_back(
              {"import_left", path, line_number(text, place), line_around(text, place), false});
      }
      return;
    }
    if (side_by_side_ && !uses.imports.empty()) {
      for (const auto place : uses.imports) {
        const auto end = place + static_cast<std::uint32_t>(old_name_.size());
        const size_t next = text.find_first_not_of(" \t\r\n", end);
        const bool alone =
            family == Family::Rust && next != std::string_view::npos && text[next] == ';';
        const std::string both = old_name_ + ", " + new_name_;
        change.edits.push_back({place, end,
                                !uses.old_is_used ? new_name_
                                : alone           ? "{" + both + "}"
                                                  : both});
      }
      return;
    }
    const int line = uses.imports.empty() ? 0 : line_number(text, uses.imports.front());
    out.findings.push_back({"import_missing", path, line,
                            new_name_ + " is used here now, and no import brings it", false});
  }

  const WorkTree& tree_;
  const std::vector<std::string>& paths_;
  const Order& order_;
  unsigned threads_;
  std::vector<std::unique_ptr<Tools>> tools_;
  bool known_ = false;
  std::string literal_, old_name_, new_name_;
  bool side_by_side_ = false;
  OldApi uses_;
};

}  // namespace

WorkResult replace_in(const WorkTree& tree, const std::vector<std::string>& paths,
                      const Request& request, unsigned threads) {
  Replacing replacing(tree, paths, request.order, threads);
  if (replacing.known()) return replacing.run();
  WorkResult out;
  out.outcome = Outcome::CannotDo;
  out.reason = "the pattern '" + inert(request.order.pattern) + "' or its replacement '" +
               inert(request.order.replacement) +
               "' is no code in any language that the mechanic reads (Python, JavaScript, "
               "TypeScript, C, C++, Go, Java, Rust)";
  return out;
}

std::vector<core::Finding> uses_left(const WorkTree& tree, const std::vector<std::string>& paths,
                                     const json::object& claim, unsigned threads) {
  Order order;
  order.action = Order::Action::Replace;
  order.pattern = get_string(claim, "pattern");
  order.replacement = get_string(claim, "replacement");
  Replacing replacing(tree, paths, order, threads);
  if (!replacing.known())
    return {{"unknown_pattern", "", 0, "the pattern is no code in any language here", true}};
  return replacing.leftovers();
}

}  // namespace nightjar::agent::mechanic
