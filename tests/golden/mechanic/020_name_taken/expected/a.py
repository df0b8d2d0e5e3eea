class Parser:
    pass


class Reader:
    pass
