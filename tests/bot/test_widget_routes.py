"""The widget as it is served: small, marked, packed, fenced, and only in development with a page to try it on."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot import language
from bot.ask import Legation
from bot.branding import Branding
from bot.guard import Guard
from bot.serve import application
from bot.settings import Settings
from bot.suggest import Offers
from bot.widget import routes

SITE = "https://www.thinktank.example"
LAUNCHER, WHOLE = 3_000, 12_000  # bytes, packed


def client(branding: Branding | None = None, offered: tuple[str, ...] = (), **given: Any) -> TestClient:
    settings = Settings(**given)
    app = FastAPI()
    app.add_middleware(Guard, origins=settings.origins)
    app.include_router(routes.router(settings, branding or Branding(), lambda code: offered))
    return TestClient(app, base_url="http://127.0.0.1:7860")


@pytest.fixture(scope="module")
def plain() -> Iterator[TestClient]:
    with client() as made:
        yield made


@pytest.fixture(scope="module")
def listing() -> Iterator[TestClient]:
    with client(origins=(SITE,)) as made:
        yield made


def files(page: str) -> list[str]:
    return ["/" + found for found in re.findall(r'(?:src|href)="(widget/[^"]+)"', page)]


def given_to(page: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/json" id="given">(.*?)</script>', page)
    return dict(json.loads(found))


def test_the_launcher_and_everything_before_the_first_answer_are_small(plain: TestClient) -> None:
    questions = tuple(f"What does the Directive on the security of number {i} call for?" for i in range(4))
    for code in language.codes():
        for made in (plain, client(offered=questions)):
            page = made.get("/widget", params={"language": code}).text
            sizes = {name: len(gzip.compress(made.get(name).content, 9)) for name in ("/widget.js", *files(page))}
            sizes["/widget"] = len(gzip.compress(page.encode(), 9))
            assert len(sizes) == 4
            assert sizes["/widget.js"] <= LAUNCHER
            assert sum(sizes.values()) <= WHOLE, sizes


@pytest.mark.parametrize("path", ["/widget.js", "/widget", "/widget/chat.js", "/widget/chat.css", "/demo"])
def test_files_are_packed_and_marked(plain: TestClient, path: str) -> None:
    packed = plain.get(path, headers={"accept-encoding": "gzip"})
    bare = plain.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in bare.headers
    assert packed.content == bare.content
    assert "Accept-Encoding" in bare.headers["vary"]
    again = plain.get(path, headers={"if-none-match": bare.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == bare.headers["etag"]
    assert plain.get(path, headers={"if-none-match": 'W/"other"'}).status_code == 200


def test_what_changes_is_asked_about_and_what_cannot_is_kept(plain: TestClient) -> None:
    page = plain.get("/widget")
    assert page.headers["cache-control"] == "no-cache"
    assert "Accept-Language" in page.headers["vary"]
    for file in files(page.text):
        assert "immutable" in plain.get(file).headers["cache-control"]
    assert plain.get("/widget.js").headers["cache-control"] == "public, max-age=3600"


def test_the_page_runs_nothing_inline_and_only_listed_sites_may_frame_it(
    plain: TestClient, listing: TestClient
) -> None:
    for made, frames in ((plain, "frame-ancestors 'self'"), (listing, f"frame-ancestors 'self' {SITE}")):
        policy = made.get("/widget").headers["content-security-policy"].split("; ")
        assert policy[0] == "default-src 'none'"
        assert policy[-1] == frames
        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert not re.search(r"unsafe|nonce|\*|https?:(?!//www\.thinktank\.example)", " ".join(policy))
    text = plain.get("/widget").text
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", text) == []
    assert not re.search(r"<style|\sstyle=|\son\w+=", text)


def test_other_sites_may_load_the_launcher_and_frame_the_page_but_take_nothing_else(plain: TestClient) -> None:
    policies = {path: plain.get(path).headers for path in ("/widget.js", "/widget", "/widget/chat.js", "/widget/none")}
    resource = {path: headers["cross-origin-resource-policy"] for path, headers in policies.items()}
    assert resource == {
        "/widget.js": "cross-origin",
        "/widget": "cross-origin",
        "/widget/chat.js": "same-origin",
        "/widget/none": "same-origin",
    }
    for headers in policies.values():
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in headers["content-security-policy"]
        assert "set-cookie" not in headers


@pytest.mark.parametrize("name", ["none", "routes.py", "page.html", "..%2froutes.py", "__init__.py", "chat.js/x", ""])
def test_there_is_nothing_else(plain: TestClient, name: str) -> None:
    assert plain.get(f"/widget/{name}", follow_redirects=False).status_code in (307, 404)


def test_it_speaks_the_language_that_is_named_else_that_of_the_browser(plain: TestClient) -> None:
    for query, accept, code in [
        ("", "fr-CA,en;q=0.5", "fr"),
        ("", "de", "en"),
        ("?language=fr", "en", "fr"),
        ("?language=fr-CA", "en", "fr"),
        ("?language=xx", "fr", "fr"),
        ("?language=../../etc", "en", "en"),
    ]:
        page = plain.get(f"/widget{query}", headers={"accept-language": accept}).text
        assert f'<html lang="{code}" dir="ltr"' in page
        assert given_to(page)["words"]["ask"] == language.load(code)["widget.ask"]
    assert language.load("fr")["widget.launch"] in plain.get("/widget.js").text


def test_the_name_the_colours_the_words_and_the_questions_are_those_of_the_house() -> None:
    house = Branding.model_validate(
        {
            "name": "Desk </script><b> & Co",
            "accent": {"light": "#123456", "dark": "#aabbcc"},
            "welcome": {"en": "Welcome <!--", "fr": "Bienvenue"},
            "questions": {"en": ["What is a norm?"], "fr": ["Qu’est-ce qu’une norme ?"]},
            "privacy": "Nothing is kept.",
        }
    )
    made = client(house, ("Not this one?",))
    page = made.get("/widget", params={"language": "fr"}).text
    given = given_to(page)
    assert given["name"] == house.name
    assert (given["welcome"], given["privacy"]) == ("Bienvenue", "Nothing is kept.")
    assert given["questions"] == ["Qu’est-ce qu’une norme ?"]
    assert page.count("</script>") == 2
    assert "<b>" not in page
    assert "#123456" in made.get("/widget/chat.css").text
    assert given_to(client(offered=("This one?",)).get("/widget").text)["questions"] == ["This one?"]


def test_further_languages_have_questions_once_they_are_found_and_nobody_waits(page_legation: Legation) -> None:
    app = FastAPI()
    app.include_router(routes.router(Settings(), Branding(), Offers(page_legation, ("What is a port?",))))
    made = TestClient(app)

    def offered(code: str) -> list[str]:
        return list(given_to(made.get("/widget", params={"language": code}).text)["questions"])

    assert offered("fr") == []
    deadline = time.monotonic() + 60
    while not (found := offered("fr")) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found
    assert all(one.endswith(" ?") for one in found)
    assert offered("en") == ["What is a port?"]
    assert Offers(page_legation, ("A question of the house?",), further=False)("fr") == ("A question of the house?",)


def test_the_demo_is_for_development(listing: TestClient) -> None:
    found = listing.get("/demo")
    assert found.status_code == 200
    policy = found.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    public = client(public=True)
    assert public.get("/demo").status_code == 404
    assert public.get("/widget/demo.css").status_code == 404
    assert public.get("/widget").status_code == 200


def test_the_whole_server_has_them_and_in_public_no_demo(page_legation: Legation) -> None:
    public = page_legation.settings.model_copy(update={"public": True})
    for settings, status in ((page_legation.settings, 200), (public, 404)):
        app = application(Legation(page_legation.index, settings), starters=("What is a port?",))
        whole = TestClient(app, base_url="http://127.0.0.1:7860")
        assert whole.get("/widget").status_code == 200
        assert given_to(whole.get("/widget").text)["questions"] == ["What is a port?"]
        assert "Legation" in whole.get("/widget.js").text
        assert whole.get("/demo").status_code == status
        assert whole.post("/widget").status_code in (404, 405)
