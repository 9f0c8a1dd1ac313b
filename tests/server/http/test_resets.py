"""Clients that reset their connections while the server answers them."""

import logging
import socket

import pytest

from mockexchange.server.http.request_cycle import NO_LINGERING
from tests.server.live import Live
from tests.server.wire import ADDRESS, request

PIPELINE = request("GET", "/nowhere") * 500
ROUNDS = 8


def test_a_reset_in_the_middle_of_a_pipeline_is_no_mistake(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for number in range(ROUNDS):
            with socket.create_connection((ADDRESS, live.port)) as sock:
                sock.sendall(PIPELINE)
                sock.recv(number * 1_000 + 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
        assert live.control("GET", "/live").status == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
