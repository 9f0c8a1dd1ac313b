"""Write the animation at the top of the README: the console's screens one after the other, as an animated PNG.

python -m tools.write_console_animation

Frames are reduced to one palette of 256 colours, so that the file stays small. Only the standard library encodes it.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tools.write_console_shots import CHROMIUM, IMAGES, opened, served, traffic

TARGET = IMAGES / "console-tour.png"
WIDTH, HEIGHT = 960, 540
FRAME_MS = 1_900
STORY: tuple[tuple[str, str], ...] = (
    ("requests", ""),
    ("requests", "w"),
    ("accounts", ""),
    ("orders", ""),
    ("streams", "w"),
    ("script", ""),
    ("scenario", ""),
)
"""Each frame: the screen, and the key that is pressed there."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS_MAX = 256
CHANNEL_BITS = 5
Pixels = bytes
"""Three bytes a pixel, row by row."""


class Picture(NamedTuple):
    width: int
    height: int
    pixels: Pixels


def main() -> None:
    from playwright.sync_api import sync_playwright

    with served() as ready, traffic(ready), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        pictures = [decoded(raw) for raw in frames(browser, ready)]
        browser.close()
    TARGET.write_bytes(animated(pictures))
    print(TARGET.name, TARGET.stat().st_size)


def frames(browser: Any, ready: dict[str, Any]) -> Iterator[bytes]:
    for screen, key in STORY:
        page = opened(browser, ready, screen, WIDTH, HEIGHT, "light")
        if key:
            page.keyboard.press(key)
            page.wait_for_timeout(600)
        yield page.screenshot()
        page.close()


def decoded(raw: bytes) -> Picture:
    """Decode a PNG of 8 bits a channel, RGB or RGBA, as Chromium writes it."""
    chunks = list(_chunks(raw))
    width, height, _, colour_type = struct.unpack(">IIBB", chunks[0][1][:10])
    channels = 4 if colour_type == 6 else 3
    lines = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    stride = width * channels
    before, pixels = bytes(stride), bytearray()
    for row in range(height):
        start = row * (stride + 1)
        before = _unfiltered(lines[start], lines[start + 1 : start + 1 + stride], before, channels)
        pixels += before if channels == 3 else bytes(byte for at, byte in enumerate(before) if at % 4 != 3)
    return Picture(width, height, bytes(pixels))


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(raw):
        (size,) = struct.unpack(">I", raw[place : place + 4])
        yield raw[place + 4 : place + 8], raw[place + 8 : place + 8 + size]
        place += size + 12


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    """Undo the filter of a row (PNG, section 9)."""
    if kind == 0:
        return line
    out = bytearray(line)
    for at in range(len(out)):
        left = out[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        out[at] = (out[at] + _predicted(kind, left, above[at], corner)) & 0xFF
    return bytes(out)


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    match kind:
        case 1:
            return left
        case 2:
            return up
        case 3:
            return (left + up) // 2
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))


def animated(pictures: Sequence[Picture]) -> bytes:
    """Encode pictures of one size as an animated PNG with one palette, which repeats for ever."""
    rough = [_rough(picture.pixels) for picture in pictures]
    palette = [colour for colour, _ in Counter(one for pixels in rough for one in pixels).most_common(COLOURS_MAX)]
    index = {colour: at for at, colour in enumerate(palette)}
    first = pictures[0]
    head = struct.pack(">IIBBBBB", first.width, first.height, 8, 3, 0, 0, 0)
    parts = [SIGNATURE, _chunk(b"IHDR", head), _chunk(b"acTL", struct.pack(">II", len(pictures), 0))]
    parts.append(_chunk(b"PLTE", b"".join(bytes(colour) for colour in palette)))
    number = 0
    for place, pixels in enumerate(rough):
        control = struct.pack(">IIIIIHHBB", number, first.width, first.height, 0, 0, FRAME_MS, 1_000, 0, 0)
        parts.append(_chunk(b"fcTL", control))
        number += 1
        data = zlib.compress(_lines([_nearest(one, index, palette) for one in pixels], first.width), 9)
        if place == 0:
            parts.append(_chunk(b"IDAT", data))
        else:
            parts.append(_chunk(b"fdAT", struct.pack(">I", number) + data))
            number += 1
    return b"".join([*parts, _chunk(b"IEND", b"")])


Colour = tuple[int, int, int]


def _rough(pixels: Pixels) -> list[Colour]:
    """Return the colours with fewer bits a channel, so that shades of antialiasing fall together."""
    lost = 8 - CHANNEL_BITS
    table = bytes(min(255, (one >> lost << lost) + (0xFF >> CHANNEL_BITS)) if one < 0xF8 else one for one in range(256))
    coarse = pixels.translate(table)
    return list(zip(coarse[::3], coarse[1::3], coarse[2::3], strict=True))


def _nearest(colour: Colour, index: dict[Colour, int], palette: Sequence[Colour]) -> int:
    """Return the place of the nearest colour, and remember it."""
    found = index.get(colour)
    if found is None:
        distance = [sum((a - b) ** 2 for a, b in zip(colour, one, strict=True)) for one in palette]
        found = index[colour] = distance.index(min(distance))
    return found


def _lines(places: Sequence[int], width: int) -> bytes:
    """Return the rows of a picture, each with the filter 0, which suits palettes best."""
    raw = bytes(places)
    return b"".join(b"\x00" + raw[start : start + width] for start in range(0, len(raw), width))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    main()
