print("missing")
