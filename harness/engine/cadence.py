"""When rows are measured."""

from harness.engine.diagnostics import Diagnostics


def log_spaced(budget: int) -> list[int]:
    """Return 0, 1, 2, 3, 5, 8, 13, ... up to `budget`: the same list for every regime."""
    updates, following = [0, 1, 2], 3
    while following <= budget:
        updates.append(following)
        following += updates[-2]
    return [update for update in updates if update <= budget]


def row_updates(diagnostics: Diagnostics, budget: int, per_epoch: int) -> list[int]:
    """Return the updates that leave a row: log-spaced ones, ends of epochs, the window, the last.

    Ends of epochs are thinned evenly, so that without the window a run leaves about
    `diagnostics.rows` rows; the first and the last are always among them.
    """
    chosen = set(log_spaced(budget)) | {budget}
    epochs = budget // per_epoch
    room = max(1, diagnostics.rows - len(chosen))
    every = max(1, -(-epochs // room))
    chosen.update(epoch * per_epoch for epoch in range(every, epochs + 1, every))
    if diagnostics.window is not None:
        first, last = diagnostics.window
        chosen.update(range(first, min(last, budget) + 1))
    return sorted(chosen)
