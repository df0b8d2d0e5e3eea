package org.example;

import java.util.List;

class Main {
  List<Reader> all = List.of(org.example.Reader.of(), Parser.of());
  Object reference = (java.util.function.Supplier<Reader>) Parser::new;

  boolean test(Object o) {
    return o instanceof Reader p && p.getClass() == Reader.class;
  }
}
