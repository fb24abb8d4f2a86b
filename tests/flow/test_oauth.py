"""A Canvas connected by OAuth2: the consent page, tokens that run out, and what is refused (attacks.md F18, F5, I10)."""
import contextlib
import html
import json
import re
import secrets

import pytest

from support import forge, laurel
from support.canvas_oauth import OauthCanvas
from support.laurel import wait_until
from support.web import Browser

from .test_canvas_source import ANA, QUIZ, fill
from .test_connection import text

PROMPT_S = 60
JSON = "application/json"


class Place:
    def __init__(self, tool, platform, canvas, other):
        self.laurel, self.platform, self.canvas, self.other = tool, platform, canvas, other
        self.where = ["--issuer", platform.issuer, "--client-id", platform.client_id, "--deployment", platform.deployment]
        tool.prepare()
        tool.add_platform(platform)
        tool.start()
        tool.cli("admin", "grant", *self.where[:4], "--sub", "admin", "--institution", "Northside College")
        self.set_key()
        self.admin = self.enter("admin")
        self.teacher = self.enter("teacher")
        self.enter(canvas.users[ANA]["sub"], forge.LEARNER)
        path = tool.folder / "badges.json"
        course = {"issuer": platform.issuer, "client_id": platform.client_id, "deployment_id": platform.deployment,
                  "context_id": canvas.context}
        path.write_text(json.dumps({
            "issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
            "badges": [{"key": "quiz", "name": "Safe Lab", "description": "For tests.", "courses": [course],
                        "rule": {"item": "Lab safety quiz", "min_percent": 80}}]}), encoding="utf-8")
        tool.cli("badge", "import", path)

    def set_key(self, *more, base=None):
        path = self.laurel.folder / "secret"
        path.write_text(self.canvas.secret + "\n", encoding="utf-8")
        return self.laurel.cli("source", "set", *self.where, "--kind", "canvas", "--base-url", base or self.canvas.base,
                               "--oauth-client-id", self.canvas.client_id, "--oauth-secret-file", path, *more)

    def enter(self, sub, role=forge.INSTRUCTOR):
        reply, pending = self.laurel.launch(self.platform, sub=sub, roles=(role,), context=self.canvas.context)
        assert reply.status == 303
        return pending.browser, f"{self.laurel.base}/app/l/{laurel.launch_id(reply)}/"

    def page(self, who=None):
        browser, base = who or self.admin
        return browser.get(base + "connection")

    def form(self, page, end):
        for form in re.findall(r"<form.*?</form>", page.text, re.S):
            if re.search(f'action="[^"]*{end}"', form):
                return {name: html.unescape(value) for name, value in
                        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)}
        return None

    def ticket(self):
        return self.form(self.page(), "/oauth/canvas/start")["ticket"]

    def start(self, browser, ticket=None, **headers):
        """The button's form, in a window of its own: nothing of the frame's cookies comes along."""
        return browser.post(self.laurel.base + "/oauth/canvas/start", {"ticket": ticket or self.ticket()},
                            headers={"Origin": self.laurel.base, **headers})

    def begin(self, browser):
        reply = self.start(browser)
        assert reply.status == 200, text(reply)
        return reply.header("Refresh").removeprefix("0; url=")

    def connect(self, browser=None, **consent):
        browser = browser or Browser()
        return browser.get(self.canvas.consent(self.begin(browser), **consent))

    def sync(self):
        self.laurel.cli("sync")
        self.laurel.cli("worker", "--once")

    def error(self):
        [(said,)] = self.laurel.rows("SELECT coalesce(max(sync_error), '') FROM context")
        return said

    def grant(self):
        [row] = self.laurel.rows("SELECT refresh_sealed IS NOT NULL, access_sealed IS NOT NULL, refused FROM source_oauth")
        return row

    def state_of(self):
        return self.laurel.cli("source", "list", "--json").json()[0]["oauth_state"]

    def reason(self, reply):
        [line] = self.laurel.logged(reply.header("X-Request-Id"), "oauth_refused")
        return line["reason"]


