package org.example;

import java.util.List;

class Main {
  List<Parser> all = List.of(org.example.Parser.of(), Parser.of());
  Object reference = (java.util.function.Supplier<Parser>) Parser::new;

  boolean test(Object o) {
    return o instanceof Parser p && p.getClass() == Parser.class;
  }
}
