"""Reports of a scored run: a terminal table, JSON, Markdown for a CI summary, JUnit XML; HTML is in `page`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from pydantic import BaseModel, ConfigDict
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from eval.compare import Comparison
from eval.lines import DataError, write
from eval.run import Run
from eval.score import Figure, Scores
from eval.text import listed

SUFFIX = {"json": "json", "md": "md", "html": "html", "junit": "xml"}
_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Bound(BaseModel):
    """A bound that was asked for, and whether it was kept."""

    model_config = ConfigDict(frozen=True)

    name: str
    limit: float
    over: bool = False
    value: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the figure is within the bound; a figure that could not be measured is not."""
        if self.value is None:
            return False
        return self.value <= self.limit if self.over else self.value >= self.limit

    def __str__(self) -> str:
        shown = "not measured" if self.value is None else f"{self.value:.3f}"
        return f"{self.name} {shown} ({'at most' if self.over else 'at least'} {self.limit:g})"


def number(value: float | None, name: str = "") -> str:
    """A figure as reports show it."""
    if value is None:
        return "–"
    return f"{value:.0f}" if name.endswith("_ms") or name.startswith("words_") else f"{value:.3f}"


def between(figure: Figure) -> str:
    """A figure's interval."""
    return "" if figure.low is None or figure.high is None else f"{figure.low:.3f}–{figure.high:.3f}"


def goal(figure: Figure) -> str:
    """A figure's goal."""
    return "" if figure.goal is None else f"{'≤' if figure.better == 'lower' else '≥'} {figure.goal:g}"


def met(figure: Figure) -> str:
    """Whether the goal is reached, in words: colour alone says nothing in print."""
    return {True: "met", False: "missed", None: ""}[figure.met]


def headline(scores: Scores) -> str:
    """One sentence: what became of the questions. Wrong answers always stand beside false refusals."""
    count = Counter(row.verdict for row in scores.rows)
    parts = [f"{count[word]} {shown}" for word, shown in _VERDICTS.items() if count[word]]
    return f"{scores.asked} questions: {', '.join(parts)}."


_VERDICTS = {
    "right": "right",
    "part": "right in part",
    "refused": "wrongly refused",
    "wrong": "wrong",
    "missing": "without an outcome",
}


def failures(scores: Scores) -> list[tuple[str, int]]:
    """How often questions failed where, most frequent first."""
    count = Counter(row.failure for row in scores.rows if row.failure)
    return sorted(count.items(), key=lambda item: (-item[1], item[0]))


def terminal(scores: Scores, bounds: Sequence[Bound] = (), comparison: Comparison | None = None) -> Group:
    """The scores for a terminal."""
    table = Table(title=f"{scores.run} · {scores.suite}", title_justify="left", pad_edge=False)
    for heading, justify in (
        ("metric", "left"),
        ("value", "right"),
        ("95 % interval", "left"),
        ("n", "right"),
        ("goal", "right"),
        ("", "left"),
    ):
        table.add_column(heading, justify="right" if justify == "right" else "left", no_wrap=heading != "")
    for figure in scores.figures:
        style = {True: "green", False: "red", None: ""}[figure.met]
        said = Text(f"{met(figure)} {figure.note}".strip(), style=style)
        table.add_row(
            figure.name, number(figure.value, figure.name), between(figure), str(figure.cases or ""), goal(figure), said
        )
    lines: list[RenderableType] = [table, Text(headline(scores))]
    if failed := failures(scores):
        lines.append(Text("Failed: " + ", ".join(f"{count} {name}" for name, count in failed)))
    lines += [
        Text(f"{figure.name} rests on a model, {figure.model}", style="yellow")
        for figure in scores.figures
        if figure.model
    ]
    if scores.unscored:
        lines.append(Text(f"Unscored: {listed(scores.unscored)}", style="red"))
    lines += [
        Text(f"{'kept' if bound.kept else 'MISSED'}: {bound}", style="" if bound.kept else "red") for bound in bounds
    ]
    if comparison is not None:
        lines.append(changes(comparison))
    return Group(*lines)


def changes(comparison: Comparison) -> Group:
    """A comparison for a terminal."""
    table = Table(title=f"{comparison.a} → {comparison.b}", title_justify="left", pad_edge=False)
    for heading in ("metric", "before", "after", "difference", "95 % interval", "p (Holm)", ""):
        table.add_column(heading, justify="left" if heading in ("metric", "") else "right")
    for change in comparison.changes:
        interval = "" if change.low is None or change.high is None else f"{change.low:+.3f} – {change.high:+.3f}"
        word = change.direction if change.significant else ""
        told = Text(f"significantly {word}" if word else "", style={"worse": "red", "better": "green"}.get(word, ""))
        p = "" if change.p is None else f"{change.p:.4f}"
        table.add_row(
            change.name,
            number(change.a, change.name),
            number(change.b, change.name),
            f"{change.difference:+.3f}",
            interval,
            p,
            told,
        )
    lines: list[Table | Text] = [table, *(Text(f"Note: {note}", style="yellow") for note in comparison.notes)]
    for kind, values in comparison.tags.items():
        shown = ", ".join(f"{value} {one:+.2f} → {two:+.2f}" for value, (one, two) in values.items() if one != two)
        lines += [Text(f"Truthfulness by {kind}: {shown}")] if shown else []
    lines.append(
        Text(
            f"{len(comparison.flips)} questions came out otherwise."
            if comparison.flips
            else "No question came out otherwise."
        )
    )
    lines += [Text(f"  {flip.id}: {flip.before} → {flip.after}: {flip.question}") for flip in comparison.flips]
    return Group(*lines)


