class Reader:
    def broken(self:
        return Reader(


x = Reader()
