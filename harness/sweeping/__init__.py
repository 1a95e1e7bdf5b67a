"""From a grid to finished records: expand, skip what is done, stack, execute, collect."""
