"""Invented countries and their cyber authorities, for the documents that adversarial suites bring along.

Nothing in them is true, so that no model can know the answers from elsewhere.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from pydantic import BaseModel, ConfigDict

_FIRST = "Bel Cor Dra El Far Gal Hol Ist Jor Kal Lor Mar Nor Os Pel Quar Ras Sel Tor Ul Ver Wes Yar Zan".split()
_LAST = "davia mark venia thia land oria ukia esse inia ovar".split()
_CITY = "Ansel Brim Castel Dorn Esk Fal Glen Hart Ingle Kess".split(), "burg ford haven mouth stad ton vik wald".split()
_NAMES = "Ada Bruno Clara Dario Edda Franco Greta Hugo Ines Jonas Karin Leo".split()
_SURNAMES = "Abbess Brandt Corvino Dahlman Ekberg Falk Gruber Holm Ivarsson Kessler Lindqvist Moreau".split()
_BODIES = (
    "Cyber Security Directorate",
    "Office for Digital Defence",
    "Network Protection Agency",
    "Cyber Affairs Council",
)


class Fact(BaseModel):
    """A fact: how a document states it, how people ask for it, and the words that a right answer holds."""

    model_config = ConfigDict(frozen=True)

    sentence: str
    questions: tuple[str, ...]
    answer: str


class Country(BaseModel):
    """An invented country with an authority and facts about it."""

    model_config = ConfigDict(frozen=True)

    name: str
    body: str
    facts: tuple[Fact, ...]

    @property
    def who(self) -> str:
        """The authority with its country."""
        return f"the {self.body} of {self.name}"


def day(value: date) -> str:
    """A date as the documents write it."""
    return f"{value.day} {value:%B %Y}"


def names(many: int, rng: Random) -> list[str]:
    """So many names of countries, no two alike."""
    every = [first + last for first in _FIRST for last in _LAST]
    return rng.sample(every, many)


def country(name: str, rng: Random) -> Country:
    """The country of that name, with facts that the random numbers choose."""
    body = rng.choice(_BODIES)
    who = f"{body} of {name}"
    founded = day(date(1996, 1, 1) + timedelta(days=rng.randrange(9000)))
    city = rng.choice(_CITY[0]) + rng.choice(_CITY[1])
    head = f"{rng.choice(_NAMES)} {rng.choice(_SURNAMES)}"
    staff, hours, budget = rng.randrange(110, 900), rng.randrange(30, 99), rng.randrange(101, 990)
    facts = (
        Fact(
            sentence=f"The {who} was founded on {founded}.",
            questions=(f"When was the {who} founded?", f"On which day did the {who} come into being?"),
            answer=founded,
        ),
        Fact(
            sentence=f"The {who} has its seat in the city of {city}.",
            questions=(f"In which city does the {who} have its seat?", f"Where is the seat of the {who}?"),
            answer=city,
        ),
        Fact(
            sentence=f"{head} leads the {who}.",
            questions=(f"Who leads the {who}?", f"What is the name of the head who leads the {who}?"),
            answer=head,
        ),
        Fact(
            sentence=f"The {who} employs {staff} people.",
            questions=(f"How many people does the {who} employ?", f"What number of people are employed by the {who}?"),
            answer=f"{staff} people",
        ),
        Fact(
            sentence=f"Operators in {name} must report a serious incident to the {body} within {hours} hours.",
            questions=(
                f"Within how many hours must operators in {name} report a serious incident?",
                f"What is the time limit for reporting a serious incident to the {who}?",
            ),
            answer=f"{hours} hours",
        ),
        Fact(
            sentence=f"The {who} had a budget of {budget} million crowns in 2024.",
            questions=(f"What budget did the {who} have in 2024?", f"How large was the 2024 budget of the {who}?"),
            answer=f"{budget} million crowns",
        ),
    )
    return Country(name=name, body=body, facts=facts)
