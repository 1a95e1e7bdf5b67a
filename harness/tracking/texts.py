"""Texts as every store takes them: no longer than its columns, of characters that it can keep."""

import re

NAME_LENGTH = 250
"""Of a run's name, in MLflow's SQL schema; PostgreSQL refuses a longer one."""
TAG_LENGTH = 5000
PARAMETER_LENGTH = 6000
CUT = "…"
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of whatever is shown after a text; right-to-left script needs none."""
NOTE_LENGTH = 1500
WORD_LENGTH = 80
"""Of a note: a longer word would push what stands beside the note off the page."""


def storable(text: str, most: int) -> str:
    """Return a text that any store takes and any page shows, its middle left out if long.

    It has no NUL, no halves of characters and no marks that turn the text beside it.

    The ends stay: of names that differ, most do so at their ends.
    """
    # What is no character comes from a command line in another encoding; a store would refuse it whole.
    kept = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    kept = TURNS.sub("", kept)
    if len(kept) <= most:
        return kept
    head = (most - len(CUT)) // 2
    return f"{kept[:head]}{CUT}{kept[len(kept) - (most - len(CUT) - head) :]}"


def markdown(text: str) -> str:
    """Return a text of somebody's as Markdown in which emphasis, links and lists are all that it can do.

    Neither HTML nor images: a browser would fetch the latter from wherever it is told to. Words and texts
    too long for a note lose their middles.
    """
    short = re.sub(r"\S+", lambda word: storable(word[0], WORD_LENGTH), storable(text, NOTE_LENGTH))
    return re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", short).replace("![", "!\\[")


def run_name(name: str) -> str:
    """Return a run's name as a store takes it."""
    return storable(name, NAME_LENGTH)