@pytest.fixture(scope="module")
def place(cluster):
    with contextlib.ExitStack() as stack:
        canvas, other = OauthCanvas(), OauthCanvas()
        fill(canvas)
        canvas.grade(ANA, QUIZ, 9)
        platform = forge.Platform("canvas")
        for one in (canvas, other, platform):
            stack.callback(one.close)
        tool = laurel.Laurel(cluster, allow=[canvas.port, other.port, platform.port])
        stack.callback(tool.close)
        yield Place(tool, platform, canvas, other)


@pytest.fixture
def connected(place):
    """Granted, with an access token that is good."""
    place.canvas.odd, place.canvas.down, place.canvas.key_is_on, place.canvas.slow_s = None, False, True, 0
    reply = place.connect()
    assert reply.status == 200, text(reply)
    return place


# --- connecting

def test_before_anybody_connects_the_pages_say_what_is_missing(place):
    page = place.page()
    assert "Not connected yet" in text(page) and place.form(page, "/oauth/canvas/start")
    assert place.state_of() == "waiting"
    place.sync()
    assert "Canvas is not connected yet: a badge admin presses" in place.error()
    assert place.canvas.asked == []
    out = place.laurel.cli("source", "test", *place.where, check=False)
    assert out.status == 1 and "not connected yet" in out.err


def test_a_badge_admin_connects_canvas_in_a_window_and_the_courses_are_read(place):
    canvas, window = place.canvas, Browser()
    reply = place.start(window)
    assert reply.status == 200 and reply.header("Referrer-Policy") == "no-referrer"
    assert "frame-ancestors 'none'" in reply.header("Content-Security-Policy")
    url = reply.header("Refresh").removeprefix("0; url=")
    assert html.escape(url) in reply.text.replace("&#x3D;", "="), "without the header there is a link"
    back = window.get(canvas.consent(url, user=(17, "Rosa <b>Reader</b>")))
    assert back.status == 200 and "Laurel reads grades as Rosa &lt;b&gt;Reader" in back.text
    assert "frame-ancestors 'none'" in back.header("Content-Security-Policy")
    assert back.header("Referrer-Policy") == "no-referrer" and back.header("Cache-Control") == "no-store"
    [query] = canvas.consents
    assert query["redirect_uri"] == place.laurel.base + "/oauth/canvas"
    assert "url:GET|/api/v1/courses/:course_id/students/submissions" in query["scope"].split(" ")
    assert all(scope.startswith("url:GET|") for scope in query["scope"].split(" "))
    assert place.state_of() == "connected" and "Rosa" in text(place.page())
    place.laurel.cli("worker", "--once")
    assert place.error() == ""
    [award] = place.laurel.cli("award", "list", "--json").json()
    assert award["badge"]["key"] == "quiz" and award["learner"]["sub"] == canvas.users[ANA]["sub"]
    assert [row["level"] for row in json.loads(place.laurel.cli("doctor", "--json", check=False).out)
            if row["check"] == "source"] == ["ok"]


def test_a_key_without_scopes_asks_for_none(place):
    place.set_key("--oauth-no-scopes")
    url = place.begin(Browser())
    assert "scope" not in url
    place.set_key()


def test_only_a_badge_admin_of_the_whole_institution_has_the_button(place):
    assert place.page(place.teacher).status == 403
    tool = place.laurel
    tool.cli("admin", "grant", *place.where[:4], "--sub", "partial", "--institution", "Northside College",
             "--badge-issuer", "northside")
    page = place.page(place.enter("partial"))
    assert "Canvas grades" in text(page)
    assert place.form(page, "/oauth/canvas/start") is None and place.form(page, "/connection/revoke") is None


