"""The statistics of reports: functions from labelled frames to labelled frames (docs/statistics.md)."""

from reports.statistics.counting import counted
from reports.statistics.differences import differences
from reports.statistics.estimates import estimates
from reports.statistics.gradients import EXPLODING, VANISHING
from reports.statistics.outcomes import OUTCOMES, outcome_counts
from reports.statistics.profiles import profiles, score_profiles
from reports.statistics.quantities import with_quantities
from reports.statistics.randomness import generator
from reports.statistics.scores import final_scores
from reports.statistics.shares import wilson
from reports.statistics.targets import crossing, times
from reports.statistics.verdicts import Verdicts, verdicts

__all__ = [
    "EXPLODING",
    "OUTCOMES",
    "VANISHING",
    "Verdicts",
    "counted",
    "crossing",
    "differences",
    "estimates",
    "final_scores",
    "generator",
    "outcome_counts",
    "profiles",
    "score_profiles",
    "times",
    "verdicts",
    "wilson",
    "with_quantities",
]
