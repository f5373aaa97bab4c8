"""The site widget: a launcher for other people's pages, and the small page that it frames."""
