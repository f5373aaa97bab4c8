"""Whether a document still holds: what is repealed or a draft ranks lower and is said to be so."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answer import Citation

OVER = (
    "repealed",
    "superseded",
    "expired",
    "revoked",
    "rescinded",
    "replaced",
    "withdrawn",
    "denounced",
    "not in force",
    "no longer",
)


def is_over(status: str) -> bool:
    """Whether a document of that status holds no more."""
    return status.casefold().startswith(OVER)


def is_draft(status: str) -> bool:
    """Whether a document of that status is not agreed."""
    return "draft" in status.casefold()


def caution(citations: Sequence[Citation]) -> str:
    """What a reader must know of the documents cited: those that hold no more, and drafts; '' where there is none."""
    documents = {citation.document.slug: citation.document for citation in citations}.values()
    told = [about for about in documents if is_over(about.status) or is_draft(about.status)]
    return " ".join(f"{about.symbol.split(';')[0].strip() or about.title}: {about.status}." for about in told)
