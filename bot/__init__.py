"""A question in, a checked answer out; and the ways to reach it."""
