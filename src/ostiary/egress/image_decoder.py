"""A program of its own: reads a picture from standard input, writes a PNG of it.

What strangers send is decoded here, with little memory, little time, no files and nothing
of the server in reach. Run by `ostiary.egress.images`; it imports nothing of Ostiary.
"""

import importlib
import resource
import sys

MAX_INPUT = 1_048_576
MAX_PIXELS = 16_000_000
# What a page has room for, at twice the density.
LARGEST = (512, 192)
MAX_OUTPUT = 262_144
MEMORY = 768 * 1_048_576
SECONDS = 5
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
REFUSED = 3


def limit() -> None:
    """Take away from this process what it does not need."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def close() -> None:
    """Open nothing from now on: no file, no connection, no pipe."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def main() -> None:
    """Decode, scale down, and encode anew, without anything that was not a pixel."""
    limit()
    import io  # noqa: PLC0415 - after the limits

    from PIL import Image, ImageOps  # noqa: PLC0415 - after the limits

    # All that Pillow would look for later: formats, frames of GIF, and what reads EXIF.
    Image.preinit()
    for name in ("copy", "PIL.TiffImagePlugin", "PIL.WebPImagePlugin"):
        importlib.import_module(name)
    close()
    content = sys.stdin.buffer.read(MAX_INPUT + 1)
    if len(content) > MAX_INPUT:
        sys.exit(REFUSED)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                sys.exit(REFUSED)
            pixels = ImageOps.exif_transpose(picture).convert("RGBA")
    except Exception:  # noqa: BLE001 - whatever a decoder makes of what strangers send
        sys.exit(REFUSED)
    pixels.info.clear()
    width, height = LARGEST
    while True:
        pixels.thumbnail((width, height))
        encoded = io.BytesIO()
        pixels.save(encoded, "PNG", optimize=True)
        if encoded.tell() <= MAX_OUTPUT:
            break
        width, height = width // 2, height // 2
    sys.stdout.buffer.write(encoded.getvalue())


if __name__ == "__main__":
    main()
