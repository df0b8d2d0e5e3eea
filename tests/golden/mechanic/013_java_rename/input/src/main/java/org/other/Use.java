package org.other;

import org.example.Parser;

class Use {
  Parser parser;
}
