#include "agent/mechanic/rename.h"

#include <algorithm>
#include <map>

#include "agent/mechanic/clash.h"
#include "agent/mechanic/classifier.h"
#include "agent/mechanic/decide.h"
#include "agent/mechanic/file_names.h"
#include "agent/mechanic/report.h"
#include "base/text.h"

namespace nightjar::agent::mechanic {

namespace {

std::string_view class_of(const Hit& hit) {
  switch (hit.role) {
    case Role::Declaration:
      return "declarations";
    case Role::Reference:
      return "references";
    case Role::Import:
      return "imports and exports";
    case Role::Member:
    case Role::Scoped:
      return "qualified references";
    case Role::Key:
    case Role::Shorthand:
      return "keys and shorthands";
    case Role::Comment:
      return "comments";
    case Role::Docstring:
      return "docstrings";
    case Role::Annotation:
      return "annotations in strings";
    case Role::Exported:
      return "entries of __all__ and names of examples";
    case Role::String:
      return "strings";
    case Role::Text:
      return "documentation";
    default:
      return "other";
  }
}

core::Finding finding_at(const ScannedFile& file, const Hit& hit, std::string rule, bool blocks) {
  return {std::move(rule), file.path, hit.line, line_around(file.text, hit.begin), blocks};
}

bool is_code(const Hit& hit) {
  return !one_of(class_of(hit), {"comments", "docstrings", "strings", "documentation"});
}

class Renaming {
 public:
  Renaming(const WorkTree& tree, const std::vector<std::string>& paths, const Request& request,
           unsigned threads)
      : tree_(tree),
        paths_(paths),
        request_(request),
        order_(request.order),
        threads_(threads),
        modules_(tree, paths) {}

  WorkResult run() {
    scan_for_name();
    if (holding_ == 0) {
      return ended(Outcome::Nothing, "there is no " + noun() + " " + order_.old_name +
                                         " in this repository: no file holds that name");
    }
    Order order = order_;
    order.old_name = name_;
    const auto target = find_target(order, files_);
    if (!target) return ended(Outcome::CannotDo, target.error());
    target_ = *target;
    const Wish wish{name_, order_.new_name, order_.strings_too, {}};
    for (const auto& file : files_) decisions_.push_back(decide(file, target_, modules_, wish));
    if (count_renamed(true) == 0 && count_renamed(false) == 0) return nothing();
    if (!target_.declared && count_renamed(true) == 0 && !order_.strings_too) return nothing();
    if (auto clash = find_clash(files_, decisions_, target_)) {
      return ended(Outcome::Failed, "the name " + order_.new_name + " is already taken: " + *clash);
    }
    renames_ = plan_file_renames(tree_, paths_, files_, target_, name_, order_.new_name);
    if (!renames_.taken.empty()) {
      return ended(Outcome::Failed, "the name " + order_.new_name +
                                        " is already taken: there is a file " +
                                        inert(renames_.taken));
    }
    edit();
    return report();
  }

 private:
  std::string noun() const {
    const std::string noun = noun_of(order_);
    return noun.empty() ? "name" : noun;
  }

  static WorkResult ended(Outcome outcome, std::string reason) {
    WorkResult out;
    out.outcome = outcome;
    out.reason = std::move(reason);
    return out;
  }

  // The tree may be the base, or what an earlier run made of it: the newest name that is there
  // counts.
  void scan_for_name() {
    std::vector<std::string> names(order_.interim.rbegin(), order_.interim.rend());
    names.push_back(order_.old_name);
    for (const auto& name : names) {
      name_ = name;
      files_ = scan(tree_, paths_, name, order_.new_name, threads_);
      holding_ = 0;
      bool in_code = false;
      for (const auto& file : files_) {
        holding_ += file.old_hits.hits.empty() ? 0 : 1;
        for (const auto& hit : file.old_hits.hits)
          in_code = in_code || hit.role == Role::Declaration || hit.role == Role::Reference;
      }
      if (in_code) return;
    }
  }

  size_t count_renamed(bool code) const {
    size_t count = 0;
    for (size_t i = 0; i < files_.size(); ++i) {
      for (size_t n = 0; n < decisions_[i].size(); ++n)
        count += decisions_[i][n].rename && is_code(files_[i].old_hits.hits[n]) == code;
    }
    return count;
  }

