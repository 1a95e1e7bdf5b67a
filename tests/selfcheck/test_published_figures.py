"""What was published comes out here too, and it is said where it does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.selfcheck import __main__ as command
from harness.selfcheck.finding import Finding, printed, within


@pytest.mark.parametrize("check", command.CHECKS)
def test_published_figures_come_out(check: Callable[[], list[Finding]]) -> None:
    found = check()
    assert found
    for finding in found:
        assert finding.agrees, command.line(finding)


def test_a_figure_that_does_not_come_out_is_named_and_ends_with_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = Finding("Somebody 1999", "a number", "0.5", 0.5, 0.45, 0.55)
    monkeypatch.setattr(command, "CHECKS", (lambda: [right, replace(right, ours=0.56)],))
    assert command.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("agrees")
    assert lines[1].endswith("DIFFERS")
    assert lines[2] == "1 of 2 figures agree with what was published"


def test_a_printed_figure_allows_half_a_unit_of_its_last_digit() -> None:
    assert not printed("", "", "0.09", 0.0849).agrees
    assert printed("", "", "0.09", 0.0851).agrees
    assert printed("", "", "-0.794", -0.7944).agrees
    assert not printed("", "", "-0.794", -0.7946).agrees


def test_a_factor_allows_as_much_above_as_below() -> None:
    assert [within("", "", 0.2, ours, 2).agrees for ours in (0.09, 0.11, 0.39, 0.41)] == [
        *(False, True),
        *(True, False),
    ]
