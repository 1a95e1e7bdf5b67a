"""Published figures derived anew, ours beside theirs, with tolerances fixed beforehand."""
