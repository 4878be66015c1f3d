"""Random hours, and what must hold in them; with each old fault put back, one of them shows it."""

import pytest
from faults_put_back import MUTATIONS, mutated
from histories import play, play_many
from watching import KINDS


def test_whatever_happens_in_an_hour_what_must_hold_does():
    figures, failures = play_many(300, first=1, jobs=2)
    assert not failures, "\n".join(failures)
    # Else they would show little.
    assert figures["of dead writers"] > 30
    assert figures["promotions by hand"] > 10


@pytest.mark.parametrize("fault", MUTATIONS)
def test_a_fault_that_is_put_back_shows(fault):
    mutation = MUTATIONS[fault]
    assert mutation.kind in KINDS
    assert play(mutation.story).broken == []
    assert mutation.kind in play(mutation.story, mutated(mutation)).broken_kinds()
