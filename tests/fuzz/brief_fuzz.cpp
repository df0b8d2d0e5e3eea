// A ticket, as an order to the mechanic.
#include "agent/mechanic/order.h"
#include "fuzz.h"

using namespace nightjar::agent::mechanic;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const std::string brief(text_of(data, size));
  const std::string head = brief.substr(0, brief.find('\n'));
  for (const auto& earlier :
       {std::vector<std::string>{}, {std::string("Rename Parser to Reader")}, {head}}) {
    const auto order = parse_order(brief, earlier);
    if (!order) {
      promise(!order.error().empty(), "a refusal has a reason");
      continue;
    }
    (void)title_of(*order);
    if (order->action != Order::Action::Rename) continue;
    promise(is_identifier(order->old_name) && is_identifier(order->new_name),
            "names are identifiers");
  }
  return 0;
}
