def old(a, b):
    """old(a, b) is gone soon."""
    return new(b, a)


def new(b, a):
    return old(a, b) if False else a - b