def test_a_right_that_was_taken_away_is_gone_in_the_window_too(place):
    ticket = place.ticket()
    [(launch,)] = place.laurel.rows("SELECT launch_id::text FROM session WHERE role = 4 AND issuer_keys = '{}' LIMIT 1")
    place.laurel.rows("UPDATE session SET role = 3 WHERE launch_id = %s RETURNING 1", (launch,))
    try:
        reply = place.start(Browser(), ticket)
        assert reply.status == 403 and place.reason(reply) == "role"
    finally:
        place.laurel.rows("UPDATE session SET role = 4 WHERE launch_id = %s RETURNING 1", (launch,))


def test_no_consent_is_said_in_words_and_keeps_what_was_granted_before(connected):
    before = connected.grant()
    reply = connected.connect(error="access_denied")
    assert reply.status == 403 and "It was not allowed in Canvas" in text(reply)
    reply = connected.connect(error="invalid_scope")
    assert "does not offer every scope" in text(reply)
    reply = connected.connect(error="<script>alert(1)</script>")
    assert reply.status == 403 and "<script>alert" not in reply.text
    assert connected.grant() == before


# --- F18

def test_F18_a_window_from_elsewhere_does_not_begin(place):
    ticket = place.ticket()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}):
        reply = place.start(Browser(), ticket, **headers)
        assert reply.status == 403 and place.reason(reply) == "cross_site", headers
    for bad in ("x", ticket[:-2], ticket[:30] + ("A" if ticket[30] != "A" else "B") + ticket[31:], ticket + "A" * 500):
        reply = place.start(Browser(), bad)
        assert reply.status == 403 and place.reason(reply) == "ticket"
    assert place.laurel.rows("SELECT count(*) FROM oauth_state") == [(0,)]


def test_F18_a_state_counts_once_in_one_browser_and_for_ten_minutes(place):
    window, canvas = Browser(), place.canvas
    before, grants = len(canvas.asked), place.laurel.rows("SELECT granted_at FROM source_oauth")
    back = canvas.consent(place.begin(window))
    state = re.search(r"state=([\w-]+)", back).group(1)

    def tried(browser, url, reason):
        reply = browser.get(url)
        assert reply.status in (400, 403) and place.reason(reply) == reason
        assert len(canvas.asked) == before, "a code was sent although the state is not good"
    tried(Browser(), back, "state_browser")                         # the victim's state in the attacker's browser
    stranger = Browser()
    place.begin(stranger)                                           # one that has a visit of its own: the one before ends
    tried(window, back, "state")
    back = canvas.consent(place.begin(window))
    state = re.search(r"state=([\w-]+)", back).group(1)
    tried(stranger, back, "state_browser")
    tried(window, back.replace(state, ""), "state")
    tried(window, back.replace(state, secrets.token_urlsafe(32)), "state")
    tried(window, back.replace("state=", "other="), "state")
    tried(window, back + "&state=" + state, "repeated")
    tried(window, back + "&code=x", "repeated")
    place.laurel.rows("UPDATE oauth_state SET expires_at = now() - interval '1 second' RETURNING 1")
    tried(window, back, "state_expired")
    assert place.laurel.rows("SELECT granted_at FROM source_oauth") == grants
    good = canvas.consent(place.begin(window))
    assert window.get(good).status == 200
    before = len(canvas.asked)
    tried(window, good, "state")                                    # used up


def test_F18_an_attackers_code_in_the_victims_visit_is_refused_by_its_own_canvas(place):
    """The code of another Canvas, or one that was issued for another address, is nothing to ours."""
    window = Browser()
    url = place.begin(window)
    back = place.canvas.consent(url)
    foreign = place.other.code((666, "Mallory"), place.laurel.base + "/oauth/canvas")
    reply = window.get(re.sub(r"code=\w+", "code=" + foreign, back) + "&iss=" + place.other.base)
    assert reply.status == 403 and place.reason(reply) == "grant"
    assert place.other.asked == [], "the token's host came from the answer"
    assert window.get(back).status == 403, "the state outlived a refused code"


