"""Launches in a browser that keeps no cookies inside the platform's frame (DESIGN 7; lti.md 8): what the server says and
refuses on each road. That the scripts walk them is tests/browser's to show.

  The hand-off's and the state's age are judged in tests/unit/lti (handoff, state): no test waits a minute."""
import hashlib
import html
import json
import re

import pytest

from support import web
from support.forge import DL, INSTRUCTOR, LTI
from support.laurel import Pending, wait_until

from .judge import accepted, nothing_written, refused, session_cookies

TARGET = "post_message_forwarding"
SAME = {"Sec-Fetch-Site": "same-origin"}
FOREIGN = {"cross-site": {"Sec-Fetch-Site": "cross-site"}, "same-site": {"Sec-Fetch-Site": "same-site"},
           "origin": {"Origin": "https://evil.example"}, "unsaid": {}}
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def data_block(reply, name):
    [found] = re.findall(rf'<script type="application/json" id="{name}">(.*?)</script>', reply.text, re.S)
    return json.loads(found)


def ancestors(reply):
    [part] = [part for part in reply.header("Content-Security-Policy").split(";") if "frame-ancestors" in part]
    return set(part.split()[1:])


def form_actions(reply):
    [part] = [part for part in reply.header("Content-Security-Policy").split(";") if "form-action" in part]
    return part.split()[1:]


def begin(house, platform=None, target=TARGET):
    """A login at a platform with storage, in a browser that has nothing yet. Returns (pending, what the page's script gets)."""
    platform, browser = platform or house.a, web.Browser()
    reply = house.laurel.login(platform, browser, lti_storage_target=target)
    assert reply.status == 200
    login = data_block(reply, "login")
    asked = dict(web.urllib.parse.parse_qsl(web.urllib.parse.urlsplit(login["next"]).query))
    return Pending(browser, asked["state"], asked["nonce"], asked["redirect_uri"], asked), login


def arrive(house, pending, token):
    """The launch, posted by a browser that has lost its cookie."""
    return house.laurel.present(pending, token, browser=web.Browser())


def send_storage(pending, token, value, headers=SAME):
    fields = {"id_token": token, "state": pending.state, "storage": value}
    return web.Browser().post(pending.redirect_uri, fields, headers={"Accept": "application/json", **headers})


def open_window(house, reply, headers=SAME, browser=None, **changes):
    """Presses the page's button."""
    browser = browser or web.Browser()
    return browser.post(house.laurel.base + reply.action(), {**reply.fields(), **changes}, headers=dict(headers))


def enter_by_storage(house, delta=None, **more):
    pending, login = begin(house)
    reply = send_storage(pending, house.a.token(pending.nonce, delta, **more), login["browser"])
    assert reply.status == 200, reply.text
    return json.loads(reply.text)


def bearer(entry, **headers):
    return {"Authorization": "Bearer " + entry["token"], "Accept": "text/html", **headers}


# --- login

def test_a_login_leaves_the_browsers_value_with_the_platform(house):
    browser = web.Browser()
    reply = house.laurel.login(house.a, browser, lti_storage_target=TARGET)
    assert reply.status == 200 and not reply.location
    login = data_block(reply, "login")
    asked = dict(web.urllib.parse.parse_qsl(web.urllib.parse.urlsplit(login["next"]).query))
    assert login["next"].startswith(house.a.auth_url + "?")
    assert login["frame"] == {"name": TARGET, "origin": house.a.base,
                              "key": "laurel_" + hashlib.sha256(asked["state"].encode()).hexdigest()[:32]}
    assert login["browser"] == browser.cookies["__Host-laurel-browser"]
    assert len(asked["state"]) <= 260
    assert html.escape(login["next"]) in reply.text, "no link for a browser without scripts"
    # nobody has signed yet on which host the platform's page is, and this one shows nothing of anybody
    assert ancestors(reply) == {"*"} and reply.header("Cache-Control") == "no-store"


def test_a_login_whose_browser_keeps_cookies_goes_straight_on(house):
    browser = web.Browser()
    house.laurel.login(house.a, browser)
    assert house.laurel.login(house.a, browser, lti_storage_target=TARGET).status == 302


