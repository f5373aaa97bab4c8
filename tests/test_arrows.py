"""The arrows between packages point one way, and nothing heavy is imported before it is needed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "prompts": set(),
    "ingest": set(),
    "bot": {"ingest", "prompts"},
    "eval": {"bot", "ingest"},
}
HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "chromadb",
    "langchain_chroma",
    "gradio",
    "tantivy",
    "onnxruntime",
    "trafilatura",
}
FILES = sorted(path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Each imported module, wherever it is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when the module is imported: those of functions and of `if TYPE_CHECKING` do not."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from at_import(node.orelse)
            continue
        yield node
        for part in ("body", "orelse", "finalbody"):
            yield from at_import(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from at_import(handler.body)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_look_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_arrows(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    others = set(MAY_IMPORT) - MAY_IMPORT[package] - {package}
    for module, node in imports(tree):
        assert not module.startswith("."), f"line {node.lineno}: relative import of {module}"
        assert module.split(".")[0] not in others, f"line {node.lineno}: {package} must not import {module}"
        assert module.split(".")[0] != "tests", f"line {node.lineno}: tests are not for use"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    for statement in at_import(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for module, node in imports(statement):
                assert module.split(".")[0] not in HEAVY, f"line {node.lineno}: {module} is imported at the top"
