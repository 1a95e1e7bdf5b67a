"""``make bench``: print and write how long an update takes, beside scikit-learn and PyTorch."""

from pathlib import Path

from benchmarks.updates import measure, table

OUTPUT = Path("benchmarks/output/updates.md")


def main() -> None:
    """Measure, print and write."""
    text = table(measure())
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
