"""Each rule by itself: what it catches, and what it lets pass."""

import pytest

from bot import figures
from bot.verify import check_statement
from bot.wording import Wording, opposed, plain, related, stem

CAUGHT = {
    "number": [("36 members met.", "50 members met."), ("Seventy-two hours remain.", "24 hours remain.")],
    "unit": [("Report within 24 days of detection.", "Report within 24 hours, and in full within 30 days.")],
    "date": [("It was signed on 3 May 2021.", "It was signed on 5 March 2021.")],
    "article": [("Article 12 sets out the duties.", "Article 21 sets out the duties.")],
    "clause": [
        (
            "The first plan was adopted on 4 May 2022.",
            "The first plan was adopted on 4 May 2021, and the second on 4 May 2022.",
        )
    ],
    "symbol": [("A/RES/73/266 set up the group.", "A/RES/73/27 set up the group.")],
    "name": [("Iran attacked the port.", "Iraq attacked the port."), ("CISA told the firms.", "ENISA told the firms.")],
    "swapped": [("France informed Germany of the attack.", "Germany informed France of the attack.")],
    "replaced": [
        (
            "Importers shall keep the documentation for ten years.",
            "Manufacturers shall keep the documentation for ten years.",
        )
    ],
    "negation": [("States should conduct such activity.", "States should not conduct such activity.")],
    "modality": [("States must cooperate.", "States should cooperate."), ("The board acts.", "The board may act.")],
    "stance": [("The ministers welcomed the operation.", "The ministers condemned the operation.")],
    "quantifier": [
        ("All States have a strategy.", "Some States have a strategy."),
        ("It lasts at most 5 years.", "It lasts at least 5 years."),
        ("It lasts 5 years.", "It lasts at least 5 years."),
    ],
    "condition": [
        ("The operator shall report.", "Unless the incident is minor, the operator shall report."),
        ("The operator shall report if asked.", "The operator shall report unless asked."),
    ],
    "attribution": [
        ("The attack cost ten million dollars.", "According to the article, the attack cost ten million dollars.")
    ],
    "unsaid": [("The ministers met and imposed heavy tariffs on steel.", "The ministers met in spring.")],
}
KEPT = [
    (
        "Firms must tell the authority within 24 hours.",
        "Companies shall notify the authority within twenty-four hours.",
    ),
    ("It was signed on 17 October 2024.", "It was signed on October 17, 2024."),
    ("It was signed on 2024-10-17.", "It was signed on 17 October 2024."),
    ("Germany was informed of the attack by France.", "France informed Germany of the attack."),
    ("EU Member States must cooperate.", "The Member States of the European Union shall cooperate."),
    ("The MSS ran the operation.", "The Ministry of State Security ran the operation."),
    ("Iranian actors attacked the port.", "Actors from Iran attacked the port."),
    (
        "Entities report incidents no later than 72 hours after detection.",
        "Entities report incidents within 72 hours of detection.",
    ),
    ("It costs €10,000,000.", "It costs EUR 10 000 000."),
    ("States are prohibited from using proxies.", "States must not use proxies."),
    ("There is no treaty on this.", "A treaty on this does not exist."),
    ("Every State has a strategy.", "Each State has a strategy."),
    (
        "According to the article, the attack cost ten million dollars.",
        "The article says that the attack cost ten million dollars.",
    ),
]


@pytest.mark.parametrize(("rule", "text", "quote"), [(rule, *pair) for rule, pairs in CAUGHT.items() for pair in pairs])
def test_caught(rule: str, text: str, quote: str) -> None:
    assert rule in {reason.rule for reason in check_statement(text, [quote])}
    assert check_statement(quote, [quote]) == ()


@pytest.mark.parametrize(("text", "quote"), KEPT)
def test_kept(text: str, quote: str) -> None:
    assert check_statement(text, [quote]) == ()


def test_two_sources_merged_into_one() -> None:
    quotes = [
        "The Quad members launched a campaign on cyber hygiene in April 2023.",
        "The General Assembly decided to convene a working group on security in the use of ICTs.",
    ]
    assert check_statement(
        "The Quad members decided to convene a working group on security in the use of ICTs.", quotes
    )
    both = "The Quad members launched a campaign on cyber hygiene; the General Assembly decided to convene a working group."
    assert check_statement(both, quotes) == ()


def test_the_name_of_one_source_does_not_lend_its_subject_to_another() -> None:
    quotes = ["Members share best practices.", "Manufacturers shall handle vulnerabilities during the support period."]
    named = ["Statement of the Quad", "Product Act"]
    assert check_statement("The Quad shall handle vulnerabilities during the support period.", quotes, named=named)
    text = "Under the Product Act, manufacturers must handle vulnerabilities during the support period."
    assert check_statement(text, quotes, named=named) == ()


@pytest.mark.parametrize(
    "words",
    [
        "17 October 2024",
        "October 17, 2024",
        "17th of October 2024",
        "2024-10-17",
        "17.10.2024",
        "17 octobre 2024",
        "2024年10月17日",
    ],
)
def test_a_date_is_one_however_it_is_written(words: str) -> None:
    assert [date[:3] for date in figures.dates(f"on {words}.")] == [(2024, 10, 17)]


def test_numbers_are_one_however_they_are_written() -> None:
    assert figures.numbers("one hundred and twenty-four") == figures.numbers("124") == {"124"}
    assert figures.numbers("1.5 million") == figures.numbers("1,500,000") == figures.numbers("1 500 000") == {"1500000"}
    assert figures.places("Articles 13 and 15, para. 4(a)") == {
        ("article", ("13",)),
        ("article", ("15",)),
        ("paragraph", ("4", "a")),
    }


def test_words() -> None:
    assert opposed(stem("supports"), stem("opposition"))
    assert opposed(stem("underrepresented"), stem("overrepresented"))
    assert not opposed(stem("support"), stem("supported"))
    assert related(stem("notify"), stem("notification"))
    assert not related(stem("respects"), stem("responsible"))
    assert plain("It can’t, and it won’t") == "it can not, and it will not"
    kinds = [(mark.list, mark.kind) for mark in Wording("It may not report, unless at least 3 States say so.").marks]
    assert kinds == [
        ("modals", "may"),
        ("negations", ""),
        ("conditions", "unless"),
        ("quantities", "least"),
        ("sayings", ""),
    ]
