package org.other;

import com.foreign.Parser;

class Foreign {
  Reader parser; // the foreign Reader
}
