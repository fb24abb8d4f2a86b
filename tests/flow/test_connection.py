"""The Connection page: what a platform grants, deployments that wait, and a link to connect another one."""
import hashlib
import html
import json
import re

import pytest

from support import laurel
from support.laurel import wait_until

from .test_pages import Person

NORTHSIDE = "Northside College"


def text(reply):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", reply.text)))


class Place:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        place.start()
        place.start_worker()
        self.teacher = Person(self, lms.user("editingteacher")["id"])
        admin = lms.user("admin")["id"]
        self.grant(admin)
        self.admin = Person(self, admin)

    def grant(self, sub, *more):
        self.laurel.cli("admin", "grant", "--issuer", self.lms.issuer, "--client-id", self.lms.client_id, "--sub", sub,
                        "--institution", NORTHSIDE, *more)

    def forms(self, page, deed):
        """The fields of each form of the page that goes there."""
        found = []
        for form in re.findall(r"<form.*?</form>", page.text, re.S):
            if f"/connection/{deed}\"" in form:
                found.append({name: html.unescape(value) for name, value in
                              re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)})
        return found

    def owned(self, is_owned):
        self.laurel.rows("UPDATE registration SET institution_id = CASE WHEN %s THEN (SELECT id FROM institution WHERE name = %s)"
                         " END RETURNING 1", (is_owned, NORTHSIDE))

    def launch_from(self, deployment):
        pending = self.laurel.begin(self.lms, lti_deployment_id=deployment)
        minted = self.lms.control("mint", user=self.lms.user("student")["id"], nonce=pending.nonce, claims_delta={
            "https://purl.imsglobal.org/spec/lti/claim/deployment_id": deployment})
        return self.laurel.present(pending, minted["id_token"])


@pytest.fixture(scope="module")
def place(cluster):
    with laurel.school(cluster, seed=31) as (tool, lms):
        yield Place(tool, lms)


def test_a_probe_says_what_the_platform_grants_and_which_rules_follow(place):
    page = place.admin.page("connection")
    assert "Not checked yet" in text(page) and page.header("Refresh") == ""
    [fields] = place.forms(page, "probe")
    reply = place.admin.send("connection/probe", fields)
    assert reply.status == 303

    def checked():
        page = place.admin.page("connection")
        return page if "Which rules are possible" in page.text and not page.header("Refresh") else None
    seen = text(wait_until(checked, 30, "the probe has come back"))
    people = len([u for u in place.lms.facts["users"]])
    assert "Laurel may read and make its own columns" in seen
    counted = re.search(r"(\d+) people(?: on the first page)?: (\d+) with a name", seen)
    assert counted and 0 < int(counted.group(1)) <= people and counted.group(1) == counted.group(2)
    assert "Grades and the course total can be read." in seen
    assert "A percentage or points in one item Yes" in seen and "The course total Yes" in seen
    assert "A module that is done No Only Canvas has modules" in seen
    assert "Check again" in seen


def test_what_a_platform_refuses_is_a_finding_and_no_failed_job(place):
    place.laurel.rows("UPDATE registration SET token_url = issuer || '/nowhere' RETURNING 1")
    try:
        [fields] = place.forms(place.admin.page("connection"), "probe")
        wait_until(lambda: place.admin.send("connection/probe", fields).status == 303 and
                   "Scores into the gradebook No" in text(place.admin.page("connection")), 40, "the probe says no")
    finally:
        place.laurel.rows("UPDATE registration SET token_url = %s RETURNING 1", (place.lms.token_url,))
    assert "token" in text(place.admin.page("connection"))
    wait_until(lambda: place.laurel.rows("SELECT count(*) FROM job WHERE kind = 'probe'") == [(0,)], 20, "no probe is left")


def test_the_page_is_for_badge_admins_only(place):
    student = Person(place, place.lms.user("student")["id"])
    csrf = place.admin.page("badges").fields()["csrf"]
    for person in (place.teacher, student):
        assert person.get("connection").status == 403
        for deed in ("probe", "deployment", "invite"):
            reply = person.send(f"connection/{deed}", {"csrf": csrf, "registration": place.lms.slug, "deployment": "1",
                                                       "decision": "approve"})
            assert reply.status == 403, deed
    assert place.laurel.rows("SELECT count(*) FROM invite") == [(0,)]


