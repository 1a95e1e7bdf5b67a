"""Timings side by side with peers; ratios, never tests."""
