// The four wires; each stands in a source of its own.
#pragma once

#include "model/wire.h"

namespace nightjar::model {

const Wire& responses_wire();
const Wire& chat_wire();
const Wire& anthropic_wire();
const Wire& gemini_wire();

}  // namespace nightjar::model
