"""One file a figure, each a function of frames that returns a matplotlib Figure."""
