"""The document on disk: pictures that an earlier one showed and this one does not are removed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from reports.results.document import DOCUMENT, PICTURES

_SHOWN = re.compile(rf"\(({re.escape(PICTURES)}/[\w-]+\.(?:svg|png))\)", re.ASCII)


def write(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write a document with its pictures and return its path.

    Parameters
    ----------
    files : mapping of str to bytes
        As `document.document` returns them.
    folder : Path
        Made if missing. Nothing else in it is touched.
    """
    page = folder / DOCUMENT
    before = _SHOWN.findall(page.read_text(encoding="utf-8")) if page.is_file() else []
    for name in set(before) - set(files):
        (folder / name).unlink(missing_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return page
