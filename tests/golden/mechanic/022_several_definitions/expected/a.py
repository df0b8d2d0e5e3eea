class Parser:
    pass
