from email.parser import Parser


def read() -> Parser:
    return Parser()  # the Parser of email
