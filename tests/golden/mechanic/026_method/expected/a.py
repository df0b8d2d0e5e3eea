import queue


class Parser:
    def push(self, text):
        if text:
            self.push(text[1:])


class Quick(Parser):
    def push(self, text, feed=None):
        super().push(text)
        return feed or [].feed


def feed(x):
    queue.feed(x)
    x.push(1)
    feed(feed=2)
