import lib
from lib import scale, Map

print(scale(1, b=2), lib.scale(1, 2), Map().scale())


def other(scale):
    return scale