def markdown(scores: Scores, bounds: Sequence[Bound] = (), comparison: Comparison | None = None) -> str:
    """The scores as Markdown."""
    lines = [
        f"## {_cell(scores.run)}",
        "",
        headline(scores),
        "",
        "| metric | value | 95 % interval | n | goal | |",
        "|---|---:|---|---:|---:|---|",
    ]
    for figure in scores.figures:
        cells = (
            figure.name,
            number(figure.value, figure.name),
            between(figure),
            str(figure.cases or ""),
            goal(figure),
            f"{met(figure)} {figure.note}",
        )
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    lines += [
        "",
        *(f"`{figure.name}` rests on a model, {_cell(figure.model)}." for figure in scores.figures if figure.model),
    ]
    if failed := failures(scores):
        lines += ["Failed: " + ", ".join(f"{count} {name}" for name, count in failed) + ".", ""]
    if scores.unscored:
        lines += [f"**Unscored:** {_cell(listed(scores.unscored))}", ""]
    lines += [f"- {'kept' if bound.kept else '**missed**'}: {bound}" for bound in bounds]
    if comparison is not None:
        lines += ["", compared(comparison)]
    return "\n".join(lines).rstrip() + "\n"


def compared(comparison: Comparison) -> str:
    """A comparison as Markdown."""
    lines = [
        f"### {_cell(comparison.a)} → {_cell(comparison.b)}",
        "",
        "| metric | before | after | difference | p (Holm) | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for change in comparison.changes:
        told = f"significantly {change.direction}" if change.significant and change.direction else ""
        p = "" if change.p is None else f"{change.p:.4f}"
        cells = (
            change.name,
            number(change.a, change.name),
            number(change.b, change.name),
            f"{change.difference:+.3f}",
            p,
            told,
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *(f"Note: {_cell(note)}" for note in comparison.notes)]
    lines += [f"- `{flip.id}`: {flip.before} → {flip.after}: {_cell(flip.question)}" for flip in comparison.flips]
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    """Text that cannot break out of a table cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def junit(run: Run, scores: Scores, bounds: Sequence[Bound] = ()) -> str:
    """The scores as JUnit XML: a test a question, and one a bound."""
    root = ElementTree.Element("testsuites", name=_xml(scores.run))
    suite = ElementTree.SubElement(root, "testsuite", name=_xml(scores.suite))
    questions = {q.id: q for q in run.questions}
    for row in scores.rows:
        saved = run.answers.get(row.id)
        seconds = (saved.timings_ms.get("total", 0.0) if saved else 0.0) / 1000
        case = ElementTree.SubElement(
            suite, "testcase", classname=_xml(f"{scores.suite}.{row.type}"), name=_xml(row.id), time=f"{seconds:.3f}"
        )
        if row.verdict == "right":
            continue
        kind = "error" if row.id in scores.unscored else "failure"
        told = ElementTree.SubElement(case, kind, message=_xml(row.failure or row.verdict), type=row.verdict)
        told.text = _xml(f"{questions[row.id].question}\n\n{(saved.text or saved.reason) if saved else ''}")
    for bound in bounds:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_xml(f"{scores.suite}.bounds"), name=_xml(bound.name), time="0.000"
        )
        if not bound.kept:
            ElementTree.SubElement(case, "failure", message=_xml(str(bound)), type="bound")
    for element in (suite, root):
        element.set("tests", str(len(scores.rows) + len(bounds)))
        element.set("failures", str(len(suite.findall("testcase/failure"))))
        element.set("errors", str(len(suite.findall("testcase/error"))))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _xml(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)


def rendered(
    kind: str,
    run: Run,
    scores: Scores,
    bounds: Sequence[Bound] = (),
    comparison: Comparison | None = None,
    threshold: float | None = None,
) -> str:
    """The report in one format."""
    if kind == "json":
        return scores.to_json()
    if kind == "md":
        return markdown(scores, bounds, comparison)
    if kind == "junit":
        return junit(run, scores, bounds)
    from eval.page import page

    return page(run, scores, bounds, comparison, threshold)


def formats(given: str) -> list[str]:
    """The formats of --format. DataError names an unknown one."""
    kinds = [kind.strip().lower() for kind in given.split(",") if kind.strip()]
    kinds = ["md" if kind == "markdown" else kind for kind in kinds]
    unknown = [kind for kind in kinds if kind not in SUFFIX]
    if unknown:
        raise DataError(f"--format {','.join(unknown)}: known are {', '.join(SUFFIX)}.")
    return list(dict.fromkeys(kinds))


def save(texts: dict[str, str], output: Path) -> list[Path]:
    """Writes the reports: one into the file `output`, when that has a suffix; else report.* into that folder."""
    if output.suffix and not output.is_dir():
        if len(texts) != 1:
            raise DataError(f"--output {output}: a file takes one format; give a folder for {', '.join(texts)}.")
        paths = {next(iter(texts)): output}
    else:
        if output.is_file():
            raise DataError(f"--output {output} is a file; give a folder for reports.")
        paths = {kind: output / f"report.{SUFFIX[kind]}" for kind in texts}
    for kind, path in paths.items():
        write(path, texts[kind])
    return list(paths.values())
