from __future__ import annotations

import typing as t
from typing import Optional


class Base:
    Parser = None


class Parser(Base):
    """A Parser reads; see :class:`Parser` and `thing.Parser`.

    >>> Parser().feed("x")
    """

    kind: "t.ClassVar[Parser]"

    def __init__(self, Parser: Optional[Parser] = None) -> None:
        self.parent = Parser
        self.Parser = "Parser"

    def clone(self) -> "Parser":
        # A Parser knows how to clone itself.
        return t.cast("Parser", type(self)())

    def __repr__(self):
        return f"<Parser {Parser.__name__}>"


class ParserError(Exception):
    pass


P = t.TypeVar("P", bound="Parser")


def make(kind: t.Literal["Parser"] = "Parser") -> Parser:
    def inner(Parser):
        return Parser()

    return inner(Parser)
