import lib
from lib import stretch, Map

print(stretch(1, b=2), lib.stretch(1, 2), Map().scale())


def other(scale):
    return scale
