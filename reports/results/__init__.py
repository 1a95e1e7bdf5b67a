"""The results of all studies in one document: `python -m reports.results` writes it from the store."""