def test_F18_a_session_that_has_ended_connects_nothing(place):
    window = Browser()
    back = place.canvas.consent(place.begin(window))
    place.laurel.rows("UPDATE session SET expires_at = now() - interval '1 second' RETURNING 1")
    reply = window.get(back)
    assert reply.status == 403 and place.reason(reply) == "state_expired"
    place.admin, place.teacher = place.enter("admin"), place.enter("teacher")


def test_F18_a_key_that_changed_meanwhile_gets_no_token_of_the_old_one(place):
    window = Browser()
    back = place.canvas.consent(place.begin(window))
    place.set_key(base=place.other.base)
    try:
        reply = window.get(back)
        assert reply.status == 403 and place.reason(reply) == "state"
        assert place.other.asked == [] and place.grant()[0] is False, "a grant of one host stands for another"
    finally:
        place.set_key()


GOOD = {"access_token": "7~good", "token_type": "Bearer", "refresh_token": "7~again", "expires_in": 3600,
        "user": {"id": 1, "name": "R"}}


def odd_json(**delta):
    return 200, JSON, json.dumps({k: v for k, v in {**GOOD, **delta}.items() if v is not None}).encode(), {}


ODD = {
    "a web page": ("token_reply", (200, "text/html", b"<html>welcome</html>", {})),
    "nothing": ("token_reply", (200, JSON, b"", {})),
    "a list": ("token_reply", (200, JSON, b"[]", {})),
    "10 MB": ("size", (200, JSON, b" " * (10 << 20), {})),
    "a token that breaks the header": ("token_reply", odd_json(access_token="7~x\r\nX-Evil: 1")),
    "a token with a space": ("token_reply", odd_json(access_token="7~x y")),
    "no token": ("token_reply", odd_json(access_token=None)),
    "a number for a token": ("token_reply", odd_json(access_token=7)),
    "a token of 5 kB": ("token_reply", odd_json(access_token="7" * 5000)),
    "a refresh token that breaks the form": ("token_reply", odd_json(refresh_token="7~x\r\n")),
    "no refresh token": ("token_reply", odd_json(refresh_token=None)),
    "another kind of token": ("token_reply", odd_json(token_type="mac")),
    "a redirect": ("http_3xx", (302, "text/html", b"", {"Location": "http://127.0.0.1:1/"})),
    "an error of its own": ("http_500", (500, "text/html", b"<html>down</html>", {})),
    "refused without a word": ("token_reply", (401, "text/html", b"<html>proxy</html>", {})),
}


@pytest.mark.parametrize("case", ODD, ids=str)
def test_F5_F18_an_odd_answer_for_a_code_keeps_nothing(place, case):
    reason, place.canvas.odd = ODD[case]
    before = place.laurel.rows("SELECT granted_at, canvas_user_name FROM source_oauth")
    try:
        reply = place.connect()
        assert reply.status in (400, 403, 502) and place.reason(reply) == reason, text(reply)
        assert place.laurel.rows("SELECT granted_at, canvas_user_name FROM source_oauth") == before
    finally:
        place.canvas.odd = None


@pytest.mark.parametrize("said, at_most, at_least", [
    (-1, 300, 200), ("3600", 3600, 3500), (10 ** 12, 3600, 3500), ("soon", 300, 200), (None, 300, 200), (1e300, 300, 200),
    (5, 60, 1)], ids=str)
def test_F5_how_long_a_token_lasts_is_believed_within_limits(place, said, at_most, at_least):
    place.canvas.odd = odd_json(expires_in=said)
    try:
        assert place.connect().status == 200
        [(seconds,)] = place.laurel.rows("SELECT extract(epoch FROM access_until - now())::int FROM source_oauth")
        assert at_least <= seconds <= at_most
    finally:
        place.canvas.odd = None


# --- tokens that end

def renewals(canvas):
    return [form for form in canvas.asked if form["grant_type"] == "refresh_token"]


def run_out_here(place):
    place.laurel.rows("UPDATE source_oauth SET access_until = now() + interval '30 seconds' RETURNING 1")


