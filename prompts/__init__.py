"""Every prompt as a Markdown file with a version, and the one loader. Prompt text stands nowhere else."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field

_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_SLOT = re.compile(r"\{\{(\w+)\}\}")


class Prompt(BaseModel):
    """A prompt: what it is for, its version, and its text with places such as {{question}} to fill."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    version: int = Field(ge=1)
    purpose: str = Field(min_length=1)
    text: str = Field(min_length=1)

    @property
    def slots(self) -> frozenset[str]:
        """The names of the places to fill."""
        return frozenset(_SLOT.findall(self.text))

    def filled(self, **values: str) -> str:
        """The text with every place filled, each once: a value that looks like a place stays as it is."""
        if set(values) != self.slots:
            raise ValueError(f"prompt {self.name} takes {sorted(self.slots)}, not {sorted(values)}")
        return _SLOT.sub(lambda slot: values[slot.group(1)], self.text)


@cache
def load(name: str) -> Prompt:
    """The prompt of that name. ValueError when its file has no front matter."""
    raw = resources.files("prompts").joinpath(f"{name}.md").read_text(encoding="utf-8")
    found = _FRONT.match(raw)
    if not found:
        raise ValueError(f"prompts/{name}.md: no front matter between two lines of ---")
    return Prompt(name=name, text=found.group(2).strip(), **yaml.safe_load(found.group(1)))
