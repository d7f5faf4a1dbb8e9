"""Afterword: language models that write, built, trained and questioned."""

__version__ = "0.1.0"
