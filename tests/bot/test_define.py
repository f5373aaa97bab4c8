"""Which term a question wants defined, and which sentences define it."""

from __future__ import annotations

import pytest

from bot.define import defines, term_of
from bot.question import understand


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("What counts as a 'near miss' in the Harbour Act?", "near miss"),
        ("How does the order define 'commercial spyware'?", "commercial spyware"),
        ("What do the authors mean by lamp diplomacy?", "lamp diplomacy"),
        ("Under the Harbour Act, what is pseudonymisation?", "pseudonymisation"),
        ("Who counts as a service provider under the Convention?", "service provider"),
        ("How do the authors of the study explain multistakeholderism?", "multistakeholderism"),
        ("What is a legacy lamp in the Harbour Act?", "legacy lamp"),
        ("SBOM meaning in the order", "sbom"),
        ("What is a lamp group and are its reports binding?", "lamp group"),
    ],
)
def test_the_term_is_found(question: str, term: str) -> None:
    assert term_of(question) == term
    assert understand(question).kind == "definition"


@pytest.mark.parametrize(
    "question",
    [
        "How many people wrote the definition of cyberstability?",
        "Where does the agenda define internet governance?",
        "What is the deadline for reports?",
        "What are the eleven norms?",
        "Who chaired the group?",
        "What is decided in the last paragraph?",
        "What is meant to happen next?",
        "What is the article about?",
        "How high must the damage be before an attack counts as an armed attack?",
    ],
)
def test_other_questions_have_none(question: str) -> None:
    assert understand(question).term == ""


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (
            "service provider",
            "(c) 'service provider' means: (i) any public or private entity that provides users with a link;",
        ),
        ("near miss", "(5) ‘near miss’ means an event that could have compromised lamps;"),
        ("software bill of materials", "(j) the term “Software Bill of Materials” or “SBOM” means a formal record;"),
        ("multistakeholderism", "Multistakeholderism: A form of global governance."),
        ("defensible", "- Defensible, where lamp defence is easier;"),
        ("legacy ict system", "‘legacy ICT system’ means an ICT system that has reached the end of its lifecycle;"),
        ("lamp craft", "Thinking on lamp craft (work done on lamps to change, hide or break their light) is new."),
        ("lamp", "(e) The term “lamp” has the meaning ascribed to a “light” under 44 U.S.C. 3552."),
        ("lamp diplomacy", "Here we understand, by 'lamp diplomacy', ... lamp diplomacy is defined as talks on lamps."),
    ],
)
def test_a_sentence_that_defines(term: str, text: str) -> None:
    assert defines(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("service provider", "The service provider shall keep the means of access."),
        ("near miss", "Operators may report incidents, threats and near misses on a voluntary basis."),
        ("lamp craft", "Thinking on lamp craft (see Annex II) is new."),
        ("defensible", "Our goal is a defensible, resilient ecosystem."),
    ],
)
def test_a_sentence_that_only_uses_the_term(term: str, text: str) -> None:
    assert not defines(term, text)
