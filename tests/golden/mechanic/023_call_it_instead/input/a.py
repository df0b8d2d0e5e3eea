class Reader:
    """A Reader; was Parser-like once."""


Reader()