def test_a_token_is_renewed_before_it_ends_and_the_refresh_token_stays(connected):
    canvas = connected.canvas
    before = connected.laurel.rows("SELECT refresh_sealed FROM source_oauth")
    del canvas.asked[:]
    connected.sync()
    assert connected.error() == "" and renewals(canvas) == [], "a good token was renewed"
    run_out_here(connected)
    connected.sync()
    assert connected.error() == "" and len(renewals(canvas)) == 1
    assert connected.laurel.rows("SELECT refresh_sealed FROM source_oauth") == before


def test_a_token_that_ends_half_way_is_renewed_once_and_the_reading_goes_on(connected):
    canvas, answer = connected.canvas, connected.canvas.answer
    canvas.grade(ANA, QUIZ, 7)
    del canvas.asked[:], canvas.requests[:]

    def half_way(request):
        if "students/submissions" in request.path and not canvas.asked:
            canvas.run_out()
        answer(request)
    canvas.answer = half_way
    try:
        connected.sync()
    finally:
        canvas.answer = answer
    assert connected.error() == "" and len(renewals(canvas)) == 1
    assert connected.laurel.rows("SELECT max(score) FROM fact f JOIN item i ON i.institution_id = f.institution_id AND"
                                 " i.id = f.item_id WHERE i.title = 'Lab safety quiz'") == [(7,)]
    assert sum("/enrollments" in path for path in canvas.requests) < 12, "it began anew"


def test_one_renewal_at_a_time_over_all_processes(connected):
    canvas = connected.canvas
    connected.laurel.rows("UPDATE source_oauth SET access_until = now() RETURNING 1")
    del canvas.asked[:]
    canvas.most_refreshes, canvas.slow_s = 0, 1
    done = laurel.Crowd.run(8, lambda _: connected.laurel.cli("source", "test", *connected.where, check=False))
    canvas.slow_s = 0
    assert [one.status for one in done] == [0] * 8, done
    assert canvas.most_refreshes == 1 and len(renewals(canvas)) == 1


def test_whoever_dies_while_it_renews_is_followed_by_another(connected):
    connected.laurel.rows("UPDATE source_oauth SET access_until = now(), renewing_until = now() + interval '2 seconds' RETURNING 1")
    assert connected.laurel.cli("source", "test", *connected.where).status == 0


@pytest.mark.parametrize("how", ["the grant", "the key"])
def test_a_refused_renewal_is_asked_once_said_everywhere_and_mended_by_connecting_again(connected, how):
    canvas = connected.canvas
    facts = connected.laurel.rows("SELECT count(*) FROM fact")
    if how == "the grant":
        canvas.refresh_tokens.clear()
    else:
        canvas.key_is_on = False
    canvas.run_out()
    run_out_here(connected)
    del canvas.asked[:]
    for _ in range(3):
        connected.sync()
    assert len(canvas.asked) == 1, "a refused grant was asked for again"
    said = "no longer takes what was granted" if how == "the grant" else "does not take the developer key"
    assert said in connected.error()
    page = text(connected.page())
    assert "Must be connected again" in page and said in page and connected.state_of() == "refused"
    found = [row for row in json.loads(connected.laurel.cli("doctor", "--json", check=False).out) if row["check"] == "source"]
    assert found[0]["level"] == "problem" and said in found[0]["text"]
    assert connected.laurel.rows("SELECT count(*) FROM fact") == facts
    canvas.key_is_on = True
    assert connected.connect().status == 200
    connected.laurel.cli("worker", "--once")
    assert connected.error() == "" and connected.state_of() == "connected"


@pytest.mark.parametrize("odd", ["an error of its own", "a web page", "10 MB", "refused without a word", "a redirect"])
def test_a_token_service_in_trouble_ends_no_grant(connected, odd):
    connected.canvas.odd = ODD[odd][1]
    run_out_here(connected)
    try:
        connected.sync()
        assert connected.error() != "" and connected.grant()[2] == "" and connected.state_of() == "connected"
    finally:
        connected.canvas.odd = None
    connected.sync()
    assert connected.error() == ""


