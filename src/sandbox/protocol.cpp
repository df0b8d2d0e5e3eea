#include "sandbox/protocol.h"

#include "base/error.h"
#include "sandbox/plan.h"

namespace nightjar::sandbox {

namespace {

void put(Writer& writer, const Source& source) {
  writer.text(source.path);
  writer.number(static_cast<std::uint64_t>(source.as));
  writer.flag(source.with_submounts);
  writer.flag(source.map_owner);
  writer.number(source.owner_uid);
  writer.number(source.owner_gid);
}

Source get_source(Reader& reader) {
  Source source;
  source.path = reader.text();
  source.as = static_cast<Source::As>(reader.number());
  source.with_submounts = reader.flag();
  source.map_owner = reader.flag();
  source.owner_uid = static_cast<std::uint32_t>(reader.number());
  source.owner_gid = static_cast<std::uint32_t>(reader.number());
  return source;
}

void put(Writer& writer, const std::vector<Source>& sources) {
  writer.number(sources.size());
  for (const auto& source : sources) put(writer, source);
}

std::vector<Source> get_sources(Reader& reader) {
  std::vector<Source> out;
  for (auto count = reader.number(); count > 0; --count) out.push_back(get_source(reader));
  return out;
}

void put(Writer& writer, const Step& step) {
  writer.number(static_cast<std::uint64_t>(step.what));
  writer.text(step.target);
  writer.text(step.text);
  writer.number(step.mode);
  writer.number(step.sources.size());
  for (const auto index : step.sources) writer.number(index);
  writer.number(static_cast<std::uint64_t>(step.upper));
  writer.flag(step.work_tree);
  writer.flag(step.copy);
}

Step get_step(Reader& reader) {
  Step step;
  step.what = static_cast<Step::What>(reader.number());
  step.target = reader.text();
  step.text = reader.text();
  step.mode = static_cast<unsigned>(reader.number());
  for (auto count = reader.number(); count > 0; --count) {
    step.sources.push_back(static_cast<std::uint32_t>(reader.number()));
  }
  step.upper = static_cast<std::int64_t>(reader.number());
  step.work_tree = reader.flag();
  step.copy = reader.flag();
  return step;
}

}  // namespace

std::string encode(const Ground& ground) {
  Writer writer;
  writer.flag(ground.from_root);
  writer.number(ground.run_uid);
  writer.number(ground.run_gid);
  writer.number(ground.owners.size());
  for (const auto& owner : ground.owners) {
    writer.number(owner.uid);
    writer.number(owner.gid);
  }
  writer.flag(ground.network);
  put(writer, ground.sources);
  return writer.take();
}

Ground decode_ground(std::string_view bytes) {
  Reader reader(bytes);
  Ground ground;
  ground.from_root = reader.flag();
  ground.run_uid = static_cast<std::uint32_t>(reader.number());
  ground.run_gid = static_cast<std::uint32_t>(reader.number());
  for (auto count = reader.number(); count > 0; --count) {
    const auto uid = static_cast<std::uint32_t>(reader.number());
    ground.owners.push_back({uid, static_cast<std::uint32_t>(reader.number())});
  }
  ground.network = reader.flag();
  ground.sources = get_sources(reader);
  return ground;
}

std::string encode(const Plan& plan) {
  Writer writer;
  writer.flag(plan.from_root);
  writer.number(plan.run_uid);
  writer.number(plan.run_gid);
  writer.text(plan.staging);
  put(writer, plan.sources);
  writer.number(plan.steps.size());
  for (const auto& step : plan.steps) put(writer, step);
  writer.number(static_cast<std::uint64_t>(plan.force_tree));
  writer.text(plan.start_folder);
  writer.texts(plan.environment);
  writer.flag(plan.die_with_thread);
  writer.number(plan.scratch_bytes);
  writer.number(plan.scratch_inodes);
  writer.number(plan.most_processes);
  writer.number(plan.most_files);
  writer.text(plan.filter);
  return writer.take();
}

Plan decode_plan(std::string_view bytes) {
  Reader reader(bytes);
  Plan plan;
  plan.from_root = reader.flag();
  plan.run_uid = static_cast<std::uint32_t>(reader.number());
  plan.run_gid = static_cast<std::uint32_t>(reader.number());
  plan.staging = reader.text();
  plan.sources = get_sources(reader);
  for (auto count = reader.number(); count > 0; --count) plan.steps.push_back(get_step(reader));
  plan.force_tree = static_cast<TreeKind>(reader.number());
  plan.start_folder = reader.text();
  plan.environment = reader.texts();
  plan.die_with_thread = reader.flag();
  plan.scratch_bytes = reader.number();
  plan.scratch_inodes = reader.number();
  plan.most_processes = reader.number();
  plan.most_files = reader.number();
  plan.filter = reader.text();
  return plan;
}

std::string encode(const CommandRequest& request) {
  Writer writer;
  writer.texts(request.argv);
  writer.text(request.cwd);
  writer.texts(request.environment);
  writer.text(request.input);
  return writer.take();
}

CommandRequest decode_command(std::string_view bytes) {
  Reader reader(bytes);
  CommandRequest request;
  request.argv = reader.texts();
  request.cwd = reader.text();
  request.environment = reader.texts();
  request.input = reader.text();
  return request;
}

void put(Writer& writer, const core::Change& change) {
  writer.text(change.path);
  writer.number(static_cast<std::uint64_t>(change.what));
  writer.flag(change.executable);
  writer.text(change.content);
  writer.number(change.size);
}

core::Change get_change(Reader& reader) {
  core::Change change;
  change.path = reader.text();
  const auto what = reader.number();
  if (what > static_cast<std::uint64_t>(core::Change::What::Other)) {
    throw Error(ErrorKind::Invalid, "a change of an unknown kind");
  }
  change.what = static_cast<core::Change::What>(what);
  change.executable = reader.flag();
  change.content = reader.text();
  change.size = reader.number();
  return change;
}

}  // namespace nightjar::sandbox
