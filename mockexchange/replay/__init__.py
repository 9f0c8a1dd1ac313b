"""Replaying: the same log gives the same truth, and the same journal the same bytes.

A journal entry remembers how long the log was and what both clocks said when it was answered, and an answer is a
function of exactly that; so every request can be asked again and its bytes compared. A stream's frames are a function
of the log and of the commands that came in, so every stream can run again too.
"""

from mockexchange.replay.comparison import compare
from mockexchange.replay.log_replay import Replay, Step
from mockexchange.replay.recording import Recording, is_recorded, read_journal
from mockexchange.replay.verdicts import Deviation, Verdict

__all__ = ["Deviation", "Recording", "Replay", "Step", "Verdict", "compare", "is_recorded", "read_journal"]