ODD_NAMES = {"script": "\"><script>alert(1)</script>", "space": "a b", "long": "x" * 65, "empty": "", "quote": "a'b"}


@pytest.mark.parametrize("target", ODD_NAMES.values(), ids=ODD_NAMES)
def test_D17_an_odd_frame_name_is_no_offer(house, target):
    reply = house.laurel.login(house.a, web.Browser(), lti_storage_target=target)
    assert reply.status == 302 and "script" not in reply.text


def test_D11_logins_with_storage_leave_no_rows(house):
    before = house.laurel.counts()
    for _ in range(20):
        begin(house)
    nothing_written(house.laurel, before)


# --- the launch comes back without a cookie

def test_a_launch_without_a_cookie_is_offered_the_ways_that_are_left(house):
    pending, login = begin(house)
    token = house.a.token(pending.nonce)
    before = house.laurel.counts()
    reply = arrive(house, pending, token)
    assert reply.status == 401 and not reply.location and not reply.all("Set-Cookie")
    nothing_written(house.laurel, before)
    assert data_block(reply, "launch") == {"frame": login["frame"], "action": "/lti/launch"}
    fields = reply.fields()
    assert (reply.action(), set(fields)) == ("/lti/open", {"id_token", "state", "handoff"})
    assert (fields["id_token"], fields["state"]) == (token, pending.state)
    assert 'target="_blank" rel="noopener"' in reply.text and "Open in a new window" in reply.text
    assert "Ada Lovelace" in reply.text and "Lab skills" in reply.text, "who enters where is not said"
    assert login["browser"] not in reply.text
    assert ancestors(reply) == {house.a.base} and form_actions(reply) == ["'self'"]
    [line] = house.laurel.logged(reply.header("X-Request-Id"), "launch_without_cookie")
    assert line["storage"] == "offered"


def test_a_launch_without_storage_and_cookie_gets_the_button_alone(house):
    pending = house.laurel.begin(house.a)
    reply = arrive(house, pending, house.a.token(pending.nonce, {"name": None, "given_name": None, "family_name": None, "email": None}))
    assert reply.status == 401 and data_block(reply, "launch")["frame"] is None
    assert "as the person who is signed in" in reply.text


def test_a_platform_may_offer_storage_in_the_launch_only(house):
    pending = house.laurel.begin(house.a)
    fields = {"id_token": house.a.token(pending.nonce), "state": pending.state, "lti_storage_target": "_parent"}
    reply = house.laurel.present(pending, None, fields=fields, browser=web.Browser())
    assert data_block(reply, "launch")["frame"]["name"] == "_parent"


def test_a_bad_launch_without_a_cookie_is_refused_like_any_other(house):
    pending, _ = begin(house)
    before = house.laurel.counts()
    refused(house.laurel, arrive(house, pending, house.a.token(pending.nonce, {"aud": "another"})), "aud")
    refused(house.laurel, arrive(house, pending, house.a.token("another-nonce")), "nonce")
    refused(house.laurel, arrive(house, pending, house.b.token(pending.nonce)), "signature")
    nothing_written(house.laurel, before)


def test_D1_another_browsers_cookie_gets_no_button(house):
    pending, _ = begin(house)
    other = house.laurel.begin(house.a).browser
    refused(house.laurel, house.laurel.present(pending, house.a.token(pending.nonce), browser=other), "state_browser")


def deep_link(return_url):
    return {LTI + "message_type": "LtiDeepLinkingRequest", LTI + "resource_link": None,
            DL + "deep_linking_settings": {"deep_link_return_url": return_url, "accept_types": ["ltiResourceLink"],
                                           "accept_presentation_document_targets": ["iframe"]}}


def test_the_policy_lets_a_deep_linking_form_go_home_and_nowhere_else(house):
    for url, allowed in ((house.a.base + "/return?x=1", ["'self'", house.a.base]), ("https://evil.example/return", ["'self'"])):
        pending, _ = begin(house)
        reply = arrive(house, pending, house.a.token(pending.nonce, deep_link(url), roles=[INSTRUCTOR]))
        assert reply.status == 401 and form_actions(reply) == allowed


# --- platform storage

