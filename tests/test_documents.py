"""Documents lead where they say: to files and headings that are there."""

import re
from pathlib import Path

import pytest

from harness.locations import PACKAGE

ROOT = PACKAGE.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)#?([^)\s]*)\)")
BLOCK = re.compile(r"^```.*?^```|^ {4}.*?$|`[^`\n]*`", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(not DOCUMENTS[0].exists(), reason="documents are not part of a wheel")


def headings(document: Path) -> set[str]:
    """Return what a link to a heading of a document is called, as GitHub makes it."""
    found = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_within_the_project_leads_to_a_file_and_a_heading(document: Path) -> None:
    text = BLOCK.sub("", document.read_text(encoding="utf-8"))
    lost = []
    for path, heading in LINK.findall(text):
        target = document.parent / path if path else document
        known = target.exists() and (not heading or heading in headings(target))
        lost += [] if known else [f"{path}#{heading}"]
    assert not lost


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_picture_is_described_to_who_does_not_see_it(document: Path) -> None:
    pictures = re.findall(r"!\[([^\]]*)\]\(", document.read_text(encoding="utf-8"))
    assert all(len(text.split()) > 2 for text in pictures)