# --- taking it back

def test_disconnecting_tells_canvas_and_forgets_the_tokens(connected):
    canvas, (browser, base) = connected.canvas, connected.admin
    token = canvas.token
    fields = connected.form(connected.page(), "/connection/revoke")
    reply = browser.post(base + "connection/revoke", {**fields, "csrf": "x"}, headers={"Origin": connected.laurel.base})
    assert reply.status == 403 and connected.grant()[0], "a form without its token disconnects"
    reply = browser.post(base + "connection/revoke", fields, headers={"Origin": connected.laurel.base})
    assert reply.status == 303 and "done=disconnected" in reply.location
    assert canvas.logouts[-1] == token and connected.grant() == (False, False, "")
    page = browser.get(connected.laurel.base + reply.location)
    assert "Canvas is disconnected" in text(page) and "Not connected yet" in text(page)
    connected.sync()
    assert "not connected yet" in connected.error()


def test_a_token_that_has_ended_is_renewed_to_be_ended(connected):
    connected.canvas.run_out()
    run_out_here(connected)
    out = connected.laurel.cli("source", "revoke", *connected.where).out
    assert "ended in Canvas" in out and connected.canvas.refresh_tokens == {}


def test_tokens_are_forgotten_also_when_canvas_cannot_be_told(connected):
    connected.canvas.down = True
    try:
        out = connected.laurel.cli("source", "revoke", *connected.where).out
    finally:
        connected.canvas.down = False
    assert "Canvas could not be told" in out and "Approved Integrations" in out
    assert connected.grant() == (False, False, "")


def test_a_plain_token_ends_the_key(connected):
    path = connected.laurel.folder / "token"
    path.write_text("7~plain\n", encoding="utf-8")
    connected.laurel.cli("source", "set", *connected.where, "--kind", "canvas", "--base-url", connected.canvas.base,
                         "--token-file", path)
    assert connected.laurel.rows("SELECT count(*) FROM source_oauth") == [(0,)]
    assert "Canvas grades" not in text(connected.page())
    connected.set_key()


@pytest.mark.parametrize("wrong", [
    ("--oauth-client-id", "7"), ("--oauth-no-scopes", "--token-file", "/dev/null"),
    ("--oauth-client-id", "7", "--oauth-secret-file", "/dev/null", "--token-file", "/dev/null")], ids=str)
def test_half_a_key_is_wrong_usage(place, wrong):
    out = place.laurel.cli("source", "set", *place.where, "--kind", "canvas", "--base-url", place.canvas.base, *wrong,
                           check=False)
    assert out.status == 2 and "--oauth-secret-file" in out.err


def test_secrets_are_in_no_log_page_or_list_and_sealed(connected):
    """attacks.md K7. The last one here: it looks through what all the others left."""
    canvas, tool = connected.canvas, connected.laurel
    window = Browser()
    back = canvas.consent(connected.begin(window))
    window.get(back)
    known = [canvas.secret, canvas.token, *canvas.refresh_tokens, *(q["state"] for q in canvas.consents),
             *(form[name] for form in canvas.asked for name in ("code", "refresh_token") if name in form)]
    shown = [connected.page().text, tool.cli("source", "list", "--json").out, tool.cli("doctor", check=False).out,
             *(log.read_text(errors="replace") for log in (tool.serve_log, tool.folder / "nginx.log") if log.exists())]
    for secret in known:
        for where in shown:
            assert secret not in where
    for (row,) in tool.rows("SELECT source_oauth::text FROM source_oauth"):
        assert all(secret.encode().hex() not in row and secret not in row for secret in known)
    assert tool.rows("SELECT action FROM audit WHERE action LIKE 'source_%connected' ORDER BY at DESC LIMIT 1") == [
        ("source_connected",)]
