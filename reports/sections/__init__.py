"""One file a section of a report, each a function of a comparison."""
