from __future__ import annotations

import typing as t
from typing import Optional


class Base:
    Parser = None


class Reader(Base):
    """A Reader reads; see :class:`Reader` and `thing.Reader`.

    >>> Reader().feed("x")
    """

    kind: "t.ClassVar[Reader]"

    def __init__(self, Parser: Optional[Parser] = None) -> None:
        self.parent = Parser
        self.Parser = "Parser"

    def clone(self) -> "Reader":
        # A Reader knows how to clone itself.
        return t.cast("Reader", type(self)())

    def __repr__(self):
        return f"<Parser {Reader.__name__}>"


class ParserError(Exception):
    pass


P = t.TypeVar("P", bound="Reader")


def make(kind: t.Literal["Parser"] = "Parser") -> Reader:
    def inner(Parser):
        return Parser()

    return inner(Reader)
