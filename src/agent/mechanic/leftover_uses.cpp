#include "agent/mechanic/leftover_uses.h"

#include <algorithm>
#include <set>

#include "agent/mechanic/classifier.h"

namespace nightjar::agent::mechanic {

namespace {

bool is_shadowed(const FileHits& hits, const Hit& hit) {
  return std::ranges::any_of(hits.hits, [&hit](const Hit& local) {
    return local.what == What::Local && hit.begin >= local.scope_begin &&
           hit.begin < local.scope_end;
  });
}

// The places whose name is what is called.
std::set<std::uint32_t> called_places(TSNode root, const std::vector<std::uint32_t>& places,
                                      std::uint32_t length) {
  std::set<std::uint32_t> out;
  walk_to(root, places, length, [&](std::uint32_t place, const Path& path) {
    constexpr size_t kFarthest = 4;  // levels between a name and the call it names
    for (size_t i = path.size(); i > 1 && i + kFarthest > path.size(); --i) {
      const TSNode parent = path[i - 2].node;
      if (!is_call(parent)) continue;
      const TSNode name = last_name(callee_of(parent));
      if (!ts_node_is_null(name) && ts_node_start_byte(name) == place) out.insert(place);
      return;
    }
  });
  return out;
}

// `Version::` of `Version::parse($A)`: what stands before the name in each call that is meant.
// Empty where anything may.
std::string_view qualifier_of(const Pattern& pattern) {
  const TSNode callee = pattern.callee(), name = pattern.callee_name();
  if (ts_node_is_null(callee) || ts_node_is_null(name)) return "";
  const auto begin = ts_node_start_byte(callee), end = ts_node_start_byte(name);
  if (begin >= end) return "";
  const auto text = pattern.source().substr(begin, end - begin);
  return text.find("Nj") == text.npos ? text : "";
}

}  // namespace

FileUses uses_in_file(const Rule& rule, Lang lang, TSNode root, std::string_view text,
                      const std::vector<std::uint32_t>& old_places,
                      const std::vector<std::uint32_t>& new_places, const FileRewrite& change,
                      const std::vector<Binding>& bindings, const OldApi& api) {
  FileUses out;
  const std::string old_name = rule.old_callee.empty() ? rule.pattern.literal() : rule.old_callee;
  const std::string new_name =
      rule.new_callee.empty() ? rule.replacement.literal() : rule.new_callee;
  const auto length = static_cast<std::uint32_t>(old_name.size());
  const FileHits hits = classify(lang, root, text, old_name, old_places);
  const auto called = called_places(root, old_places, length);
  const std::set<std::uint32_t> replaced(change.names.begin(), change.names.end());
  std::set<std::uint32_t> told;
  for (const auto& [place, reason] : change.left) told.insert(place);
  const bool member_pattern = !rule.pattern.callee_name().id
                                  ? false
                                  : ts_node_child_count(rule.pattern.callee()) > 0 ||
                                        !ts_node_is_null(child(rule.pattern.root(), "object"));
  const std::string_view qualifier = qualifier_of(rule.pattern);
  for (const auto& hit : hits.hits) {
    if (replaced.contains(hit.begin)) {
      if (hit.role == Role::Reference) out.bare_replaced = true;
      continue;
    }
    const bool call = called.contains(hit.begin);
    switch (hit.role) {
      case Role::Import:
        out.imports.push_back(hit.begin);
        break;
      case Role::Shorthand:
        if (hit.destructured && !hit.root.empty()) out.imports.push_back(hit.begin);
        break;
      case Role::Reference:
        if (is_shadowed(hits, hit) || told.contains(hit.begin)) {
          out.old_is_used = out.old_is_used || told.contains(hit.begin);
          break;
        }
        out.old_is_used = true;
        if (!member_pattern || lang == Lang::Java)
          out.left.push_back({hit.begin, call ? "other_shape" : "passed_as_value", call});
        break;
      case Role::Member:
      case Role::Scoped: {
        const bool path = hit.receiver == Receiver::Name || hit.receiver == Receiver::Chain;
        const bool module = hit.role == Role::Scoped ||
                            (path && std::ranges::any_of(bindings, [&hit](const Binding& binding) {
                               return binding.local == hit.root && binding.whole_module;
                             }));
        const bool is_it = (member_pattern || module || (api.method && !api.function)) &&
                           text.substr(0, hit.begin).ends_with(qualifier);
        if (!is_it)
          out.left.push_back({hit.begin, "member_left", false});
        else
          out.left.push_back({hit.begin, call ? "other_shape" : "passed_as_value", call});
        break;
      }
      case Role::Unparsed:
        out.left.push_back({hit.begin, "unparsed", false});
        break;
      case Role::Comment:
      case Role::Docstring:
        out.left.push_back({hit.begin, "mentioned", false});
        break;
      case Role::String:
        out.left.push_back({hit.begin, "string_left", false});
        break;
      default:
        break;
    }
  }
  if (!new_name.empty()) {
    for (const auto& hit : classify(lang, root, text, new_name, new_places).hits) {
      const bool binds =
          (hit.role == Role::Declaration && hit.what != What::Local && !hit.in_class) ||
          hit.role == Role::Import || hit.role == Role::Alias ||
          (hit.role == Role::Shorthand && hit.destructured);
      out.new_is_bound = out.new_is_bound || binds;
    }
  }
  return out;
}

}  // namespace nightjar::agent::mechanic
