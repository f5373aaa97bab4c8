"""Every prompt as a Markdown file with a version."""
