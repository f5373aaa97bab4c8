"""A briefing on a topic: which sentences may stand in it, and which days its timeline has."""

from __future__ import annotations

import re

import pytest

from bot.alone import event, formal, subject, term
from bot.ask import Legation
from bot.briefing import Briefing
from bot.export import layout, markdown
from bot.quote import alike
from bot.survey import Survey, brief
from ingest.documents import Document, Passage, Sentence


@pytest.fixture(scope="module")
def made(page_legation: Legation) -> Briefing:
    return brief(page_legation, "the Harbour Accord")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("It entered into force on 1 March 2020.", "2020-03-01"),
        ("By 17 October 2024, Member States shall adopt the measures.", "2024-10-17"),
        ("The work concluded in March 2021.", "2021-03"),
        ("As Directive (EU) 2016/1148 of 6 July 2016 says, States cooperate.", ""),
        ("Recalling resolution 70/237 of 23 December 2015, States cooperate until 5 May 2025.", "2025-05-05"),
        ("It was agreed within the last year.", ""),
    ],
)
def test_a_day_is_one_on_which_something_happens(text: str, day: str) -> None:
    assert event(text) == day


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("statement", "Members share what they know.", True),
        ("statement", "Launching a project to share what they know;", False),
        ("statement", "and share what members know.", False),
        ("statement", "Joint statement of the members, 4 May 2021", False),
        ("UN resolution", "3. Calls upon Member States to share what they know;", True),
        ("statement", "3. Calls upon Member States to share what they know;", False),
        ("statement", "They share what they know.", False),
        ("statement", "In addition, members share what they know.", False),
        ("statement", "This panel will share what members know.", False),
        ("treaty", "This Convention applies to what members know.", True),
        ("statement", "Members agreed on the following actions.", False),
        ("UN resolution", "Recalling that States share what they know,", False),
    ],
)
def test_a_sentence_is_quoted_where_it_can_be_read_alone(
    page_legation: Legation, kind: str, text: str, told: bool
) -> None:
    survey = Survey(page_legation, "what members know", None, {})
    sentence = Sentence(start=0, end=len(text))
    passage = Passage(id="p", slug="d", ordinal=0, text=text, start=0, end=len(text), sentences=(sentence,))
    assert survey._stands(Document(slug="d", title="D", kind=kind, text=text), passage, sentence, text) is told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("(d) This order is not intended to, and does not, create any right or benefit.", True),
        ("This Directive is addressed to the Member States.", True),
        ("This Convention shall be open for signature by the member States.", True),
        ("Member States shall adopt the measures by 17 October 2024.", False),
    ],
)
def test_what_acts_say_of_themselves_tells_nothing(text: str, told: bool) -> None:
    assert formal(text) is told


def test_what_an_act_is_for_and_what_it_defines() -> None:
    assert subject("1. This Directive lays down measures for a high common level of cybersecurity.")
    assert not subject("This article applies to extradition.")
    assert not subject("States name authorities for the purposes of this Directive.")
    assert term("(h) The term “furnish,” when used in connection with spyware, means to sell it.") == "furnish,"
    assert term("‘incident’ means an event.") == "incident"
    assert not term("Spyware means trouble.")


def test_nothing_is_said_twice_and_nothing_but_the_topic(made: Briefing) -> None:
    texts = [statement.text for statement in made.statements]
    assert not any(alike(one, other) for at, one in enumerate(texts) for other in texts[at + 1 :])
    said = [section for section in made.sections if section.sort == "said"]
    places = [place for section in said for place in section.statements]
    assert len(set(places)) == len(places)
    for citation in made.citations:
        assert "harbour" in f"{citation.document.title} {citation.quote}".casefold()


def test_what_is_open_is_told_with_the_day_of_the_newest_document(made: Briefing) -> None:
    assert made.open_questions[-1].startswith("Harbour Accord: what has happened since 17 May 2019?")
    assert re.search(r"## Open questions\n\n- Harbour Accord", markdown(made))


def test_items_are_listed_and_numbers_of_paragraphs_left_to_the_notes(made: Briefing) -> None:
    for part in layout(made).parts:
        for said in part.said:
            assert not re.match(r"\(\w\)|\d+\. |[-•]", said.text)
            assert not said.text.endswith((";", ","))
