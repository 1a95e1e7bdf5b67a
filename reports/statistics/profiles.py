"""Performance profiles: how often a method is within a factor of the best."""

import pandas as pd

PROFILE_COLUMNS = ["method", "ratio", "share", "solved", "problems", "unsolved", "missing"]
SCORE_COLUMNS = ["method", "score", "share", "low", "high", "count", "runs"]


def profiles(costs: pd.DataFrame) -> pd.DataFrame:
    """Return the performance profile of each method.

    Parameters
    ----------
    costs : DataFrame
        `method, problem, cost`: one row a method and problem; infinite: the method missed the problem.

    Returns
    -------
    DataFrame
        The steps of each profile, `PROFILE_COLUMNS`: the `share` of the problems (`solved` of `problems`) that the
        method solved within `ratio` times the best method's cost, at the same ratios for all methods, from 1
        on. `unsolved` counts the problems that no method solved, `missing` those of which the method has
        no cost; both stay in `problems`.
    """
    raise NotImplementedError


def score_profiles(scores: pd.DataFrame, *, higher: bool) -> pd.DataFrame:
    """Return the score distribution of each method: the share of its runs at least as good as a score.

    Parameters
    ----------
    scores : DataFrame
        `method, score`: one row a run, dead ones with what they count as.
    higher : bool
        Whether higher scores are better.

    Returns
    -------
    DataFrame
        `SCORE_COLUMNS`, at each score that was found and for all methods; the band is Wilson's.
    """
    raise NotImplementedError
