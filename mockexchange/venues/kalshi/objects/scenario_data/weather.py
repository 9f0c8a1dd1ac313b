"""Defines the columns of weather indexes of cities in a scenario: published points and configurations.

An index is computed with a configuration.
"""

from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.dates import AUTUMN_2026
from mockexchange.venues.kalshi.formatting import TEXT
from mockexchange.venues.kalshi.objects.rows import list_of
from mockexchange.venues.kalshi.objects.scenario_data.columns import (
    Column,
    always,
    fields_of,
    maybe,
    milliseconds,
    nested,
    unshown,
)

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
WEATHER_INDEX_STATION_READING: tuple[Field, ...] = fields_of(_READING)
_POINT: tuple[Column, ...] = (
    milliseconds(always("t", "instant", source=DAILY)),
    maybe("v", "number", source=DAILY),
    always("status", "text", source=DAILY),
    maybe("contributors", "integer", source=DAILY),
    maybe("receipt_basis", "text", since=AUTUMN_2026, source=SDK),
    nested("stations", "WeatherIndexStationReading", _READING, empty="absent", source=DAILY),
)
WEATHER_INDEX_POINT: tuple[Field, ...] = fields_of(_POINT)
_STATION: tuple[Column, ...] = (
    always("station_id", "text", source=SDK),
    always("weight", "number", source=SDK),
    always("offset_c", "number", source=SDK),
    maybe("update_note", "text", source=SDK),
)
WEATHER_INDEX_CALIBRATION_STATION: tuple[Field, ...] = fields_of(_STATION)
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
WEATHER_INDEX_CALIBRATION: tuple[Field, ...] = fields_of(_CALIBRATION)
_CITY: tuple[Column, ...] = (
    unshown("city", "text"),
    unshown("config_version", "text", default=""),
    unshown("points", "rows", columns=_POINT, default=()),
    unshown("calibrations", "rows", columns=_CALIBRATION, default=()),
)
WEATHER = DataTable(_CITY, ("city",))

_HEAD = (
    Field(name="city", spelling=TEXT, read="city", source=DAILY),
    Field(name="units", spelling=TEXT, read="units", source=DAILY),
)
GET_WEATHER_INDEX_RESPONSE: tuple[Field, ...] = (
    *_HEAD,
    Field(name="config_version", spelling=TEXT, read="config_version", source=DAILY),
    list_of("timeseries", "WeatherIndexPoint", WEATHER_INDEX_POINT, read="points", source=DAILY),
)
GET_WEATHER_INDEX_CALIBRATIONS_RESPONSE: tuple[Field, ...] = (
    *_HEAD,
    list_of("calibrations", "WeatherIndexCalibration", WEATHER_INDEX_CALIBRATION, source=SDK),
)
