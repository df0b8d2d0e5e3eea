import queue


class Parser:
    def feed(self, text):
        if text:
            self.feed(text[1:])


class Quick(Parser):
    def feed(self, text, feed=None):
        super().feed(text)
        return feed or [].feed


def feed(x):
    queue.feed(x)
    x.feed(1)
    feed(feed=2)
