import util
from util import new

x = new(2, 1)
y = new([3,
    4], new(2, 1))  # as old did
z = util.new(
    x + y,  # first
    1,
)
w = new(x if y else z, lambda: 1)
