"""Weather indexes of cities: published points, and the configurations with which an index is computed."""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import TEXT
from mockexchange.venues.kalshi.named_days import AUTUMN_2026
from mockexchange.venues.kalshi.resources.fields import list_of
from mockexchange.venues.kalshi.resources.scenario_reads import (
    Asked,
    Column,
    Objects,
    Read,
    always,
    fields_of,
    flag,
    maybe,
    milliseconds,
    nested,
    texts,
    unshown,
)

MICROSECONDS_PER_MILLISECOND = 1_000
DAILY, SDK = "docs-daily", "sdk-3.34"

_READING: tuple[Column, ...] = (
    always("station_id", "text", source=DAILY),
    always("code", "text", source=DAILY),
    maybe("source", "text", source=DAILY),
    maybe("temp_f", "number", source=DAILY),
    milliseconds(maybe("obs_time_ms", "instant", source=DAILY)),
    milliseconds(maybe("received_at_ms", "instant", source=DAILY)),
    maybe("primary_code", "text", source=DAILY),
)
_POINT: tuple[Column, ...] = (
    milliseconds(always("t", "instant", source=DAILY)),
    maybe("v", "number", source=DAILY),
    always("status", "text", source=DAILY),
    maybe("contributors", "integer", source=DAILY),
    maybe("receipt_basis", "text", since=AUTUMN_2026, source=SDK),
    nested("stations", "WeatherIndexStationReading", _READING, empty="absent", source=DAILY),
)
_STATION: tuple[Column, ...] = (
    always("station_id", "text", source=SDK),
    always("weight", "number", source=SDK),
    always("offset_c", "number", source=SDK),
    maybe("update_note", "text", source=SDK),
)
_CALIBRATION: tuple[Column, ...] = (
    always("config_version", "text", source=SDK),
    milliseconds(maybe("published_at_ms", "instant", source=SDK)),
    milliseconds(always("effective_at_ms", "instant", source=SDK)),
    maybe("change_reason", "text", source=SDK),
    milliseconds(maybe("calibration_window_start_ms", "instant", source=SDK)),
    milliseconds(maybe("calibration_window_end_ms", "instant", source=SDK)),
    always("city_reference_c", "number", source=SDK),
    nested("stations", "WeatherIndexCalibrationStation", _STATION, source=SDK),
)
WEATHER = Objects(
    "weather",
    "",
    (
        unshown("city", "text"),
        unshown("config_version", "text", default=""),
        unshown("points", "rows", columns=_POINT, default=()),
        unshown("calibrations", "rows", columns=_CALIBRATION, default=()),
    ),
    ("city",),
)


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


def index_of(call: Asked) -> Index:
    city = _city(call)
    earliest, latest = _window(call)
    points = [point for point in city.points if earliest <= point.t <= latest]
    shown = points if call.params["detailed"] else [point.replaced(stations=None) for point in points]
    return Index(city.city, city.config_version if points else "", shown)


def calibrations_of(call: Asked) -> Calibrations:
    city = _city(call)
    return Calibrations(city.city, city.calibrations)


def _city(call: Asked) -> DataRow:
    """Return the city of the path. Raises Rejected, which is documented as a 400, if the scenario has no such city."""
    row = call.data.find("weather", call.path_params["city"])
    if row is None:
        message = f"there is no {call.path_params['city']!r} in weather: the scenario lists the cities"
        raise Rejected(Situation.CLASHING, message)
    return row


def _window(call: Asked) -> tuple[int, int]:
    """Return the first and the last instant that are requested; nothing after the current time is published."""
    params = call.params
    begin, end, seconds = params["from"], params["to"], params["last_sec"]
    if seconds is not None and (begin is not None or end is not None):
        raise Rejected(Situation.CLASHING, "last_sec excludes from and to: ask for one kind of window")
    if seconds is not None:
        return call.at - seconds * MICROSECONDS_PER_SECOND, call.at
    earliest = 0 if begin is None else begin * MICROSECONDS_PER_MILLISECOND
    return earliest, call.at if end is None else min(call.at, end * MICROSECONDS_PER_MILLISECOND)


_HEAD = (
    Field(name="city", spelling=TEXT, read="city", source=DAILY),
    Field(name="units", spelling=TEXT, read="units", source=DAILY),
)
TABLES = (WEATHER,)
READS = (
    Read(
        name="GetWeatherIndex",
        path="/live_data/weather/{city}",
        answer=(
            *_HEAD,
            Field(name="config_version", spelling=TEXT, read="config_version", source=DAILY),
            list_of("timeseries", "WeatherIndexPoint", fields_of(_POINT), read="points", source=DAILY),
        ),
        parameters=(
            *texts("from", "to", "last_sec", kind="integer", source=DAILY),
            flag("detailed", source=DAILY),
        ),
        make=index_of,
    ),
    Read(
        name="GetWeatherIndexCalibrations",
        path="/live_data/weather/{city}/calibrations",
        answer=(*_HEAD, list_of("calibrations", "WeatherIndexCalibration", fields_of(_CALIBRATION), source=SDK)),
        make=calibrations_of,
    ),
)
