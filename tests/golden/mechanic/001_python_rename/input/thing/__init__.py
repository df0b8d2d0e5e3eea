"""A thing with a Parser."""
from .parser import Parser as Parser
from .parser import make

__all__ = ["Parser", "make", "Parser2"]