  WorkResult nothing() const {
    std::map<std::string, size_t> rules;
    Place first;
    for (size_t i = 0; i < files_.size(); ++i) {
      for (size_t n = 0; n < decisions_[i].size(); ++n) {
        const auto& decision = decisions_[i][n];
        if (decision.rename || decision.rule.empty()) continue;
        if (rules.empty()) first = {files_[i].path, files_[i].old_hits.hits[n].line};
        ++rules[decision.rule];
      }
    }
    std::string reason = "there is no " + noun() + " " + name_ + " in this repository";
    if (!rules.empty()) {
      std::vector<std::string> parts;
      for (const auto& [rule, count] : rules)
        parts.push_back(count_of(count, "place") + " " + std::string(words_of_rule(rule)));
      reason += "; the name stands in " + join(parts, ", ") + ", first at " + inert(first.path) +
                ":" + std::to_string(first.line);
    }
    return ended(Outcome::Nothing, std::move(reason));
  }

  void edit() {
    texts_.resize(files_.size());
    for (size_t i = 0; i < files_.size(); ++i) {
      const ScannedFile& file = files_[i];
      std::vector<Edit> edits = path_edits(file, renames_, name_, order_.new_name);
      std::set<std::uint32_t> in_paths;
      for (const auto& change : edits) in_paths.insert(change.begin);
      table_["file names in includes, imports and builds"] += edits.size();
      for (size_t n = 0; n < decisions_[i].size(); ++n) {
        const Hit& hit = file.old_hits.hits[n];
        if (in_paths.contains(hit.begin)) continue;
        if (decisions_[i][n].rename) {
          edits.push_back(
              {hit.begin, hit.end,
               decisions_[i][n].text.empty() ? order_.new_name : decisions_[i][n].text});
          ++table_[std::string(class_of(hit))];
        } else if (!decisions_[i][n].rule.empty()) {
          findings_.push_back(finding_at(file, hit, decisions_[i][n].rule, false));
        }
      }
      if (file.old_hits.damaged && !edits.empty()) {
        findings_.push_back(
            {"parse_error", file.path, 0,
             "parts of this file could not be parsed; names there were found one by one", false});
      }
      if (!edits.empty()) texts_[i] = with_edits(file.text, std::move(edits));
    }
    std::vector<char> written(files_.size(), 0);
    in_parallel(files_.size(), threads_, [&](unsigned, size_t i) {
      if (texts_[i]) written[i] = tree_.write(files_[i].path, *texts_[i]) ? 1 : 2;
    });
    for (size_t i = 0; i < files_.size(); ++i) {
      if (written[i] == 1) changed_.push_back(files_[i].path);
      if (written[i] == 2)
        findings_.push_back(
            {"vanished", files_[i].path, 0, "the file vanished while it was edited", true});
    }
    for (const auto& [from, to] : renames_.paths) {
      if (!tree_.rename(from, to)) {
        findings_.push_back(
            {"not_renamed", from, 0, "the file could not be renamed to " + to, true});
        continue;
      }
      std::erase(changed_, from);
      changed_.push_back(from);
      changed_.push_back(to);
      for (auto& finding : findings_) {
        if (finding.path == from) finding.path = to;
      }
    }
    std::ranges::sort(changed_);
  }

  WorkResult report() {
    WorkResult out;
    out.outcome = changed_.empty() ? Outcome::Nothing : Outcome::Changed;
    if (changed_.empty()) out.reason = "no file could be written";
    const size_t files = changed_.size() - renames_.paths.size();
    const std::string owner = order_.owner.empty() ? "" : order_.owner + ".";
    const std::string what = target_.declared ? std::string(name_of(target_.what)) + " " : "";
    out.summary = "Rename " + what + owner + order_.old_name + " to " + order_.new_name + " in " +
                  count_of(files, "file");
    if (!target_.declared) {
      findings_.insert(findings_.begin(),
                       {"no_declaration", "", 0,
                        "nothing here declares " + name_ + "; only its uses were renamed", false});
    }
    out.paths = std::move(changed_);
    out.details = rename_details(order_, table_, findings_, renames_.paths);
    json::object claim{{"action", "rename"},
                       {"old_name", order_.old_name},
                       {"new_name", order_.new_name},
                       {"owner", order_.owner},
                       {"interim", to_array(order_.interim)},
                       {"strings_too", order_.strings_too},
                       {"target", to_json(target_)}};
    json::array strings;
    for (const auto& finding : findings_) {
      if (finding.rule == "string_left" && strings.size() < kMostStrings)
        strings.push_back(json::object{{"path", valid_utf8(finding.path)}, {"line", finding.line}});
    }
    claim["strings"] = std::move(strings);
    out.claim = std::move(claim);
    out.findings = bounded(std::move(findings_));
    return out;
  }

