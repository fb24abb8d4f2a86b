"""laurel-render: what the program that draws may not do, and that its pictures can be read by others."""
import pathlib
import re
import subprocess
import time
import zlib

import pytest

from support import laurel

SVG = (b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><path fill="#ff0000" d="M0 0h1v2H0z"/>'
       b'<path fill="#0000ff" d="M1 0h1v2H1z"/></svg>')


@pytest.fixture(scope="module")
def program():
    path = laurel.program().with_name("laurel-render")
    assert path.is_file(), "laurel-render is built beside laurel"
    return str(path)


def test_it_gives_up_its_rights_before_it_reads_a_byte(program):
    with subprocess.Popen([program, "png", "8", "8"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        status = pathlib.Path(f"/proc/{child.pid}/status")
        deadline = time.monotonic() + 20
        while "Seccomp:\t2" not in status.read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        said = status.read_text()
        limits = pathlib.Path(f"/proc/{child.pid}/limits").read_text()
        picture, _ = child.communicate(SVG, timeout=60)
    assert "Seccomp:\t2" in said and "NoNewPrivs:\t1" in said
    assert re.search(r"Max cpu time\s+10\s+10", limits) and re.search(r"Max open files\s+32\s+32", limits)
    assert child.returncode == 0 and picture.startswith(b"\x89PNG")


def test_the_picture_is_what_was_drawn(program):
    """Read without any image library: one red and one blue half."""
    png = subprocess.run([program, "png", "2", "2"], input=SVG, capture_output=True, check=True, timeout=60).stdout
    data, at = b"", 8
    while at < len(png):
        length, kind = int.from_bytes(png[at:at + 4], "big"), png[at + 4:at + 8]
        data += png[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    rows = zlib.decompress(data)
    assert rows[:7] == b"\0\xff\0\0\0\0\xff", rows


@pytest.mark.parametrize("arguments", [[], ["gif", "8", "8"], ["png", "0", "8"], ["png", "8", "5000"], ["png", "8x", "8"],
                                       ["png", "8", "8", "title"], ["pdf", "8"]])
def test_wrong_usage_is_told(program, arguments):
    done = subprocess.run([program, *arguments], input=SVG, capture_output=True, timeout=60)
    assert done.returncode == 2 and done.stderr.startswith(b"usage:") and not done.stdout


def test_four_megabytes_are_the_most(program):
    for more, status, said in ((0, 0, b""), (1, 1, b"laurel-render: the drawing cannot be read\n")):
        done = subprocess.run([program, "png", "8", "8"], input=SVG + b" " * ((4 << 20) - len(SVG) + more), capture_output=True, timeout=60)
        assert (done.returncode, done.stderr) == (status, said) and bool(done.stdout) == (status == 0)


def test_what_cannot_be_drawn_is_said_once(program):
    for data in (b"<svg>", b"\x89PNG\r\n\x1a\nnothing"):
        done = subprocess.run([program, "png", "8", "8"], input=data, capture_output=True, timeout=60)
        assert done.returncode == 1 and done.stderr.endswith(b"cannot be drawn\n") and done.stderr.count(b"\n") == 1 and not done.stdout
