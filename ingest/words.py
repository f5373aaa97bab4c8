"""The word index: BM25 over passages and their titles, on disk, by tantivy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

TITLE_WEIGHT = 0.7  # of a match in the context line, against one in the text
_ANALYSER = "legation"


class Entry(NamedTuple):
    """One passage as the word index takes it."""

    id: str
    slug: str
    title: str
    text: str


class Words:
    """Passages by their words. Any text is a query: nothing in it is taken for query syntax."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def _index(self) -> Any:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("slug", stored=False, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("title", stored=False, tokenizer_name=_ANALYSER, index_option="freq")
        builder.add_text_field("text", stored=False, tokenizer_name=_ANALYSER, index_option="freq")
        self.folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(builder.build(), path=str(self.folder), reuse=True)
        index.register_tokenizer(_ANALYSER, self._analyser)
        return index

    @cached_property
    def _analyser(self) -> Any:
        from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

        builder = TextAnalyzerBuilder(Tokenizer.simple())
        for step in (
            Filter.remove_long(60),
            Filter.lowercase(),
            Filter.ascii_fold(),
            Filter.stopword("english"),
            Filter.stemmer("english"),
        ):
            builder = builder.filter(step)
        return builder.build()

    def replace(self, removed: Iterable[str], added: Iterable[Entry]) -> None:
        """Takes `removed` ids out and puts `added` in, in one commit."""
        import tantivy

        writer = self._index.writer(heap_size=50_000_000, num_threads=1)
        for name in removed:
            writer.delete_documents_by_term("id", name)
        for entry in added:
            writer.delete_documents_by_term("id", entry.id)
            writer.add_document(tantivy.Document(**entry._asdict()))
        writer.commit()
        writer.wait_merging_threads()
        self.reload()

    def reload(self) -> None:
        """Sees what another process has written."""
        self._index.reload()

    def count(self) -> int:
        """How many passages are in the index."""
        return int(self._index.searcher().num_docs)

    def ids(self) -> set[str]:
        """Every passage id in the index."""
        import tantivy

        searcher = self._index.searcher()
        hits = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs)).hits
        return {searcher.doc(address).get_first("id") for _, address in hits}

    def search(self, query: str, k: int, slugs: Sequence[str] | None = None) -> list[tuple[str, float]]:
        """The `k` best passage ids with BM25 scores, among the documents `slugs` where given."""
        from tantivy import Occur, Query

        schema = self._index.schema
        terms = dict.fromkeys(self._analyser.analyze(query))
        if not terms:
            return []
        should = []
        for term in terms:
            should.append((Occur.Should, Query.term_query(schema, "text", term)))
            should.append((Occur.Should, Query.boost_query(Query.term_query(schema, "title", term), TITLE_WEIGHT)))
        wanted = Query.boolean_query(should)
        if slugs is not None:
            only = Query.const_score_query(Query.term_set_query(schema, "slug", list(slugs)), 0.0)
            wanted = Query.boolean_query([(Occur.Must, wanted), (Occur.Must, only)])
        searcher = self._index.searcher()
        found = [
            (searcher.doc(address).get_first("id"), float(score)) for score, address in searcher.search(wanted, k).hits
        ]
        return sorted(found, key=lambda item: (-item[1], item[0]))
