"""Implements the methods that return the time and the version, and the method `public/test`."""

from mockexchange.venues.deribit.context import clock_of
from mockexchange.venues.deribit.errors import GENERAL_ERROR, Rejected
from mockexchange.venues.deribit.formatting import milliseconds
from mockexchange.venues.deribit.resources import parameters
from mockexchange.venues.deribit.resources.call import Call, Operation
from mockexchange.venues.deribit.resources.parameters import Parameter

VERSION = '{"version":"1.2.26"}'


EXCEPTION = "exception"


EXPECTED_RESULT = Parameter(
    name="expected_result",
    kind="choice",
    choices=(EXCEPTION,),
    reason="invalid expected_result",
    source="openapi-2.1.1",
)


def get_time(call: Call) -> str:
    return milliseconds(clock_of(call.context.settings, call.at, call.host_at))


def test(call: Call) -> str:
    """Return the venue's version, or the error that the request asks for (its code is a choice: no source shows it)."""
    if call.params["expected_result"] == EXCEPTION:
        raise Rejected(GENERAL_ERROR, "expected_result=exception asks for an error")
    return VERSION


def hello(call: Call) -> str:
    return VERSION


OPERATIONS: tuple[Operation, ...] = (
    Operation(name="public/get_time", answer=get_time),
    Operation(name="public/test", answer=test, parameters=(EXPECTED_RESULT,)),
    Operation(
        name="public/hello",
        answer=hello,
        parameters=(parameters.text("client_name", required=True), parameters.text("client_version", required=True)),
    ),
)
