"""The demo Canvas's OAuth2 and live events; expectations from Canvas's documentation (oauth_endpoints, data_services)."""
import html
import http.server
import json
import re
import threading
import time
import urllib.parse

import pytest
from jwcrypto import jwk, jws

from client import DemoLms, read_form, send

BACK = "https://tool.example/oauth/canvas"
SCOPES = ["url:GET|/api/v1/courses/:id", "url:GET|/api/v1/users/:id"]


@pytest.fixture
def lms(tool):
    with DemoLms.start(tool=tool.url, seed=51, course="small", learners=5, personality="canvas") as running:
        running.control("set_api_key", redirect_uris=[BACK])
        yield running


def ask(lms, **changes):
    fields = {"client_id": lms.ready["api_client_id"], "response_type": "code", "redirect_uri": BACK, "state": "s1", **changes}
    return "/login/oauth2/auth?" + urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None})


def consent(lms, browser, decision="allow", **changes):
    page = browser.get(ask(lms, **changes))
    assert page.status == 200 and page.headers["X-Frame-Options"] == "SAMEORIGIN", page.text
    reply = browser.post("/login/oauth2/accept", {**read_form(page.text).fields, "decision": decision})
    where, _, query = reply.headers["Location"].partition("?")
    assert reply.status == 302 and where == BACK
    return dict(urllib.parse.parse_qsl(query))


def token(lms, **fields):
    return send("POST", lms.ready["token_url"], {"client_id": lms.ready["api_client_id"],
                                                 "client_secret": lms.ready["api_secret"], **fields})


def exchange(lms, code, /, **changes):
    return token(lms, **{"grant_type": "authorization_code", "code": code, "redirect_uri": BACK} | changes)


def admin(lms):
    return lms.browser(next(u["id"] for u in lms.ready["users"] if u["role"] == "admin"))


def test_a_code_becomes_tokens_once_and_a_refresh_keeps_its_own(lms):
    told = consent(lms, admin(lms))
    assert told["state"] == "s1"
    first = exchange(lms, told["code"]).json()
    assert first["token_type"] == "Bearer" and first["expires_in"] == 3600 and first["user"]["name"]
    assert exchange(lms, told["code"]).json()["error"] == "invalid_grant"
    second = token(lms, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert "refresh_token" not in second and second["access_token"] != first["access_token"]
    assert send("DELETE", lms.ready["token_url"], headers={"Authorization": "Bearer " + first["access_token"]}).status == 401
    assert send("DELETE", lms.ready["token_url"], headers={"Authorization": "Bearer " + second["access_token"]}).status == 200
    assert token(lms, grant_type="refresh_token", refresh_token=first["refresh_token"]).status == 400
    assert lms.control("get_state")["api_grants"] == []


def test_whoever_is_not_signed_in_chooses_whom_to_sign_in_as(lms):
    page = send("GET", lms.public_url + ask(lms))
    choices = dict(re.findall(r'<option value="(\d+)">([^<]+)', page.text))
    student = next(u for u in lms.ready["users"] if u["role"] == "student")
    assert choices and str(student["id"]) not in choices
    number, name = next(iter(choices.items()))
    reply = send("POST", lms.public_url + "/login/oauth2/accept",
                 {**read_form(page.text).fields, "decision": "allow", "user": number})
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(reply.headers["Location"]).query)["code"][0]
    assert exchange(lms, code).json()["user"]["name"] == html.unescape(name)


def test_a_no_is_told_to_the_tool_and_a_strange_request_to_the_person(lms):
    browser = admin(lms)
    assert consent(lms, browser, "deny")["error"] == "access_denied"
    for changes in ({"client_id": "7"}, {"redirect_uri": "https://evil.example/"}, {"redirect_uri": None}):
        reply = browser.get(ask(lms, **changes))
        assert reply.status in (400, 401) and "Location" not in reply.headers
    lms.control("set_api_key", on=False)
    assert browser.get(ask(lms)).status == 401


def test_a_key_with_scopes_gives_no_others(lms):
    lms.control("set_api_key", scopes=SCOPES)
    browser = admin(lms)
    for scope in (None, "url:POST|/api/v1/courses/:id", " ".join(SCOPES) + " url:GET|/api/v1/accounts"):
        reply = browser.get(ask(lms, scope=scope))
        assert reply.status == 302 and "error=invalid_scope" in reply.headers["Location"]
    assert "code" in consent(lms, browser, scope=SCOPES[0])