def test_the_stored_value_opens_the_launch_without_any_cookie(house):
    pending, login = begin(house)
    token = house.a.token(pending.nonce, sub="by-storage")
    arrive(house, pending, token)
    reply = send_storage(pending, token, login["browser"])
    assert reply.status == 200 and reply.header("Content-Type").startswith("application/json")
    assert not reply.all("Set-Cookie") and reply.header("Cache-Control") == "no-store"
    entry = json.loads(reply.text)
    assert set(entry) == {"launch", "token", "path", "who"} and entry["path"].startswith(f"/app/l/{entry['launch']}/")
    found = house.laurel.rows("SELECT p.sub FROM session s JOIN person p ON p.id = s.person_id WHERE s.launch_id = %s", (entry["launch"],))
    assert found == [("by-storage",)]
    assert house.laurel.rows("SELECT offers_storage FROM registration WHERE slug = %s", (house.a.slug,)) == [(True,)]


def refused_json(house, reply, reason, status=401):
    assert reply.status == status and not reply.all("Set-Cookie")
    said = json.loads(reply.text)
    assert said["reason"] == reason and said["text"].endswith(".")
    [line] = house.laurel.logged(reply.header("X-Request-Id"), "launch_refused")
    assert line["reason"] == reason


def test_D15_who_comes_is_told_apart_and_not_named(house):
    one, again, other = (enter_by_storage(house, sub=sub)["who"] for sub in ("d15-one", "d15-one", "d15-other"))
    assert one == again != other and "d15" not in one and len(one) == 43


@pytest.mark.parametrize("value", ["x", "A" * 22, "%00" * 10])
def test_D1_a_wrong_stored_value_is_refused(house, value):
    pending, _ = begin(house)
    before = house.laurel.counts()
    refused_json(house, send_storage(pending, house.a.token(pending.nonce), value), "state_browser")
    nothing_written(house.laurel, before)


def test_D1_another_browsers_stored_value_is_refused(house):
    (pending, _), (_, other) = begin(house), begin(house)
    refused_json(house, send_storage(pending, house.a.token(pending.nonce), other["browser"]), "state_browser")


def test_D2_a_stored_value_serves_once(house):
    pending, login = begin(house)
    token = house.a.token(pending.nonce)
    assert send_storage(pending, token, login["browser"]).status == 200
    before = house.laurel.counts()
    refused_json(house, send_storage(pending, token, login["browser"]), "nonce")
    nothing_written(house.laurel, before)


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_D1_a_stored_value_comes_from_our_own_page(house, headers):
    pending, login = begin(house)
    before = house.laurel.counts()
    refused_json(house, send_storage(pending, house.a.token(pending.nonce), login["browser"], headers), "cross_site")
    nothing_written(house.laurel, before)


# --- a new window

def arrive_plainly(house, **forged):
    pending = house.laurel.begin(house.a)
    return arrive(house, pending, house.a.token(pending.nonce, **forged))


def test_the_button_opens_the_launch_in_a_window_of_its_own(house):
    window = web.Browser()
    reply = open_window(house, arrive_plainly(house, sub="by-window"), browser=window)
    assert reply.status == 200 and len(session_cookies(reply)) == 1
    entry = data_block(reply, "entry")
    assert f'href="{entry["path"]}"' in reply.text, "no link for a browser without scripts"
    assert reply.header("Referrer-Policy") == "no-referrer" and reply.header("Cache-Control") == "no-store"
    assert window.cookies["__Host-laurel-s-" + entry["launch"]] == entry["token"]
    assert window.get(house.laurel.base + entry["path"], headers=HTML).status == 200
    alone = web.Browser().get(house.laurel.base + entry["path"], headers=bearer(entry))
    assert alone.status == 200 and "Opening the page" not in alone.text


def test_D19_the_hand_off_serves_once(house):
    page = arrive_plainly(house)
    assert open_window(house, page).status == 200
    before = house.laurel.counts()
    refused(house.laurel, open_window(house, page), "nonce")
    nothing_written(house.laurel, before)


def test_D19_a_launch_that_was_taken_leaves_no_hand_off(house):
    pending, login = begin(house)
    token = house.a.token(pending.nonce)
    page = arrive(house, pending, token)
    assert send_storage(pending, token, login["browser"]).status == 200
    refused(house.laurel, open_window(house, page), "nonce")


