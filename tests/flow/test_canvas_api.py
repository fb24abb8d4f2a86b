"""Laurel and the demo Canvas: the consent page answered by a person, and events that a changed grade sends."""
import re
import urllib.parse

import pytest

from support import laurel
from support.laurel import wait_until
from support.web import Browser

from .test_connection import NORTHSIDE, text
from .test_pages import Person


class Place:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.where = ["--issuer", lms.issuer, "--client-id", lms.client_id, "--deployment", lms.deployment]
        secret = place.folder / "secret"
        secret.write_text(lms.facts["api_secret"], encoding="utf-8")
        place.cli("source", "set", *self.where, "--kind", "canvas", "--base-url", lms.local, "--oauth-client-id",
                  lms.facts["api_client_id"], "--oauth-secret-file", secret)
        place.start()
        admin = lms.user("admin")["id"]
        place.cli("admin", "grant", *self.where[:4], "--sub", lms.user("admin")["sub"], "--institution", NORTHSIDE)
        self.admin = Person(self, admin)


@pytest.fixture(scope="module")
def place(cluster):
    with laurel.school(cluster, seed=37, lms_options={"personality": "canvas"}) as (tool, lms):
        yield Place(tool, lms)


def consent(place, window, decision):
    """The window of the button, through Canvas and back."""
    page = place.admin.page("connection")
    [ticket] = re.findall(r'name="ticket" value="([^"]+)"', page.text)
    going = window.post(place.laurel.base + "/oauth/canvas/start", {"ticket": ticket}, headers={"Origin": place.laurel.base})
    assert going.status == 200, text(going)
    canvas = Browser()
    asked = canvas.get(going.header("Refresh").removeprefix("0; url="))
    assert asked.status == 200 and "asks for access" in asked.text and "students/submissions" in asked.text
    reader = place.lms.user("admin")["id"]
    answered = canvas.post(place.lms.local + "/login/oauth2/accept", {**asked.fields(), "user": reader, "decision": decision})
    assert answered.status == 302
    return window.get(answered.location)


def test_a_person_says_no_then_yes_and_takes_it_back(place):
    window = Browser()
    assert "It was not allowed in Canvas" in text(consent(place, window, "deny"))
    assert place.lms.state()["api_grants"] == []
    back = consent(place, window, "allow")
    assert back.status == 200 and place.lms.user("admin")["name"] in text(back)
    [grant] = place.lms.state()["api_grants"]
    guide = (laurel.SOURCE / "conf/canvas.md").read_text(encoding="utf-8")
    assert sorted(grant["scopes"]) == sorted(re.findall(r"^    (url:GET\S+)$", guide, re.M)), "the least, as the guide lists them"
    place.lms.control("expire_tokens")
    place.laurel.rows("UPDATE source_oauth SET access_until = now() RETURNING 1")
    assert "ended in Canvas" in place.laurel.cli("source", "revoke", *place.where).out
    assert place.lms.state()["api_grants"] == []


@pytest.mark.parametrize("form", ["canvas", "caliper"])
def test_a_grade_that_changes_in_canvas_moves_its_course(place, form):
    lms, tool = place.lms, place.laurel
    course = lms.facts["courses"][0]
    url = tool.cli("source", "events", "enable", *place.where, "--root-account", lms.facts["root_account_uuid"], "--jwks-url",
                   lms.facts["events_jwks_url"], "--json").json()["url"]
    lms.control("set_events", url=url, format=form)
    tool.rows("UPDATE context SET source_ref = %s, sync_requested_at = NULL WHERE context_id = %s RETURNING 1",
              (str(course["id"]), course["context_id"]))
    before = len(lms.state()["events"])
    lms.control("set_grade", user=lms.user("student")["id"], item_id=course["items"][0]["item_id"], grade=4)
    sent = wait_until(lambda: lms.state()["events"][before:], 10, "the event")
    assert sent == [{"name": "grade_change", "status": 200}]
    assert tool.rows("SELECT count(*) FROM context WHERE sync_requested_at IS NOT NULL") == [(1,)]


def test_F16_an_event_of_another_account_moves_nothing(place):
    lms, item = place.lms, place.lms.facts["courses"][0]["items"][0]["item_id"]
    place.laurel.rows("UPDATE context SET sync_requested_at = NULL RETURNING 1")
    student = lms.user("student")["id"]
    for delta, header in (({"metadata": {"root_account_uuid": "x"}, "data": None}, None), (None, {"alg": "none"}), (None, {"kid": "x"})):
        lms.control("set_events", url=place.laurel.cli("source", "events", "show", *place.where, "--json").json()["url"], format="canvas")
        assert lms.control("send_event", user=student, item_id=item, delta=delta, header_delta=header)["statuses"] == [401]
    assert place.laurel.rows("SELECT count(*) FROM context WHERE sync_requested_at IS NOT NULL") == [(0,)]