  static constexpr size_t kMostStrings = 500;

  const WorkTree& tree_;
  const std::vector<std::string>& paths_;
  const Request& request_;
  const Order& order_;
  unsigned threads_;
  Modules modules_;
  std::string name_;  // what it is called in this tree
  size_t holding_ = 0;
  std::vector<ScannedFile> files_;
  Target target_;
  std::vector<std::vector<Decision>> decisions_;
  FileRenames renames_;
  std::vector<std::optional<std::string>> texts_;
  std::map<std::string, size_t> table_;
  std::vector<core::Finding> findings_;
  std::vector<std::string> changed_;
};

}  // namespace

WorkResult rename_in(const WorkTree& tree, const std::vector<std::string>& paths,
                     const Request& request, unsigned threads) {
  return Renaming(tree, paths, request, threads).run();
}

std::vector<core::Finding> names_left(const WorkTree& tree, const std::vector<std::string>& paths,
                                      const json::object& claim, unsigned threads) {
  std::vector<std::string> names{get_string(claim, "old_name")};
  for (auto& name : get_strings(claim, "interim")) names.push_back(std::move(name));
  const Target target = target_from(get_object(claim, "target"));
  const Modules modules(tree, paths);
  std::vector<core::Finding> out;
  for (const auto& name : names) {
    if (!is_identifier(name)) continue;
    const Wish wish{name, get_string(claim, "new_name"), get_bool(claim, "strings_too"), {}};
    for (const auto& file : scan(tree, paths, name, "", threads)) {
      const auto decisions = decide(file, target, modules, wish);
      for (size_t n = 0; n < decisions.size(); ++n) {
        const Hit& hit = file.old_hits.hits[n];
        // `from elsewhere import Old as New` holds the old name for good.
        const bool kept_on_purpose =
            hit.role == Role::Import && decisions[n].text.ends_with(" as " + wish.new_name);
        const bool kept_key = hit.role == Role::Shorthand && !decisions[n].text.empty();
        if (decisions[n].rename && !kept_on_purpose && !kept_key) {
          out.push_back(finding_at(file, hit, "old_name_left", true));
        } else if (decisions[n].rule == "unparsed") {
          out.push_back(finding_at(file, hit, "unparsed", true));
        } else if (!decisions[n].rule.empty()) {
          out.push_back(finding_at(file, hit, decisions[n].rule, false));
        }
      }
    }
  }
  return bounded(std::move(out));
}

WorkResult rename_strings(const WorkTree& tree, const json::object& claim,
                          const std::vector<Place>& places, unsigned threads) {
  std::set<std::string> paths;
  for (const auto& place : places) paths.insert(place.path);
  const std::vector<std::string> where(paths.begin(), paths.end());
  const Target target = target_from(get_object(claim, "target"));
  const Modules modules(tree, where);
  std::vector<std::string> names{get_string(claim, "old_name")};
  for (auto& name : get_strings(claim, "interim")) names.push_back(std::move(name));
  WorkResult out;
  for (const auto& name : names) {
    if (!is_identifier(name)) continue;
    const Wish wish{name, get_string(claim, "new_name"), false, places};
    for (const auto& file : scan(tree, where, name, "", threads)) {
      const auto decisions = decide(file, target, modules, wish);
      std::vector<Edit> edits;
      for (size_t n = 0; n < decisions.size(); ++n) {
        const Hit& hit = file.old_hits.hits[n];
        if (hit.role == Role::String && decisions[n].rename)
          edits.push_back({hit.begin, hit.end, wish.new_name});
      }
      if (edits.empty() || !tree.write(file.path, with_edits(file.text, std::move(edits))))
        continue;
      out.outcome = Outcome::Changed;
      out.paths.push_back(file.path);
    }
  }
  return out;
}

}  // namespace nightjar::agent::mechanic
