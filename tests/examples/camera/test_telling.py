"""What the events of one object say: the score of now while it goes on, its best at the end."""

from __future__ import annotations

from examples.camera.events.telling import Telling
from examples.camera.tracking import Sighting
from examples.camera.tracking.tracks import Track

BOX = (10.0, 10.0, 30.0, 50.0)


def test_a_start_and_an_update_tell_the_score_of_now_and_the_end_the_best() -> None:
    telling = Telling("face", update_s=1.0)
    track = Track(1, BOX, 0.4, 0.0, 0.0, best=0.4, confirmed=True)
    told = telling.step([track], [], 0, 0.0)
    for time_s, score in ((1.0, 0.9), (2.0, 0.5)):
        track.see(Sighting(BOX, score), time_s)
        told += telling.step([track], [], int(time_s), time_s)
    told += telling.step([], [track], 3, 3.0)
    assert [(event.what, event.score) for event in told] == [
        ("start", 0.4),
        ("update", 0.9),
        ("update", 0.5),
        ("end", 0.9),
    ]
