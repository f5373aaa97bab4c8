"""The pages over HTTP: what an address shows, what a wrong one says, and that document text stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from lxml import html
from starlette.testclient import TestClient

from bot import pages, places, render
from bot.api import Service
from bot.ask import Legation
from bot.branding import Branding
from bot.guard import Guard
from ingest.documents import Document

BASE = "http://127.0.0.1:7860"


def client_of(legation: Legation, branding: Branding | None = None) -> Iterator[TestClient]:
    service = Service(legation)
    app = FastAPI()
    app.include_router(pages.router(service, branding or Branding()))
    app.add_middleware(Guard, hosts=("127.0.0.1",))
    with TestClient(app, base_url=BASE) as made:
        yield made
    service.close()


@pytest.fixture(scope="module")
def client(page_legation: Legation) -> Iterator[TestClient]:
    yield from client_of(page_legation)


def document(legation: Legation, slug: str) -> Document:
    return legation.index.document(slug)


def at(about: Document, quote: str, *others: str) -> str:
    spans = [places.Span(about.text.index(words), about.text.index(words) + len(words)) for words in (quote, *others)]
    return "/" + places.address(about.slug, spans[0], quote, spans).partition("#")[0]


def test_a_document_opens_at_the_quote(client: TestClient, page_legation: Legation) -> None:
    quote = "This Accord entered into force on 1 March 2020, after the twelfth Party had ratified it."
    response = client.get(at(document(page_legation, "harbour-accord"), quote))
    assert response.status_code == 200
    tree = html.fromstring(response.text)
    assert tree.xpath("string(//mark)") == quote
    assert len(tree.xpath("//mark")) == 1
    assert "Article 5" in tree.xpath("string(//*[@id='quote'])")
    words = " ".join(tree.text_content().split())
    for expected in ("Harbour Accord", "Conference of Ports", "17 May 2019", "CP/2019/4", "in force", "Article 5"):
        assert expected in words
    (official,) = tree.xpath("//aside//a")
    assert official.get("href") == "https://ports.example/accord"
    assert "noopener" in official.get("rel")


def test_the_other_citations_are_a_step_away(client: TestClient, page_legation: Legation) -> None:
    about = document(page_legation, "harbour-accord")
    first, second = "Each Party shall name one point of contact", "The notification shall state the systems concerned"
    tree = html.fromstring(client.get(at(about, first, second)).text)
    (following,) = tree.xpath("//a[@rel='next']/@href")
    assert tree.xpath("//a[@rel='prev']") == []
    assert [mark.get("class") for mark in tree.xpath("//mark")] == ["here", "also"]
    tree = html.fromstring(client.get(f"/read/harbour-accord{following.partition('#')[0]}").text)
    assert tree.xpath("string(//mark[@class='here'])") == second
    assert len(tree.xpath("//a[@rel='prev']")) == 1
    assert tree.xpath("//a[@rel='next']") == []


def test_hostile_text_is_shown_and_is_nothing_but_text(client: TestClient, page_legation: Legation) -> None:
    about = document(page_legation, "hostile-memo")
    quote = "Mallory steers the buoy lamps"
    response = client.get(at(about, quote))
    tree = html.fromstring(response.text)
    assert len(tree.xpath("//script")) == 1
    assert tree.xpath("//iframe | //form | //input | //article//img | //article//i | //b") == []
    assert not [name for element in tree.iter() for name in element.keys() if name.startswith("on") or name == "style"]
    shown = tree.text_content()
    for words in ("<script>window.hacked=1</script>", "![pixel](https://evil.test/pixel.png)", "**bold**"):
        assert words in shown
    assert "\u202e" not in response.text
    assert tree.xpath("//*[@class='sign']/@data-code") == ["U+202E", "U+202C"]
    hrefs = [href for href in tree.xpath("//@href") if "evil" in href or "javascript" in href.lower()]
    assert hrefs == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/read/no-such-document", 404),
        ("/read/..%2f..%2fetc%2fpasswd", 404),
        ("/read/%3Cscript%3E", 404),
        ("/read/" + "a" * 3000, 404),
        ("/read/harbour-accord?start=5", 400),
        ("/read/harbour-accord?start=5&end=999999", 400),
        ("/read/harbour-accord?start=%3Cscript%3E&end=9", 400),
        ("/read/harbour-accord?at=1-2,,", 400),
        ("/read/harbour-accord?sum=nonsense", 400),
    ],
)
def test_a_wrong_address_is_said_calmly(client: TestClient, path: str, status: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    if "%2f" in path:
        return
    assert "<script>" not in response.text
    tree = html.fromstring(response.text)
    assert tree.xpath("string(//h1)")
    assert "../" in tree.xpath("//main//a/@href")


def test_a_document_opens_without_a_place(client: TestClient) -> None:
    tree = html.fromstring(client.get("/read/harbour-accord").text)
    assert tree.xpath("//mark") == []
    assert "No place is marked" in tree.text_content()


def test_the_browsers_language_is_spoken(client: TestClient) -> None:
    tree = html.fromstring(client.get("/read/harbour-accord", headers={"accept-language": "fr-CH, en;q=0.5"}).text)
    assert tree.get("lang") == "fr"
    assert "17 mai 2019" in tree.text_content()
    assert tree.xpath("//article/@lang") == ["en"]


def test_nothing_inline_is_allowed_nor_needed(client: TestClient) -> None:
    response = client.get("/read/harbour-accord")
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"<style|<script(?! src)| style=| on\w+=", response.text)
    assert all(not address.startswith(("http", "/")) for address in re.findall(r'(?:src)="([^"]+)"', response.text))


def test_branding_shows(page_legation: Legation) -> None:
    branding = Branding.model_validate(
        {"name": "<Desk> & Co", "accent": {"light": "#7a1f3d"}, "privacy": {"en": "<b>Kept</b> nowhere."}}
    )
    for client in client_of(page_legation, branding):
        tree = html.fromstring(client.get("/read/harbour-accord").text)
        assert "<Desk> & Co" in tree.xpath("string(//title)")
        assert tree.xpath("string(//footer)").strip() == "<b>Kept</b> nowhere."
        css = client.get("/brand.css")
        assert css.headers["content-type"].startswith("text/css")
        assert "#7a1f3d" in css.text
        assert client.get("/logo").headers["content-type"] == "image/svg+xml"


def test_only_plain_addresses_are_official() -> None:
    about = Document(slug="a", title="A", url="http://example.org/a.pdf#x")
    assert pages._official(about, 3) == {
        "official": "http://example.org/a.pdf#page=3",
        "host": "example.org",
        "official_page": 3,
    }
    for url in ("javascript:alert(1)", "https://user@evil.test/", "ftp://example.org/a.pdf", "data:text/html,x", ""):
        assert pages._official(Document(slug="a", title="A", url=url), None)["official"] == ""


@pytest.mark.parametrize(
    ("status", "standing"),
    [("repealed by Directive (EU) 2022/2555", "over"), ("draft of 1 May", "draft"), ("in force", ""), ("", "")],
)
def test_a_status_that_no_longer_holds_stands_out(status: str, standing: str) -> None:
    assert render.standing(status) == standing
