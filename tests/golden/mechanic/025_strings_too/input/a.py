class Parser:
    name = "Parser"
    text = "the Parser reads; Parsers do"
