package org.example;

import java.util.List;

class Main {
  List<Reader> all = List.of(org.example.Reader.of(), Reader.of());
  Object reference = (java.util.function.Supplier<Reader>) Reader::new;

  boolean test(Object o) {
    return o instanceof Reader p && p.getClass() == Reader.class;
  }
}
