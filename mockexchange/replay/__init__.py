"""Replay: the same log gives the same state, and the same journal the same bytes.

A journal entry has the length of the log and both clocks at its answer, and an answer is a function of exactly these;
so every request can be repeated and its bytes compared. The frames of a stream are a function of the log and of the
commands of the client, so every stream can be repeated too.
"""

from mockexchange.replay.comparison import compare
from mockexchange.replay.log_replay import Replay, Step
from mockexchange.replay.recording import Recording, is_recorded, read_journal
from mockexchange.replay.verdicts import Deviation, Verdict

__all__ = ["Deviation", "Recording", "Replay", "Step", "Verdict", "compare", "is_recorded", "read_journal"]
