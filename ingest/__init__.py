"""Documents in, passages out, the index kept."""
