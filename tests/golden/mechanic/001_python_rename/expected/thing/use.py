import thing
from . import parser as p
from .parser import Reader as TheParser
from html import parser as hp

x = thing.Reader()
y = p.Reader(Parser=1)
z = hp.Parser()
w = x.Parser
v = getattr(thing, "Parser")
TheParser
match x:
    case thing.Reader():
        pass