def test_a_waiting_deployment_is_approved_by_the_school_that_invited(place):
    place.owned(True)
    try:
        assert place.launch_from("77").status == 401
        page = place.admin.page("connection")
        assert "Waiting for approval" in page.text
        [fields] = [f for f in place.forms(page, "deployment") if f["deployment"] == "77"]
        assert place.admin.send("connection/deployment", {**fields, "decision": "refuse"}).status == 303
        reply = place.launch_from("77")
        assert reply.status == 401 and "is switched off here" in text(reply)
        [fields] = [f for f in place.forms(place.admin.page("connection"), "deployment") if f["deployment"] == "77"]
        assert place.admin.send("connection/deployment", {**fields, "decision": "approve"}).status == 303
        assert place.launch_from("77").status == 303
    finally:
        place.owned(False)
    assert place.laurel.rows("SELECT action FROM audit WHERE action LIKE 'deployment_%' ORDER BY id") == [
        ("deployment_refused",), ("deployment_approved",)]


def test_a_shared_registration_shows_no_other_schools_deployment_and_decides_nothing(place):
    """attacks.md E3."""
    assert place.launch_from("other-school").status == 401
    page = place.admin.page("connection")
    assert "other-school" not in page.text and "laurel platform approve" in page.text
    [fields] = place.forms(page, "probe")[:1]
    reply = place.admin.send("connection/deployment", {**fields, "deployment": "other-school", "decision": "approve"})
    assert reply.status == 404
    assert place.launch_from("other-school").status == 401


def test_a_registration_link_is_shown_once_and_kept_as_a_hash(place):
    page = place.admin.page("connection")
    [fields] = place.forms(page, "invite")
    reply = place.admin.send("connection/invite", fields)
    assert reply.status == 200
    [code] = re.findall(r"/lti/register\?invite=([A-Za-z0-9_-]+)", html.unescape(reply.text))
    assert len(code) == 43 and "Moodle" in reply.text and "Canvas" in reply.text
    [(kept, days)] = place.laurel.rows("SELECT code_hash, round(extract(epoch FROM expires_at - now()) / 86400)::int FROM invite")
    assert bytes(kept) == hashlib.sha256(code.encode()).digest() and days == 7
    assert code not in place.admin.page("connection").text
    assert place.admin.page("connection/invite").status == 200
    for log in (place.laurel.serve_log, place.laurel.folder / "nginx.log"):
        assert code not in log.read_text(errors="replace")


def test_no_more_than_twenty_links_are_open(place):
    [fields] = place.forms(place.admin.page("connection"), "invite")
    statuses = [place.admin.send("connection/invite", fields).status for _ in range(22)]
    assert statuses[-1] == 409
    assert place.laurel.rows("SELECT count(*) FROM invite") == [(20,)]


def test_rights_for_one_issuer_connect_nothing(place):
    laurel.import_badges(place.laurel, place.lms, [{"key": "any", "name": "Any", "rule": {"manual": "x"}}])
    sub = place.lms.user("teacher")["id"]
    place.grant(sub, "--badge-issuer", "northside")
    partial = Person(place, sub)
    page = partial.page("connection")
    assert place.forms(page, "invite") == [] and place.forms(page, "probe") != []
    [fields] = place.forms(page, "probe")[:1]
    assert partial.send("connection/invite", fields).status == 403
    assert partial.send("connection/deployment", {**fields, "decision": "refuse"}).status == 403


def test_problems_before_the_last_launch_are_told_apart(place):
    place.laurel.rows("UPDATE registration SET problems = '{\"aud\": {\"text\": \"another client id\", \"count\": 3, \"last_at\":"
                      " \"2020-01-01T00:00:00Z\"}, \"iat\": {\"text\": \"the clock is off\", \"count\": 2}}'::jsonb"
                      " || jsonb_build_object('kid', jsonb_build_object('text', 'no such key', 'count', 1, 'last_at', now() + interval '1 minute'))"
                      " RETURNING 1")
    place.laurel.rows("UPDATE registration SET problems = jsonb_set(problems, '{iat,last_at}', to_jsonb(now() - interval '1 day'))"
                      " RETURNING 1")
    seen = text(place.admin.page("connection"))
    assert "Another client id" not in seen      # long ago
    assert "The clock is off. 2 times, last 1 day ago. Launches have worked since." in seen
    assert "No such key. The key set must list the key" in seen and "1 time, last just now." in seen and "Needs a look" in seen


def test_the_doctor_finds_our_own_keys_and_what_the_platform_grants(place):
    place.laurel.rows("UPDATE registration SET problems = '{}', parked = '{}' RETURNING 1")
    found = {row["check"]: row for row in json.loads(place.laurel.cli("doctor", "--json", check=False).out)}
    assert found["own keys"]["level"] == "ok" and "lists the key that signs" in found["own keys"]["text"]
    assert found["token"]["level"] == "ok" and "grants columns, scores, results, roster" in found["token"]["text"]
