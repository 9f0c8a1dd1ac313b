"""Implements the operations that read the weather indexes of the scenario's cities."""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation, write

MICROSECONDS_PER_MILLISECOND = 1_000


class Index(NamedTuple):
    """The published points of a city's weather index, oldest first."""

    city: str
    config_version: str
    points: Sequence[DataRow]
    units: str = "fahrenheit"


class Calibrations(NamedTuple):
    """The configurations with which a city's weather index was computed, oldest first."""

    city: str
    calibrations: Sequence[DataRow]
    units: str = "celsius"


def get_weather_index(call: Call) -> bytes:
    city = _city(call)
    earliest, latest = _window(call)
    points = [point for point in city.points if earliest <= point.t <= latest]
    shown = points if call.params["detailed"] else [point.replaced(stations=None) for point in points]
    return write(call, Index(city.city, city.config_version if points else "", shown))


def get_weather_index_calibrations(call: Call) -> bytes:
    city = _city(call)
    return write(call, Calibrations(city.city, city.calibrations))


def _city(call: Call) -> DataRow:
    """Return the city of the path. Raises Rejected, which is documented as a 400, if the scenario has no such city."""
    row = call.data.find("weather", call.path_params["city"])
    if row is None:
        message = f"there is no {call.path_params['city']!r} in weather: the scenario lists the cities"
        raise Rejected(Situation.CLASHING, message)
    return row


def _window(call: Call) -> tuple[int, int]:
    """Return the first and the last instant that are requested; nothing after the current time is published."""
    params = call.params
    begin, end, seconds = params["from"], params["to"], params["last_sec"]
    if seconds is not None and (begin is not None or end is not None):
        raise Rejected(Situation.CLASHING, "last_sec excludes from and to: ask for one kind of window")
    if seconds is not None:
        return call.at - seconds * MICROSECONDS_PER_SECOND, call.at
    earliest = 0 if begin is None else begin * MICROSECONDS_PER_MILLISECOND
    return earliest, call.at if end is None else min(call.at, end * MICROSECONDS_PER_MILLISECOND)


OPERATIONS = (
    PublicOperation(
        name="GetWeatherIndex",
        path="/live_data/weather/{city}",
        answer=get_weather_index,
        answer_table="GetWeatherIndexResponse",
    ),
    PublicOperation(
        name="GetWeatherIndexCalibrations",
        path="/live_data/weather/{city}/calibrations",
        answer=get_weather_index_calibrations,
        answer_table="GetWeatherIndexCalibrationsResponse",
    ),
)
