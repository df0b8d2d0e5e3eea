def scale(a, b):
    """Use scale(a, b)."""
    return a * b


class Map:
    def scale(self):
        return scale(1, 2)
