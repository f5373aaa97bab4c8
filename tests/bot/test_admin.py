"""Documents in and out by the admin's token: asked about at once, told what is wrong, closed to everybody else."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot import admin
from bot.ask import Legation
from bot.serve import application
from bot.settings import Settings

TOKEN = "t" * 40
MINE = {"authorization": f"Bearer {TOKEN}"}
DOCUMENT = {
    "slug": "ferry-rules",
    "title": "Ferry Rules",
    "kind": "law",
    "passages": [{"pinpoint": "Rule 7", "text": "A ferry shall report a stolen timetable within nine hours."}],
}


@pytest.fixture(scope="module")
def client(page_legation: Legation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = Path(shutil.copytree(page_legation.settings.data, tmp_path_factory.mktemp("admin") / "library"))
    with Legation.open(Settings(data=data, admin_token=TOKEN)) as legation:  # type: ignore[arg-type]
        with TestClient(application(legation, starters=()), base_url="http://127.0.0.1:7860") as client:
            yield client


def put(client: TestClient, *documents: Any) -> Any:
    return client.post("/api/admin/documents", json=list(documents), headers=MINE)


def test_a_document_is_taken_in_asked_about_and_taken_out(client: TestClient) -> None:
    assert put(client, DOCUMENT).json() == {"added": ["ferry-rules"], "changed": [], "unchanged": [], "failed": []}
    assert put(client, DOCUMENT).json()["unchanged"] == ["ferry-rules"]
    question = {"question": "Within how many hours shall a ferry report a stolen timetable?"}
    assert "nine hours" in client.post("/api/ask", json=question).json()["text"]
    changed = {
        **DOCUMENT,
        "passages": [{"pinpoint": "Rule 7", "text": "A ferry shall report a stolen timetable within two hours."}],
    }
    assert put(client, changed).json()["changed"] == ["ferry-rules"]
    assert "two hours" in client.post("/api/ask", json=question).json()["text"]
    assert client.delete("/api/v1/admin/documents/ferry-rules", headers=MINE).json() == {"removed": ["ferry-rules"]}
    assert client.get("/api/documents/ferry-rules").status_code == 404
    assert client.delete("/api/admin/documents/ferry-rules", headers=MINE).status_code == 404


@pytest.mark.parametrize(
    "body", [[], {}, [1], "x", [{"text": "a"}] * (admin.MOST + 1)], ids=["none", "object", "number", "word", "many"]
)
def test_what_is_no_list_of_documents_is_named(client: TestClient, body: Any) -> None:
    refused = client.post("/api/admin/documents", json=body, headers=MINE)
    assert refused.status_code == 422
    assert refused.json()["errors"]


def test_what_cannot_be_read_is_named_and_the_rest_is_taken(client: TestClient) -> None:
    told = put(client, {"slug": "no-text", "title": "Nothing"}, {**DOCUMENT, "slug": "good-one"}).json()
    assert told["added"] == ["good-one"]
    (reason,) = told["failed"]
    assert reason.startswith("documents.jsonl")
    assert "legation-admin" not in reason
    client.delete("/api/admin/documents/good-one", headers=MINE)


def test_one_writer_at_a_time(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    began, let_go = threading.Event(), threading.Event()

    def slow(*_: Any) -> dict[str, Any]:
        began.set()
        let_go.wait(20)
        return {}

    monkeypatch.setattr(admin, "_put", slow)
    first = threading.Thread(target=put, args=(client, DOCUMENT))
    first.start()
    assert began.wait(20)
    second = put(client, DOCUMENT)
    let_go.set()
    first.join(20)
    assert second.status_code == 503
    assert second.headers["retry-after"] == "60"


def test_nobody_else_may(client: TestClient) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}):
        assert client.post("/api/admin/documents", json=[DOCUMENT], headers=headers).status_code == 401
        assert client.delete("/api/admin/documents/harbour-accord", headers=headers).status_code == 401
    site = {**MINE, "origin": "https://evil.test"}
    assert client.post("/api/admin/documents", json=[DOCUMENT], headers=site).status_code == 403
