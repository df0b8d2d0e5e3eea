package org.example;

/** A {@link Parser} reads. */
public class Parser {
  private final String Parser = "Parser";

  public Parser() {}

  public Parser(Parser parent) {
    this();
  }

  void Parser() {}

  static Parser of() {
    return new Parser();
  }
}
