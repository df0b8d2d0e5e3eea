class Loader:
    """A Loader."""


Loader()
