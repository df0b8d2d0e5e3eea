module example.org/thing
