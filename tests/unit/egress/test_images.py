"""Pictures of strangers are decoded in a process that can do nothing else."""

import errno
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image as Picture

from ostiary.egress import image_decoder
from ostiary.egress.errors import FetchFailed
from ostiary.egress.fetcher import LOOPBACK, Egress
from ostiary.egress.images import ImageRefused, encode, fetch_image
from support.listener import listen, respond


def picture(kind="PNG"):
    content = io.BytesIO()
    Picture.new("RGB", (10, 10), 80).save(content, kind)
    return content.getvalue()


@pytest.fixture
async def egress():
    egress = Egress(LOOPBACK)
    yield egress
    await egress.aclose()


async def test_a_logo_is_fetched_and_encoded_anew(egress):
    answer = respond(picture("WEBP"), media_type="image/webp")
    async with listen(answer) as listener:
        content = await fetch_image(egress, f"http://127.0.0.1:{listener.port}/logo")
    assert content.startswith(b"\x89PNG")


async def test_ss_01_no_logo_is_fetched_from_inside():
    egress = Egress()
    async with listen(respond(picture())) as canary:
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(FetchFailed):
                await fetch_image(egress, f"https://{host}:{canary.port}/logo.png")
        assert canary.hits == 0
    await egress.aclose()


async def test_az_24_an_svg_is_not_even_read(egress):
    answer = respond(b"<svg/>", media_type="image/svg+xml")
    async with listen(answer) as listener:
        with pytest.raises(FetchFailed):
            await fetch_image(egress, f"http://127.0.0.1:{listener.port}/logo.svg")


async def test_a_type_that_lies_is_found_out(egress):
    answer = respond(b"<svg/>", media_type="image/png")
    async with listen(answer) as listener:
        with pytest.raises(ImageRefused):
            await fetch_image(egress, f"http://127.0.0.1:{listener.port}/logo.png")


def test_the_decoder_is_held_to_its_limits():
    """What it may use is measured within it, after it has limited itself."""
    program = (
        "import json, resource, runpy, sys\n"
        f"runpy.run_path({str(Path(image_decoder.__file__))!r})['limit']()\n"
        "kinds = ('AS', 'CPU', 'CORE', 'FSIZE')\n"
        "found = {k: resource.getrlimit(getattr(resource, 'RLIMIT_' + k)) for k in kinds}\n"
        "print(json.dumps(found))\n"
        "try:\n    bytearray(1 << 30)\nexcept MemoryError:\n    print('no memory')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, check=True, text=True
    )
    limits, memory = ran.stdout.splitlines()
    assert json.loads(limits) == {
        "AS": [image_decoder.MEMORY] * 2,
        "CPU": [image_decoder.SECONDS] * 2,
        "CORE": [0, 0],
        "FSIZE": [0, 0],
    }
    assert memory == "no memory"


def test_ad_13_nothing_can_be_opened_while_a_picture_is_decoded():
    """Whoever finds a hole in a decoder reaches neither a file nor another machine from there."""
    program = (
        "import runpy, socket\n"
        f"runpy.run_path({str(Path(image_decoder.__file__))!r})['close']()\n"
        "for reach in (lambda: open('/etc/passwd'), socket.socket):\n"
        "    try:\n        reach()\n    except OSError as error:\n        print(error.errno)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, check=True, text=True
    )
    assert ran.stdout.split() == [str(errno.EMFILE)] * 2


async def test_pictures_of_every_make_are_taken():
    """What Pillow reads only for some of them is there, too."""
    turned = Picture.Exif()
    turned[0x0112] = 6  # lies on its side
    made = []
    for kind in ("PNG", "JPEG", "WEBP"):
        content = io.BytesIO()
        Picture.new("RGB", (20, 10), 80).save(content, kind, exif=turned)
        made.append(content.getvalue())
    moving = [Picture.new("P", (10, 20), shade) for shade in range(5)]
    for kind in ("GIF", "WEBP", "PNG"):
        content = io.BytesIO()
        moving[0].save(content, kind, save_all=True, append_images=moving[1:])
        made.append(content.getvalue())
    for mode in ("L", "LA", "P", "1", "I;16"):
        content = io.BytesIO()
        Picture.new(mode, (10, 20)).save(content, "PNG")
        made.append(content.getvalue())
    for content in made:
        with Picture.open(io.BytesIO(await encode(content))) as shown:
            assert (shown.format, shown.size, shown.mode) == ("PNG", (10, 20), "RGBA")
            assert not shown.getexif()


async def test_ad_13_pictures_that_are_larger_than_they_look_are_refused():
    """Few bytes, many pixels: refused by what the header says, before anything is unpacked."""
    content = io.BytesIO()
    Picture.new("1", (20_000, 20_000)).save(content, "PNG")
    assert len(content.getvalue()) < 100_000
    with pytest.raises(ImageRefused):
        await encode(content.getvalue())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_usual_pictures_are_taken(kind):
    with Picture.open(io.BytesIO(await encode(picture(kind)))) as shown:
        assert (shown.format, shown.size) == ("PNG", (10, 10))
