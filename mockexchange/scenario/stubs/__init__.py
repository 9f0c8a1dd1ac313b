"""The schema of stubs, for scenarios, the control API and the command line: a request pattern and its answer.

`{request: GET /trade-api/v2/milestones, json: {milestones: [], cursor: ""}, times: 2}`. Answers and steps may have
placeholders such as `$path.id`, which stand for values of the request. The log has each installed stub as the text
`Stub.written`.
"""

from mockexchange.scenario.stubs.request_pattern import RequestPattern
from mockexchange.scenario.stubs.schema import BODIES, BODY_BYTES_MAX, STUB, STUBS, Stub, StubStep

__all__ = ["BODIES", "BODY_BYTES_MAX", "STUB", "STUBS", "RequestPattern", "Stub", "StubStep"]
