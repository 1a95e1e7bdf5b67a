"""What a sweep costs besides training: composing, launching, workers, and all of it beside a peer."""
