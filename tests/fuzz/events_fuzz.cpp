// Lines of a journal, folded into a task.
#include "base/text.h"
#include "core/task.h"
#include "fuzz.h"

using namespace nightjar;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  core::Task task;
  for (const auto line : lines(text_of(data, size))) {
    const auto value = parse_json(line);
    if (!value) continue;
    const auto event = core::event_from(*value);
    if (!event) continue;
    task = core::apply(std::move(task), *event);
    promise(parse_json(to_line(core::to_json(task))).has_value(), "a task is always JSON");
  }
  return 0;
}
