from util import old
from util import (
    new,
)

a = old(1)
b = old(*a)
c = map(old, a)
d = thing.old(1, 2)
e = old(b=1, a=2)
f = new(2, 1)
