"""The rules by which a sentence is judged against the words it cites, in their order: each says what is wrong, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bot.ground import Ground
from bot.roles import swapped
from bot.rules.copied import other_words, turned_links
from bot.rules.denial import negation
from bot.rules.force import modality, quantity
from bot.rules.presence import new_dates, new_names, new_numbers, new_symbols, other_clause, other_places, other_units
from bot.rules.scope import attribution, condition, merged, novel
from bot.rules.sides import stance

Rule = Callable[[Ground], str]

RULES: Mapping[str, Rule] = {
    "number": new_numbers,
    "unit": other_units,
    "date": new_dates,
    "article": other_places,
    "clause": other_clause,
    "symbol": new_symbols,
    "name": new_names,
    "swapped": swapped,
    "replaced": other_words,
    "link": turned_links,
    "negation": negation,
    "modality": modality,
    "stance": stance,
    "quantifier": quantity,
    "condition": condition,
    "merged": merged,
    "attribution": attribution,
    "unsaid": novel,
}


def broken(g: Ground) -> Iterator[tuple[str, str]]:
    """The rules that a sentence breaks, in their order, each with what breaks it."""
    for name, rule in RULES.items():
        if detail := rule(g):
            yield name, detail
