class Parser:
    def broken(self:
        return Parser(


x = Parser()
