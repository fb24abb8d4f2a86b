"""What a refused and an accepted launch look like from outside."""
import re

from support import forge
from support.laurel import launch_id

SESSION_COOKIE = re.compile(r"^(__Host-)?laurel-s-")
BROWSER_COOKIE = "__Host-laurel-browser"


def session_cookies(reply):
    return [line for line in reply.all("Set-Cookie") if SESSION_COOKIE.match(line)]


def refused(laurel, reply, reason, status=(401,), secrets=()):
    """No session, a generic page with a correlation id, and one log line that gives the reason."""
    statuses = (status,) if isinstance(status, int) else status
    request_id = reply.header("X-Request-Id")
    seen = [line.get("reason") for line in laurel.logged(request_id, "launch_refused")]
    assert reply.status in statuses, f"status {reply.status}, logged {seen}"
    assert not session_cookies(reply)
    assert not reply.location
    assert request_id and request_id in reply.text, "the page shows no correlation id"
    assert len(seen) == 1, f"{len(seen)} launch_refused lines"
    assert seen[0] in reason.split("|"), f"refused for {seen[0]!r}, not {reason!r}"
    log = laurel.serve_log.read_text(errors="replace")
    for secret in secrets:
        assert secret not in reply.text, "the page repeats a secret"
        assert secret not in log, "the log repeats a secret"


def accepted(reply, laurel=None):
    """A 303 to the page inside the tool, with one session cookie. Returns the launch id."""
    if reply.status != 303 and laurel is not None:
        reasons = [line.get("reason") for line in laurel.logged(reply.header("X-Request-Id"), "launch_refused")]
        raise AssertionError(f"refused with {reply.status}, {reasons}")
    assert reply.status == 303
    launch = launch_id(reply)
    assert launch, f"leads to {reply.location!r}"
    cookies = session_cookies(reply)
    assert len(cookies) == 1, cookies
    attributes = {part.strip().lower() for part in cookies[0].split(";")[1:]}
    assert {"secure", "httponly", "path=/", "samesite=none", "partitioned"} <= attributes, cookies[0]
    assert not any(a.startswith("domain") for a in attributes)
    return launch


def nothing_written(laurel, before):
    after = laurel.counts()
    changed = {name: (before[name], after[name]) for name in after if after[name] != before[name]}
    assert not changed, f"rows were written: {changed}"


def page(laurel, browser, launch, path=""):
    return browser.get(f"{laurel.base}/app/l/{launch}/{path}")


def integer_cube_root_up(value):
    low, high = 0, 1 << (value.bit_length() // 3 + 2)
    while low < high:
        middle = (low + high) // 2
        if middle ** 3 < value:
            low = middle + 1
        else:
            high = middle
    return low


# DER of AlgorithmIdentifier SHA-256 and the OCTET STRING head, RFC 8017 9.2 note 1.
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def padded_digest(data, size=256):
    """EMSA-PKCS1-v1_5, RFC 8017 9.2."""
    tail = DIGEST_INFO + forge.hashlib.sha256(data).digest()
    return b"\x00\x01" + b"\xff" * (size - len(tail) - 3) + b"\x00" + tail


def cube_root_forgery(data, size=256):
    """Bleichenbacher 2006: with e = 3, a number whose cube begins like a signed digest."""
    head = b"\x00\x01" + b"\xff" * 8 + b"\x00" + DIGEST_INFO + forge.hashlib.sha256(data).digest()
    wanted = int.from_bytes(head + b"\x00" * (size - len(head)), "big")
    return integer_cube_root_up(wanted).to_bytes(size, "big")
