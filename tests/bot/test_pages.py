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
from ingest.documents import Document, LibraryError
from ingest.failures import Failure

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
    assert "../library" in tree.xpath("//main//a/@href")


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


def test_the_library_shows_what_it_holds(client: TestClient) -> None:
    tree = html.fromstring(client.get("/library").text)
    words = " ".join(tree.text_content().split())
    assert "3 documents" in words
    assert "From 2019 to 2022." in words
    hrefs = set(tree.xpath("//ul[@class='documents']//a/@href"))
    assert hrefs == {"read/harbour-accord", "read/lighthouse-statement", "read/hostile-memo"}
    assert tree.xpath("//select/@name") == ["publisher", "kind", "year", "status", "by"]
    assert "2021" in tree.xpath("string(//table)")
    (picture,) = tree.xpath("//svg[@role='img']/@aria-label")
    assert picture == "Documents by year, from 2019 to 2022; most in 2019: 1."


def test_the_library_is_narrowed_and_searched(client: TestClient) -> None:
    def held(query: str) -> list[str]:
        return html.fromstring(client.get(f"/library?{query}").text).xpath("//ul[@class='documents']//a/@href")

    assert held("q=ACCORD%20ports") == ["read/harbour-accord"]
    assert held("year=2022") == ["read/lighthouse-statement"]
    assert held("kind=treaty&publisher=Conference+of+Ports") == ["read/harbour-accord"]
    assert held("kind=treaty&year=2022") == []
    assert held("status=-") == ["read/lighthouse-statement"]
    tree = html.fromstring(client.get("/library?q=nothing+of+the+sort").text)
    assert "No document fits" in tree.text_content()
    assert tree.xpath("//main//a/@href")[:2] == ["library", "library/search?q=nothing+of+the+sort"]


@pytest.mark.parametrize(
    "query",
    [
        "q=%3Cscript%3Ealert(1)%3C/script%3E",
        "kind=%22%3E%3Cscript%3E",
        "page=99999999",
        "page=-1",
        "page=%D9%A3",
        "by=__class__",
        "q=" + "x" * 5000,
        "year=soon",
        "q=%00%ff",
    ],
)
def test_any_query_shows_the_library(client: TestClient, query: str) -> None:
    response = client.get(f"/library?{query}")
    assert response.status_code == 200
    assert len(html.fromstring(response.text).xpath("//script")) == 1


def test_hostile_documents_on_the_library_page_are_text(client: TestClient) -> None:
    tree = html.fromstring(client.get("/library").text)
    assert tree.xpath("//iframe | //main//img | //b") == []
    assert "<img src=x onerror=" in tree.text_content()
    assert not [name for element in tree.iter() for name in element.keys() if name.startswith("on") or name == "style"]


def test_the_texts_are_searched_and_lead_to_their_places(client: TestClient) -> None:
    tree = html.fromstring(client.get("/library/search?q=ransom+payments").text)
    first = tree.xpath("//ol//a/@href")[0]
    assert first.startswith("../read/lighthouse-statement?start=")
    shown = html.fromstring(client.get(first.removeprefix("..").partition("#")[0]).text)
    assert "ransom" in shown.xpath("string(//mark)")
    assert "changed" not in " ".join(shown.xpath("//p[@class='warning']//text()"))


def test_words_that_cannot_be_searched_are_said(client: TestClient) -> None:
    assert client.get("/library/search").status_code == 200
    response = client.get("/library/search?q=%3F%21")
    assert response.status_code == 422
    assert "cannot be searched" in response.text


def test_what_failed_is_told_without_places_of_this_machine(
    page_legation: Legation, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Failure(name="/home/anna/papers/<b>bad.pdf", reason="/home/anna/papers/<b>bad.pdf: it is cut short.")
    monkeypatch.setattr(pages, "failures", lambda folder: [one])
    for client in client_of(page_legation):
        shown = html.fromstring(client.get("/library").text).text_content()
        assert "1 input could not be read" in shown
        assert "<b>bad.pdf: it is cut short." in shown
        assert "anna" not in shown
    in_public = Legation(page_legation.index, page_legation.settings.model_copy(update={"public": True}))
    for client in client_of(in_public):
        assert "could not be read" not in client.get("/library").text


def test_a_library_that_cannot_be_read_is_said_calmly(
    page_legation: Legation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> list[Document]:
        raise LibraryError("/secret/place: the library is gone. Make it anew.")

    monkeypatch.setattr(page_legation.index, "documents", broken)
    for client in client_of(page_legation):
        for path in ("/library", "/read/harbour-accord"):
            response = client.get(path)
            assert response.status_code == 503
            assert "secret" not in response.text
    assert "secret" in caplog.text


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
