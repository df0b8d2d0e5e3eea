class Reader:
    name = "Reader"
    text = "the Reader reads; Parsers do"