@pytest.mark.parametrize("headers", [*FOREIGN.values(), {"Origin": "null"}], ids=[*FOREIGN, "null"])
def test_D19_the_button_is_pressed_on_our_own_page(house, headers):
    page = arrive_plainly(house)
    before = house.laurel.counts()
    refused(house.laurel, open_window(house, page, headers), "cross_site")
    nothing_written(house.laurel, before)


def test_D19_a_hand_off_is_for_its_own_launch(house):
    page, other = arrive_plainly(house), arrive_plainly(house)
    before = house.laurel.counts()
    for name in ("handoff", "id_token", "state"):
        refused(house.laurel, open_window(house, page, **{name: other.fields()[name]}), "handoff")
    refused(house.laurel, open_window(house, page, handoff=""), "handoff")
    refused(house.laurel, open_window(house, page, handoff="9" * 17 + ".AAAA"), "handoff")
    nothing_written(house.laurel, before)


def test_D19_nothing_of_a_hand_off_is_taken_from_an_address(house):
    page = arrive_plainly(house)
    query = web.urllib.parse.urlencode(page.fields())
    assert web.Browser().get(f"{house.laurel.base}/lti/open?{query}", headers=SAME).status == 405


def test_D15_the_new_window_keeps_its_browsers_value(house):
    window = web.Browser()
    first = accepted(house.laurel.launch(house.a, browser=window, sub="d15-window-first")[0], house.laurel)
    own = window.cookies["__Host-laurel-browser"]
    open_window(house, arrive_plainly(house, sub="d15-window-second"), browser=window)
    assert window.cookies["__Host-laurel-browser"] == own
    assert window.get(f"{house.laurel.base}/app/l/{first}/").status == 401, "another person's session stayed open"


# --- the session's token

def test_a_token_opens_the_pages_of_its_launch(house):
    entry = enter_by_storage(house)
    reply = web.Browser().get(house.laurel.base + entry["path"], headers=bearer(entry))
    assert reply.status == 200 and "Lab skills" in reply.text
    assert ancestors(reply) == {house.a.base}


def test_a_token_goes_before_a_cookie(house):
    reply, pending = house.laurel.launch(house.a)
    address = f"{house.laurel.base}/app/l/{accepted(reply, house.laurel)}/"
    assert pending.browser.get(address, headers={"Authorization": "Bearer " + "A" * 43}).status == 401
    assert pending.browser.get(address).status == 200


def test_D14_a_token_of_another_launch_opens_nothing(house):
    mine, other = enter_by_storage(house, sub="d14-token"), enter_by_storage(house, sub="d14-token")
    assert web.Browser().get(house.laurel.base + mine["path"], headers=bearer(other)).status == 401
    for wrong in ("", "x", mine["token"][:-1], mine["token"] + "A"):
        reply = web.Browser().get(house.laurel.base + mine["path"], headers={**HTML, "Authorization": "Bearer " + wrong})
        assert reply.status == 401, "a shell or a page for a wrong token"


def test_a_form_goes_with_the_token_and_its_own_mark(house):
    """Both are asked for: the mark of the form names the launch, the token the person."""
    enter_by_storage(house, sub="admin-by-token")
    house.laurel.cli("admin", "grant", "--issuer", house.a.issuer, "--client-id", house.a.client_id, "--sub", "admin-by-token",
                     "--institution", "Northside College")
    entry, other = (enter_by_storage(house, sub="admin-by-token", roles=[INSTRUCTOR]) for _ in range(2))
    browser, address = web.Browser(), f"{house.laurel.base}/app/l/{entry['launch']}/check"
    csrf = browser.get(f"{house.laurel.base}/app/l/{entry['launch']}/badges", headers=bearer(entry)).fields()["csrf"]
    # 409: let in, and told that this platform has no grade source to be read.
    for headers, mark, status in ((bearer(entry, **SAME), csrf, 409), (bearer(entry, **SAME), "A" * 43, 403), (dict(SAME), csrf, 401),
                                  (bearer(other, **SAME), csrf, 401), (bearer(entry, **{"Sec-Fetch-Site": "cross-site"}), csrf, 403)):
        assert browser.post(address, {"csrf": mark}, headers=dict(headers)).status == status
    elsewhere = f"{house.laurel.base}/app/l/{other['launch']}/check"
    assert browser.post(elsewhere, {"csrf": csrf}, headers=bearer(other, **SAME)).status == 403


