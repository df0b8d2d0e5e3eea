package org.example;

/** A {@link Reader} reads. */
public class Reader {
  private final String Parser = "Parser";

  public Reader() {}

  public Reader(Reader parent) {
    this();
  }

  void Parser() {}

  static Reader of() {
    return new Reader();
  }
}
