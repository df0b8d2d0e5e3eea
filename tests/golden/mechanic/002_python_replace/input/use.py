import util
from util import old

x = old(1, 2)
y = old(old(1, 2), [3,
    4])  # as old did
z = util.old(
    1,  # first
    x + y,
)
w = old(lambda: 1, x if y else z)
