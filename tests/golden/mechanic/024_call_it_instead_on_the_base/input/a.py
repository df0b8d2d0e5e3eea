class Parser:
    """A Parser."""


Parser()
