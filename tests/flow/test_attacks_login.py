"""The login, its state and the browser: attacks.md D.

  D17-D19  platform storage and the new-window hand-off: test_cookieless.py; what happens in a browser: tests/browser.
  D21      constant-time comparison is not seen from outside: module/lti uses CRYPTO_memcmp; tests/unit/lti
           changes every byte of a state."""
import re

import pytest

from support import web
from support.forge import INSTRUCTOR

from .judge import BROWSER_COOKIE, accepted, nothing_written, page, refused, session_cookies

EVIL = "https://evil.example/"


def turned_away(laurel, reply, statuses=(400,)):
    """A login that leads nowhere."""
    assert reply.status in statuses
    assert not reply.location and not session_cookies(reply)
    assert reply.header("X-Request-Id") in reply.text


def test_D1_a_launch_is_bound_to_the_browser_that_began_it(house):
    """Login CSRF: the attacker's state and token, posted by the victim's browser."""
    attackers = house.laurel.begin(house.a)
    victim = house.laurel.begin(house.a).browser
    before = house.laurel.counts()
    reply = house.laurel.present(attackers, house.a.token(attackers.nonce), browser=victim)
    refused(house.laurel, reply, "state_browser")
    nothing_written(house.laurel, before)


def test_D1_a_browser_without_its_cookie_gets_no_session(house):
    pending = house.laurel.begin(house.a)
    before = house.laurel.counts()
    reply = house.laurel.present(pending, house.a.token(pending.nonce), browser=web.Browser())
    assert not session_cookies(reply) and not reply.location
    nothing_written(house.laurel, before)


@pytest.mark.parametrize("value", ["", "x", "A" * 22, "A" * 5000, "%00", '"quoted"'])
def test_D1_a_made_up_browser_cookie_is_no_binding(house, value):
    pending = house.laurel.begin(house.a)
    pending.browser.cookies[BROWSER_COOKIE] = value
    before = house.laurel.counts()
    reply = house.laurel.present(pending, house.a.token(pending.nonce))
    assert not session_cookies(reply) and not reply.location
    nothing_written(house.laurel, before)


def test_D2_a_state_serves_once(house):
    reply, pending = house.laurel.launch(house.a)
    accepted(reply, house.laurel)
    refused(house.laurel, house.laurel.present(pending, house.a.token(pending.nonce, sub="somebody-else")), "nonce")


STATES = {
    "garbage": lambda s: "garbage", "cut": lambda s: s[:-1], "longer": lambda s: s + "A", "huge": lambda s: s * 100,
    "first-byte": lambda s: ("B" if s[0] != "B" else "C") + s[1:], "last-byte": lambda s: s[:-2] + ("BB" if s[-2:] != "BB" else "CC"),
    "middle": lambda s: s[:20] + ("A" if s[20] != "A" else "B") + s[21:], "nul": lambda s: s + "\0", "not-base64": lambda s: s[:-1] + "!",
}


@pytest.mark.parametrize("name", STATES)
def test_D2_a_changed_state_is_refused(house, name):
    pending = house.laurel.begin(house.a)
    token = house.a.token(pending.nonce)
    before = house.laurel.counts()
    reply = house.laurel.present(pending, None, fields={"id_token": token, "state": STATES[name](pending.state)})
    refused(house.laurel, reply, "state|size|form", (400, 401))
    nothing_written(house.laurel, before)


def test_D3_a_state_of_one_platform_and_a_token_of_another(house):
    pending = house.laurel.begin(house.a)
    before = house.laurel.counts()
    refused(house.laurel, house.laurel.present(pending, house.b.token(pending.nonce)), "signature")
    elsewhere = {"id_token": house.b.token(pending.nonce), "state": pending.state}
    reply = pending.browser.post(house.b.launch_url, elsewhere)
    refused(house.laurel, reply, "state|signature|iss")
    nothing_written(house.laurel, before)


def test_D4_registrations_that_share_issuer_and_client_id(house):
    for own, other in ((house.twin_1, house.twin_2), (house.twin_2, house.twin_1)):
        accepted(house.laurel.launch(own)[0], house.laurel)
        pending = house.laurel.begin(own)
        refused(house.laurel, house.laurel.present(pending, other.token(pending.nonce)), "kid|signature")


def test_D4_the_shared_address_cannot_tell_twins_apart(house):
    reply = house.laurel.login(house.twin_1, web.Browser(), url=house.laurel.base + "/lti/login")
    turned_away(house.laurel, reply)


