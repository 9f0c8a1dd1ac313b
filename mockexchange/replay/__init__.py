"""Replays a run: rebuilds the state from a log, repeats the requests and streams of a journal, and compares bytes.

A journal entry has the length of the log and both clock times of its answer. An answer depends only on the request and
on these, so every request can be repeated and its bytes compared. The frames of a stream depend only on the log and on
the commands of the client, so every stream can be repeated too.
"""

from mockexchange.replay.comparison import compare
from mockexchange.replay.log_replay import Replay, Step
from mockexchange.replay.recording import Recording, is_recorded, read_journal
from mockexchange.replay.verdicts import Deviation, Verdict

__all__ = ["Deviation", "Recording", "Replay", "Step", "Verdict", "compare", "is_recorded", "read_journal"]
