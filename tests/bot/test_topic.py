"""What a briefing is on: names and words of a topic, found in sentences and titles."""

from __future__ import annotations

import pytest

from bot.topic import Topic
from ingest.documents import Document


def titled(title: str, slug: str = "d") -> Document:
    return Document(slug=slug, title=title, text="Words.")


@pytest.mark.parametrize(
    ("topic", "text", "told"),
    [
        ("Counter Ransomware Initiative", "The CRI met in Washington.", True),
        ("the Counter Ransomware Initiative", "Countering ransomware is an initiative of many.", False),
        ("commercial spyware", "Commercial spyware has been misused.", True),
        ("commercial spyware", "Spyware has been misused.", False),
        ("the OEWG and norms", "The open-ended working group met.", True),
        ("the OEWG and norms", "A norm is voluntary.", True),
        ("the OEWG and norms", "The Group of Governmental Experts met.", False),
        ("sanctions on ransomware crews in Europe", "Sanctions hit a crew that spread ransomware.", True),
        ("NIS2", "As Directive (EU) 2022/2555 requires, entities report.", True),
        ("the US", "Join us at noon.", False),
    ],
)
def test_a_text_names_a_topic_by_its_names_or_its_words(topic: str, text: str, told: bool) -> None:
    assert Topic(topic, []).named(text) is told


def test_a_title_with_and_in_it_is_one_thing() -> None:
    document = titled("Joint Statement on Ports and Harbours")
    assert len(Topic("Joint Statement on Ports and Harbours", [document]).subjects) == 1
    assert len(Topic("ports and harbours", [document]).subjects) == 2


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Directive (EU) 2022/2555 (NIS 2 Directive)", True),
        ("Directive (EU) 2016/1148 (NIS 1, repealed by NIS 2)", False),
        ("Regulation (EU) 2024/2847 amending Directive (EU) 2022/2555", False),
    ],
)
def test_what_a_title_says_of_other_documents_does_not_count(title: str, told: bool) -> None:
    assert Topic("NIS2", [titled(title)]).entitled(titled(title)) is told