@pytest.mark.parametrize("changes", [{"iss": "https://unknown.example"}, {"client_id": "unknown"}, {"iss": None}, {"login_hint": None},
                                     {"target_link_uri": None}, {"iss": ""}, {"login_hint": ""}],
                         ids=["iss", "client-id", "no-iss", "no-hint", "no-target", "empty-iss", "empty-hint"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_D5_an_unknown_or_incomplete_login(house, changes, method):
    before = house.laurel.counts()
    reply = house.laurel.login(house.a, web.Browser(), method, url=house.laurel.base + "/lti/login", **changes)
    turned_away(house.laurel, reply)
    nothing_written(house.laurel, before)


def test_D5_the_same_login_works_when_it_is_right(house):
    for method in ("GET", "POST"):
        reply = house.laurel.login(house.a, web.Browser(), method, url=house.laurel.base + "/lti/login")
        assert reply.status in (302, 303) and reply.location.startswith(house.a.auth_url + "?")


def test_D6_an_issuer_with_several_client_ids_and_none_given(house):
    url = house.laurel.base + "/lti/login"
    turned_away(house.laurel, house.laurel.login(house.many[0], web.Browser(), url=url, client_id=None))
    for platform in house.many:
        assert house.laurel.login(platform, web.Browser(), url=url).query()["client_id"] == platform.client_id


@pytest.mark.parametrize("target", [EVIL, "//evil.example", "javascript:alert(1)", "\\\\evil.example"])
def test_D7_nobody_is_sent_to_an_unsigned_target(house, target):
    reply = house.laurel.login(house.a, web.Browser(), target_link_uri=target)
    assert not reply.location or reply.location.startswith(house.a.auth_url + "?")
    if reply.location:
        pending = house.laurel.begin(house.a, target_link_uri=target)
        done = house.laurel.present(pending, house.a.token(pending.nonce))
        assert "evil" not in done.location and "javascript" not in done.location


HINTS = {"moodle": '{"cmid":5,"launchid":"ltilaunch1_14662492"}', "injected": "5&redirect_uri=" + EVIL, "fragment": "5#top",
         "quotes": "\"'><script>alert(1)</script>", "unicode": "\u00e9\u202e\U0001f600", "plus": "a+b c%20d", "equals": "a=b;c=d",
         "jwt": "eyJ" + "A" * 4000, "empty": ""}


@pytest.mark.parametrize("hint", HINTS.values(), ids=HINTS)
def test_D8_hints_go_back_byte_for_byte(house, hint):
    for method in ("GET", "POST"):
        changes = {"lti_message_hint": hint, "login_hint": hint or "17"}
        asked = house.laurel.login(house.a, web.Browser(), method, **changes).query()
        assert asked["lti_message_hint"] == hint and asked["login_hint"] == (hint or "17")
        assert asked["redirect_uri"] == house.a.launch_url
        assert (asked["scope"], asked["response_type"], asked["response_mode"], asked["prompt"]) == (
            "openid", "id_token", "form_post", "none")


@pytest.mark.parametrize("hint", ["a\r\nSet-Cookie: evil=1", "a\nb", "a\0b", "x" * 20000, "x" * 100000],
                         ids=["crlf", "newline", "nul", "20k", "100k"])
def test_D8_no_hint_splits_or_bursts_a_header(house, hint):
    reply = house.laurel.login(house.a, web.Browser(), login_hint=hint)
    assert not any("evil" in line for line in reply.all("Set-Cookie"))
    if reply.status in (302, 303):
        assert len(hint) < 16384 and reply.query()["login_hint"] == hint
    else:
        turned_away(house.laurel, reply)


def test_D8_no_hint_is_made_up(house):
    asked = house.laurel.login(house.a, web.Browser(), lti_message_hint=None).query()
    assert "lti_message_hint" not in asked


@pytest.mark.parametrize("fields", [
    {"error": "login_required"}, {"error": "<script>alert(1)</script>", "error_description": "<img src=x onerror=alert(1)>"},
    {"error": "access_denied", "error_description": "y" * 20000}, {"error": "x", "error_uri": "javascript:alert(1)"}],
    ids=["known", "script", "huge", "uri"])
def test_D9_an_error_from_the_platform_is_shown_safely_and_ends_the_login(house, fields):
    pending = house.laurel.begin(house.a)
    reply = house.laurel.present(pending, None, fields={**fields, "state": pending.state})
    assert reply.status in (400, 401)
    assert not session_cookies(reply) and not reply.location
    for raw in ("<script>alert", "<img src=x", "javascript:alert", "y" * 5000):
        assert raw not in reply.text
    after = house.laurel.present(pending, house.a.token(pending.nonce))
    refused(house.laurel, after, "nonce|state")


def test_D9_an_error_without_a_state(house):
    before = house.laurel.counts()
    reply = house.laurel.begin(house.a).browser.post(house.a.launch_url, {"error": "login_required"})
    assert reply.status in (400, 401) and not session_cookies(reply)
    nothing_written(house.laurel, before)


def test_D11_a_flood_of_logins_leaves_no_rows(house):
    before = house.laurel.counts()
    for n in range(100):
        house.laurel.login(house.a, web.Browser(), "GET" if n % 2 else "POST")
    nothing_written(house.laurel, before)


def test_D12_a_session_cookie_from_elsewhere_is_not_taken_over(house):
    planted = "A" * 43
    pending = house.laurel.begin(house.a)
    pending.browser.cookies["__Host-laurel-s-planted"] = planted
    reply = pending.browser.post(pending.redirect_uri + "?sid=" + planted, {
        "id_token": house.a.token(pending.nonce), "state": pending.state})
    if reply.status == 303:
        [line] = session_cookies(reply)
        assert planted not in line and "planted" not in line
        launch = accepted(reply)
        fixed = web.Browser()
        fixed.cookies = {name: planted for name in pending.browser.cookies if name.startswith("__Host-laurel-s-")}
        assert page(house.laurel, fixed, launch).status in (401, 403)


def test_D12_two_launches_have_two_sessions(house):
    browser, values = web.Browser(), set()
    for _ in range(2):
        reply, _pending = house.laurel.launch(house.a, browser=browser, sub="d12")
        values.add(session_cookies(reply)[0].split(";")[0].split("=", 1)[1])
    assert len(values) == 2


def test_D13_two_cookies_of_one_name_are_refused(house):
    pending = house.laurel.begin(house.a)
    own = pending.browser.cookies[BROWSER_COOKIE]
    before = house.laurel.counts()
    body = web.urllib.parse.urlencode({"id_token": house.a.token(pending.nonce), "state": pending.state}).encode()
    reply = pending.browser.request("POST", pending.redirect_uri, body=body, headers={
        "Content-Type": "application/x-www-form-urlencoded", "Cookie": f"{BROWSER_COOKIE}={own}; {BROWSER_COOKIE}=tossed"})
    assert not session_cookies(reply) and not reply.location
    nothing_written(house.laurel, before)


def test_D14_two_tabs_have_two_courses(house):
    browser, launches = web.Browser(), {}
    first, second = (house.laurel.begin(house.a, browser) for _ in range(2))
    for pending, course in ((second, "course-d14-b"), (first, "course-d14-a")):
        token = house.a.token(pending.nonce, {}, sub="d14", context=course)
        launches[course] = accepted(house.laurel.present(pending, token), house.laurel)
    for course, launch in launches.items():
        assert page(house.laurel, browser, launch).status == 200
        alone = web.Browser()
        alone.cookies = {k: v for k, v in browser.cookies.items() if not k.startswith("__Host-laurel-s-") or launch not in k}
        own = [v for k, v in browser.cookies.items() if k.startswith("__Host-laurel-s-") and launch in k]
        if own:         # the cookie's name carries the launch: without it, the other tab's cookie opens nothing
            assert page(house.laurel, alone, launch).status in (401, 403), course


def test_D14_another_launch_cannot_be_read(house):
    """The launch id is no secret: it opens nothing to a browser without its session."""
    mine, _ = house.laurel.launch(house.a, sub="d14-mine", roles=[INSTRUCTOR])
    theirs, pending = house.laurel.launch(house.a, sub="d14-theirs")
    accepted(theirs, house.laurel)
    for browser in (web.Browser(), pending.browser):
        reply = page(house.laurel, browser, accepted(mine))
        assert reply.status in (401, 403, 404)


def test_D15_a_second_person_in_the_same_browser_ends_the_first_session(house):
    browser = web.Browser()
    first = accepted(house.laurel.launch(house.a, browser=browser, sub="d15-first")[0], house.laurel)
    assert page(house.laurel, browser, first).status == 200
    second = accepted(house.laurel.launch(house.a, browser=browser, sub="d15-second")[0], house.laurel)
    assert page(house.laurel, browser, second).status == 200
    assert page(house.laurel, browser, first).status in (401, 403)


def test_D16_a_reload_is_answered_kindly(house):
    reply, pending = house.laurel.launch(house.a, sub="d16")
    accepted(reply, house.laurel)
    again = house.laurel.present(pending, house.a.token(pending.nonce, sub="d16"))
    refused(house.laurel, again, "nonce")
    assert re.search(r"course", again.text, re.I) and re.search(r"again|start|open", again.text, re.I)


def test_D20_no_token_is_taken_from_the_query(house):
    pending = house.laurel.begin(house.a)
    token = house.a.token(pending.nonce)
    before = house.laurel.counts()
    reply = pending.browser.get(pending.redirect_uri + "?" + web.urllib.parse.urlencode({"id_token": token, "state": pending.state}))
    assert reply.status in (400, 404, 405, 414) and not session_cookies(reply)
    nothing_written(house.laurel, before)
    logs = [house.laurel.serve_log, *house.laurel.folder.glob("nginx*.log")]
    assert not any(token in log.read_text(errors="replace") for log in logs)
    accepted(house.laurel.present(pending, token), house.laurel)      # and nothing was used up by it
