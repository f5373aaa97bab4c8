"""The looks of the page: colours that keep contrast AA in light and dark, and the fonts that the system has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes import Base

_FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")


def theme() -> Base:
    """The theme. Its colours are also what assets/page.css uses."""
    from gradio.themes import Base
    from gradio.themes.utils import colors, sizes

    made = Base(
        primary_hue=colors.blue,
        neutral_hue=colors.slate,
        radius_size=sizes.radius_md,
        spacing_size=sizes.spacing_md,
        font=list(_FONT),
        font_mono=list(_MONO),
    )
    return made.set(
        body_background_fill="#f6f8fa",
        body_background_fill_dark="#0f1620",
        body_text_color="#17212e",
        body_text_color_dark="#e6ecf3",
        body_text_color_subdued="#4a5868",
        body_text_color_subdued_dark="#a9b7c6",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#172130",
        background_fill_secondary="#f6f8fa",
        background_fill_secondary_dark="#121b27",
        block_background_fill="#ffffff",
        block_background_fill_dark="#172130",
        block_border_color="#ccd5df",
        block_border_color_dark="#33445a",
        border_color_primary="#ccd5df",
        border_color_primary_dark="#33445a",
        input_background_fill="#ffffff",
        input_background_fill_dark="#121b27",
        input_border_color="#76859a",
        input_border_color_dark="#71839a",
        input_border_color_focus="var(--own)",
        input_border_color_focus_dark="var(--own)",
        input_placeholder_color="#5a6879",
        input_placeholder_color_dark="#a0afbf",
        link_text_color="var(--own)",
        link_text_color_dark="var(--own)",
        link_text_color_hover="var(--own-hover)",
        link_text_color_hover_dark="var(--own-hover)",
        link_text_color_active="var(--own-hover)",
        link_text_color_active_dark="var(--own-hover)",
        link_text_color_visited="var(--own)",
        link_text_color_visited_dark="var(--own)",
        button_primary_background_fill="var(--own)",
        button_primary_background_fill_dark="var(--own)",
        button_primary_background_fill_hover="var(--own-hover)",
        button_primary_background_fill_hover_dark="var(--own-hover)",
        button_primary_text_color="var(--on-own)",
        button_primary_text_color_dark="var(--on-own)",
        button_primary_border_color="var(--own)",
        button_primary_border_color_dark="var(--own)",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#172130",
        button_secondary_background_fill_hover="#e8eff7",
        button_secondary_background_fill_hover_dark="#22324a",
        button_secondary_text_color="#17212e",
        button_secondary_text_color_dark="#e6ecf3",
        button_secondary_border_color="#76859a",
        button_secondary_border_color_dark="#71839a",
    )