@pytest.mark.parametrize("changes, error", [
    ({"client_secret": "x"}, "invalid_client"), ({"client_id": "7"}, "invalid_client"), ({"code": "x"}, "invalid_grant"),
    ({"redirect_uri": "https://other.example"}, "invalid_grant")], ids=str)
def test_a_wrong_exchange_is_refused(lms, changes, error):
    reply = exchange(lms, consent(lms, admin(lms))["code"], **changes)
    assert reply.status in (400, 401) and reply.json()["error"] == error


def test_tokens_end_by_time_and_by_order(lms):
    lms.control("set_api_key", seconds=1)
    got = exchange(lms, consent(lms, admin(lms))["code"]).json()
    assert got["expires_in"] == 1
    time.sleep(2.1)
    assert send("DELETE", lms.ready["token_url"], headers={"Authorization": "Bearer " + got["access_token"]}).status == 401
    lms.control("set_api_key", seconds=3600)
    fresh = token(lms, grant_type="refresh_token", refresh_token=got["refresh_token"]).json()
    assert lms.control("expire_tokens")["expired"] == 1
    assert send("DELETE", lms.ready["token_url"], headers={"Authorization": "Bearer " + fresh["access_token"]}).status == 401


# --- events

class Target(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(body.decode())
        self.send_response(503 if self.server.trouble > 0 else 200)
        self.server.trouble -= 1
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def target():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    server.daemon_threads, server.got, server.trouble = True, [], 0
    server.url = f"http://127.0.0.1:{server.server_address[1]}/events/1"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def wait_for(check):
    until = time.monotonic() + 10
    while not check():
        assert time.monotonic() < until
        time.sleep(0.05)


def opened(lms, body):
    """The claims, verified with the published key."""
    [key] = send("GET", lms.ready["events_jwks_url"]).json()["keys"]
    envelope = jws.JWS()
    envelope.deserialize(body)
    envelope.verify(jwk.JWK(**key), "RS256")
    return json.loads(envelope.payload)


def grade(lms, score):
    student = next(u for u in lms.ready["users"] if u["role"] == "student")
    item = lms.ready["courses"][0]["items"][0]
    lms.control("set_grade", user=student["id"], item_id=item["item_id"], grade=score)
    return student, item


def test_a_changed_grade_is_told_in_canvas_form(lms, target):
    grade(lms, 1)       # nobody listens yet
    lms.control("set_events", url=target.url)
    student, item = grade(lms, 7)
    wait_for(lambda: target.got)
    [body] = target.got
    told = opened(lms, body)
    course = lms.ready["courses"][0]["id"]
    assert told["metadata"]["event_name"] == "grade_change" and told["metadata"]["context_id"] == str(10 ** 13 + course)
    assert told["metadata"]["root_account_uuid"] == lms.ready["root_account_uuid"]
    assert told["body"]["score"] == 7 and told["body"]["old_score"] == 1
    assert told["body"]["student_id"] == str(10 ** 13 + student["id"])


def test_caliper_and_unsigned_are_other_forms_of_it(lms, target):
    lms.control("set_events", url=target.url, format="caliper", signed=False)
    grade(lms, 3)
    wait_for(lambda: target.got)
    [event] = json.loads(target.got[0])["data"]
    assert event["type"] == "GradeEvent" and event["generated"]["scoreGiven"] == 3
    assert event["group"]["id"].startswith("urn:instructure:canvas:course:1000000000")
    assert event["actor"]["extensions"]["com.instructure.canvas"]["root_account_uuid"] == lms.ready["root_account_uuid"]


def test_what_is_not_taken_is_sent_again(lms, target):
    lms.control("set_events", url=target.url)
    target.trouble = 2
    grade(lms, 5)
    wait_for(lambda: len(target.got) == 3)
    assert len(set(target.got)) == 1
    wait_for(lambda: [one["status"] for one in lms.control("get_state")["events"]] == [503, 503, 200])


def test_an_event_may_be_bent(lms, target):
    lms.control("set_events", url=target.url)
    student, item = grade(lms, 5)
    wait_for(lambda: target.got)
    sent = lms.control("send_event", user=student["id"], item_id=item["item_id"], times=2,
                       delta={"metadata": {"root_account_uuid": "other", "request_id": None}})
    assert sent["statuses"] == [200, 200] and target.got[-1] == target.got[-2] == sent["body"]
    told = opened(lms, sent["body"])
    assert told["metadata"]["root_account_uuid"] == "other" and "request_id" not in told["metadata"]
