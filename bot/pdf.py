"""A briefing as PDF, typeset by Typst: footnotes at the foot of the page, bookmarks, tags for screen readers."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.export import Layout

_TEMPLATE = Path(__file__).parent / "templates" / "briefing.typ"


def pdf(page: Layout, path: Path) -> None:
    """Writes the file. Document text goes in as data, never as Typst's own language."""
    import typst

    data = json.dumps(asdict(page), ensure_ascii=False)
    made = typst.compile(str(_TEMPLATE), root=str(_TEMPLATE.parent), format="pdf", sys_inputs={"page": data})
    path.write_bytes(made)
