package org.other;

import com.foreign.Parser;

class Foreign {
  Parser parser; // the foreign Parser
}
