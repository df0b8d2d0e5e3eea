#include "run/baseline.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"

namespace nightjar::run {

namespace {

fs::path file_of(const Job& job, const std::string& environment,
                 const std::vector<core::CheckSpec>& checks) {
  Digest digest;
  digest.add_field("1");  // counts up when reports are read differently
  digest.add_field(job.base_commit);
  digest.add_field(environment);
  for (const auto& check : checks) {
    digest.add_field(check.name);
    digest.add_field(check.run);
  }
  return job.state / "baselines" / (digest.hex().substr(0, 32) + ".json");
}

}  // namespace

std::optional<std::vector<core::CheckReport>> load_baseline(
    const Job& job, const std::string& environment, const std::vector<core::CheckSpec>& checks) {
  const auto text = try_read_file(file_of(job, environment, checks));
  if (!text) return std::nullopt;
  const auto value = parse_json(*text);
  if (!value || !value->is_array()) return std::nullopt;
  std::vector<core::CheckReport> reports;
  for (const auto& item : value->get_array()) {
    if (item.is_object()) reports.push_back(core::check_report_from(item.get_object()));
  }
  return reports;
}

void save_baseline(const Job& job, const std::string& environment,
                   const std::vector<core::CheckSpec>& checks,
                   const std::vector<core::CheckReport>& reports) {
  json::array array;
  for (const auto& report : reports) {
    if (!report.trouble.empty()) return;  // a limit was hit: next time it may end
    array.push_back(core::to_json(report));
  }
  const fs::path file = file_of(job, environment, checks);
  fs::create_directories(file.parent_path());
  write_durably(file, to_line(array));
}

}  // namespace nightjar::run
