class Loader:
    """A Loader; was Parser-like once."""


Loader()