# --- the shell

def test_an_address_without_a_cookie_gets_the_shell(house):
    entry = enter_by_storage(house, sub="in-the-shell")
    reply = web.Browser().get(house.laurel.base + entry["path"], headers=HTML)
    assert reply.status == 200 and "data-shell" in reply.text and re.search(r"/assets/[0-9a-f]+/shell\.js", reply.text)
    assert "Ada" not in reply.text and "Lab skills" not in reply.text, "the shell says whose it is"
    assert ancestors(reply) == {house.a.base} and form_actions(reply) == ["'self'"]
    assert "connect-src 'self'" in reply.header("Content-Security-Policy") and reply.header("Cache-Control") == "no-store"


LTI = "https://purl.imsglobal.org/spec/lti/claim/"
OWN_HOST = "https://canvas.school.example"


@pytest.mark.parametrize("name", ["cloud", "a"])
def test_only_canvas_cloud_says_in_the_launch_which_host_frames_its_pages(house, name):
    """attacks.md H6."""
    platform = getattr(house, name)
    pending, login = begin(house, platform)
    token = platform.token(pending.nonce, {LTI + "launch_presentation": {"return_url": OWN_HOST + "/courses/1/external_content"}})
    offer = arrive(house, pending, token)
    reply = send_storage(pending, token, login["browser"])
    assert reply.status == 200, reply.text
    entry = json.loads(reply.text)
    shell = web.Browser().get(house.laurel.base + entry["path"], headers=HTML)
    page = web.Browser().get(house.laurel.base + entry["path"], headers=bearer(entry))
    for shown in (offer, shell, page):
        assert (OWN_HOST in ancestors(shown)) == (name == "cloud")
        assert ("https://*.instructure.com" in ancestors(shown)) == (name == "cloud")


def test_the_shell_lets_a_deep_linking_form_go_home(house):
    entry = enter_by_storage(house, deep_link(house.a.base + "/return"), roles=[INSTRUCTOR])
    reply = web.Browser().get(house.laurel.base + entry["path"], headers=HTML)
    assert form_actions(reply) == ["'self'", house.a.base]


NO_SHELL = {"picture": {"Accept": "image/avif,image/*;q=0.8"}, "program": {"Accept": "*/*"}, "silent": {}}


@pytest.mark.parametrize("name", NO_SHELL)
def test_only_a_persons_navigation_gets_the_shell(house, name):
    entry = enter_by_storage(house)
    reply = web.Browser().get(house.laurel.base + entry["path"], headers=NO_SHELL[name])
    assert reply.status == 401 and "data-shell" not in reply.text


def test_a_launch_that_is_not_there_gets_no_shell(house):
    reply = web.Browser().get(house.laurel.base + "/app/l/0190f6a0-0000-7000-8000-000000000001/", headers=HTML)
    assert reply.status == 401 and "data-shell" not in reply.text and "start from your course" in reply.text


def test_a_cookie_that_has_ended_gets_no_shell(house):
    reply, pending = house.laurel.launch(house.a)
    launch = accepted(reply, house.laurel)
    pending.browser.cookies["__Host-laurel-s-" + launch] = "A" * 43
    shown = pending.browser.get(f"{house.laurel.base}/app/l/{launch}/", headers=HTML)
    assert shown.status == 401 and "data-shell" not in shown.text


def test_K7_no_token_reaches_a_log(house):
    pending, login = begin(house)
    token = house.a.token(pending.nonce)
    page = arrive(house, pending, token)
    entry = json.loads(send_storage(pending, token, login["browser"]).text)
    web.Browser().get(house.laurel.base + entry["path"], headers=bearer(entry))

    def logs():
        files = [house.laurel.serve_log, *house.laurel.folder.glob("nginx*.log"), *house.laurel.folder.glob("**/access*.log")]
        return "".join(log.read_text(errors="replace") for log in files)
    wait_until(lambda: entry["launch"] in logs(), 5, "nginx has written its line")
    text = logs()
    for secret in (token, login["browser"], entry["token"], page.fields()["handoff"], pending.state):
        assert secret not in text
