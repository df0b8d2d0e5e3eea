package org.other;

import org.example.Reader;

class Use {
  Reader parser;
}
