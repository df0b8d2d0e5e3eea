#include "core/proof.h"

namespace nightjar::core {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::None:
      return "none";
    case Verdict::Proved:
      return "proved";
    case Verdict::Refuted:
      return "refuted";
  }
  return "none";
}

json::object to_json(const Finding& finding) {
  return {{"rule", finding.rule},
          {"path", valid_utf8(finding.path)},
          {"line", finding.line},
          {"text", valid_utf8(finding.text)},
          {"blocks", finding.blocks}};
}

Finding finding_from(const json::object& object) {
  return {get_string(object, "rule"), get_string(object, "path"),
          static_cast<int>(get_int(object, "line")), get_string(object, "text"),
          get_bool(object, "blocks")};
}

json::object to_json(const Proof& proof) {
  json::array obligations;
  for (const auto& obligation : proof.obligations) {
    obligations.push_back(json::object{{"name", obligation.name},
                                       {"met", obligation.met},
                                       {"detail", valid_utf8(obligation.detail)}});
  }
  json::array findings;
  for (const auto& finding : proof.findings) findings.push_back(to_json(finding));
  json::object out{{"verdict", to_string(proof.verdict)}};
  out["commit"] = proof.commit.empty() ? json::value(nullptr) : json::value(proof.commit);
  out["obligations"] = std::move(obligations);
  out["findings"] = std::move(findings);
  return out;
}

Proof proof_from(const json::object& object) {
  Proof proof;
  const std::string verdict = get_string(object, "verdict");
  proof.verdict = verdict == "proved"    ? Verdict::Proved
                  : verdict == "refuted" ? Verdict::Refuted
                                         : Verdict::None;
  proof.commit = get_string(object, "commit");
  for (const auto& item : get_array(object, "obligations")) {
    if (!item.is_object()) continue;
    const auto& o = item.get_object();
    proof.obligations.push_back(
        {get_string(o, "name"), get_bool(o, "met"), get_string(o, "detail")});
  }
  for (const auto& item : get_array(object, "findings")) {
    if (item.is_object()) proof.findings.push_back(finding_from(item.get_object()));
  }
  return proof;
}

}  // namespace nightjar::core
