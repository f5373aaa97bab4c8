"""Suites, metrics, runs and reports: judges bot from outside."""
