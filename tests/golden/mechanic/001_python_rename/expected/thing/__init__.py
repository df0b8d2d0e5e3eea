"""A thing with a Reader."""
from .parser import Reader as Reader
from .parser import make

__all__ = ["Reader", "make", "Parser2"]
