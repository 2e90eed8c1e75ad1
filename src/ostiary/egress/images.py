"""Pictures of strangers: fetched, decoded far from everything else, and encoded anew."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from ostiary.egress import image_decoder
from ostiary.egress.fetcher import Egress
from ostiary.egress.image_decoder import MAX_INPUT
from ostiary.egress.limits import Limits

MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
# Starting the decoder takes part of it.
_SECONDS = 20
_AT_ONCE = asyncio.Semaphore(2)


class ImageRefused(Exception):
    """The content is no picture that can be shown; the message says what can be."""

    def __init__(self) -> None:
        super().__init__(
            "must be a PNG, JPEG, WebP or GIF picture of at most 1 MiB and 16 million pixels"
            " (SVG is not taken)"
        )


async def fetch_image(egress: Egress, url: str) -> bytes:
    """Return what stands at an address, as a PNG of our own making.

    Raises:
        FetchFailed: the address is refused, or does not answer with a picture.
        ImageRefused: what it answers is no picture that can be shown.
    """
    fetched = await egress.fetch(url, accept=MEDIA_TYPES, limits=Limits(body=MAX_INPUT))
    return await encode(fetched.body)


async def encode(content: bytes) -> bytes:
    """Decode a picture in a process of its own, and return it as a PNG.

    Raises:
        ImageRefused: it is none, too large, or takes too much time or memory.
    """
    if not content or len(content) > MAX_INPUT:
        raise ImageRefused
    async with _AT_ONCE:
        decoder = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(Path(image_decoder.__file__)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
        )
        try:
            async with asyncio.timeout(_SECONDS):
                encoded, _ = await decoder.communicate(content)
        except TimeoutError:
            raise ImageRefused from None
        finally:
            with suppress(ProcessLookupError):
                decoder.kill()
            await decoder.wait()
    if decoder.returncode != 0 or not encoded:
        raise ImageRefused
    return encoded
