"""Canvas Live Events: what is taken as a hint, and what is refused (attacks.md F16)."""
import contextlib
import json
import time

import pytest

from support import forge, laurel, live_events
from support.canvas_rest import Canvas
from support.laurel import wait_until
from support.live_events import caliper, deliver, glob, raw

from .judge import nothing_written
from .test_canvas_source import ANA, BEN, CHO, QUIZ, School, fill

ACCOUNT, OTHER = "VicYj3cu5BIFpoZhDVU4DZumnlBrWi1grgJEzADs", "WvAHhY5FINzq5IyRIJybGeiXyFkG3SqHUPb7jZY5"


class Place(School):
    """A school on Canvas whose events come from `cloud`."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.cloud = forge.Platform("cloud")

    def open(self):
        super().open()
        place = self.laurel
        place.rows("UPDATE context SET source_ref = %s WHERE source_ref = '' RETURNING 1", (str(self.canvas.course),))
        self.url = self.enable()

    def events(self, *words, check=True):
        return self.laurel.cli("source", "events", *words, *self.where, check=check)

    def enable(self, account=ACCOUNT):
        return self.events("enable", "--root-account", account, "--jwks-url", self.cloud.jwks_url, "--json").json()["url"]

    def sign(self, event, **more):
        return self.cloud.token(None, payload=event, **more)

    def send(self, event, url=None, **more):
        return deliver(url or self.url, self.sign(event, **more))

    def shown(self):
        return self.events("show", "--json").json()

    def asked_for(self):
        [(is_asked,)] = self.laurel.rows("SELECT coalesce(bool_or(sync_requested_at > coalesce(sync_started_at, '-infinity')), false)"
                                         " FROM context")
        return is_asked

    @contextlib.contextmanager
    def nothing(self):
        """No row, no hint."""
        before = self.laurel.counts()
        times = self.laurel.rows("SELECT id, sync_requested_at FROM context ORDER BY id")
        yield
        nothing_written(self.laurel, before)
        assert self.laurel.rows("SELECT id, sync_requested_at FROM context ORDER BY id") == times

    @contextlib.contextmanager
    def no_worker(self):
        self.laurel.end("worker")
        try:
            yield
        finally:
            self.laurel.start_worker()


@pytest.fixture(scope="module")
def place(cluster):
    with contextlib.ExitStack() as stack:
        canvas, platform = Canvas(), forge.Platform("canvas")
        fill(canvas)
        tool = laurel.Laurel(cluster, allow=[canvas.port, platform.port])
        place = Place(tool, platform, canvas)
        for one in (canvas, platform, place.cloud, tool):
            stack.callback(one.close)
        tool.allow.append(f"127.0.0.1:{place.cloud.port}")
        tool.write_config()
        place.open()
        yield place


def verdict(reply):
    assert reply.status == 200, reply.text
    return json.loads(reply.text)["verdict"]


# --- hints

@pytest.mark.parametrize("make, who", [(raw, ANA), (caliper, BEN)], ids=["raw", "caliper"])
def test_a_changed_grade_is_a_badge_within_seconds(place, make, who):
    """The course was read a moment ago: without the event nobody would look for minutes."""
    place.launch(who)
    place.read_again()
    at_rest(place)
    place.canvas.grade(who, QUIZ, 9)
    time.sleep(2)       # two rounds of the scheduler
    assert place.awards(who, "quiz") == []
    began = time.monotonic()
    assert verdict(place.send(make(ACCOUNT, place.canvas.course))) == "hint"
    wait_until(lambda: place.awards(who, "quiz"), 5, "the award")
    print(f"grade -> event -> award: {time.monotonic() - began:.1f} s")


@pytest.fixture
def large(place):
    """The course passes for one of which changes are read, not everything."""
    place.launch(CHO)
    at_rest(place)
    place.read_again()
    place.laurel.rows("UPDATE context SET whole_requests = 1000, whole_at = now() RETURNING 1")
    try:
        yield place
    finally:
        place.canvas.slow_at, place.canvas.denied = {}, set()
        at_rest(place)
        place.laurel.rows("UPDATE context SET whole_requests = 1, sync_took_ms = 0 RETURNING 1")


def at_rest(place):
    wait_until(lambda: not place.asked_for() and place.laurel.rows("SELECT count(*) FROM job WHERE kind IN ('judge', 'sync')") == [(0,)],
               30, "what was asked for before is over")


def score_of(place, user, item):
    return place.laurel.rows("SELECT f.score::float FROM fact f JOIN item i ON i.id = f.item_id JOIN person p ON p.id = f.person_id"
                             " WHERE i.ref = %s AND p.sub = %s", (str(item), place.canvas.users[user]["sub"]))


def test_whose_grade_changed_has_a_badge_before_the_course_is_read(large):
    """What is asked for everybody takes its time; nothing else of the course changes by what comes first."""
    large.canvas.slow_at = {"/bulk_user_progress": 8}
    large.canvas.grade(CHO, QUIZ, 3)
    others = lambda: large.laurel.rows("SELECT f.person_id, item_id, score FROM fact f JOIN person p ON p.id = f.person_id"
                                       " WHERE p.sub <> %s ORDER BY 1, 2", (large.canvas.users[CHO]["sub"],))
    members = lambda: large.laurel.rows("SELECT person_id, is_active FROM membership ORDER BY 1")
    items = lambda: large.laurel.rows("SELECT id, title, gone_at FROM item ORDER BY 1")
    before = others(), members(), items()
    read_at, seen = large.synced_at(), len(large.canvas.requests)
    large.canvas.grade(CHO, QUIZ, 9)
    large.launch(CHO)       # an event of another's grade tells the same
    wait_until(lambda: large.awards(CHO, "quiz"), 6, "the award")
    assert large.synced_at() == read_at, "the whole course was read before"
    assert (others(), members(), items()) == before
    assert any(f"user_id={CHO}&" in path for path in large.canvas.requests[seen:])
    wait_until(lambda: large.synced_at() != read_at, 30, "the course is read")
    assert score_of(large, CHO, QUIZ) == [(9.0,)]
    [(changed,)] = large.laurel.rows("SELECT changed_at >= sync_started_at AND quiet_readings = 0 FROM context")
    assert changed, "the course passes for one where nothing happens"


def test_what_fails_before_the_course_is_read_takes_nothing_with_it(large):
    large.canvas.denied = {"user_id="}
    large.canvas.grade(CHO, QUIZ, 5)
    read_at = large.synced_at()
    assert verdict(large.send(raw(ACCOUNT, COURSE))) == "hint"
    wait_until(lambda: large.synced_at() != read_at, 30, "the course is read")
    assert large.error() == "" and score_of(large, CHO, QUIZ) == [(5.0,)]


@pytest.fixture
def peace(large):
    """A reading of a minute has just ended: the course is left in peace for five."""
    for user in (ANA, CHO):
        large.launch(user)
        large.canvas.grade(user, QUIZ, 3)
    large.read_again()
    at_rest(large)
    large.laurel.rows("UPDATE context SET sync_started_at = now(), sync_took_ms = 60000 RETURNING 1")
    try:
        yield large
    finally:
        large.canvas.denied = set()
        large.laurel.rows("UPDATE context SET sync_took_ms = 0 RETURNING 1")
        large.laurel.rows("UPDATE job SET run_at = now(), payload = payload - 'until' WHERE kind = 'sync' RETURNING 1")


def waiting(place):
    return place.laurel.rows("SELECT payload ? 'until', run_at > now() + interval '200 seconds' FROM job"
                             " WHERE kind = 'sync' AND state = 'waiting'")


def test_nobody_waits_while_a_course_is_left_in_peace(peace):
    read_at = peace.synced_at()
    for user in (ANA, CHO):     # each time anew, though the course was not read in between
        seen = len(peace.canvas.requests)
        peace.canvas.grade(user, QUIZ, 9)
        began = time.monotonic()
        assert verdict(peace.send(raw(ACCOUNT, COURSE))) == "hint"
        wait_until(lambda: score_of(peace, user, QUIZ) == [(9.0,)], 5, "the grade")
        print(f"grade -> event -> merged, in the pause: {time.monotonic() - began:.1f} s")
        wait_until(lambda: peace.awards(user, "quiz"), 5, "the award")
        assert not any("bulk_user_progress" in path for path in peace.canvas.requests[seen:])
        wait_until(lambda: waiting(peace) == [(False, True)], 5, "the course follows")
    assert peace.synced_at() == read_at
    peace.laurel.cli("sync", "--course", peace.canvas.context)
    wait_until(lambda: peace.synced_at() != read_at, 10, "by hand, at once")


def test_what_a_few_are_asked_for_in_vain_is_told_when_the_course_is_read(peace):
    peace.canvas.denied = {"user_id="}
    peace.canvas.grade(CHO, QUIZ, 4)
    read_at = peace.synced_at()
    assert verdict(peace.send(raw(ACCOUNT, COURSE))) == "hint"
    wait_until(lambda: waiting(peace) == [(False, True)], 10, "the course follows")
    assert peace.synced_at() == read_at and peace.error() == ""
    peace.laurel.rows("UPDATE job SET run_at = now() WHERE kind = 'sync' RETURNING 1")
    wait_until(lambda: peace.synced_at() != read_at, 20, "the course is read")
    assert score_of(peace, CHO, QUIZ) == [(4.0,)]


def test_a_reading_that_broke_off_is_not_overtaken_by_a_few(peace):
    """It goes on with what it was answered before, which is older than what a few would bring."""
    peace.laurel.rows("INSERT INTO reading_page (institution_id, context_id, key, reply, started_at, source_at)"
                      " SELECT c.institution_id, c.id, '\\x00', '', now(), g.updated_at FROM context c JOIN grade_source g"
                      " USING (institution_id, deployment_id) RETURNING 1")
    peace.canvas.grade(CHO, QUIZ, 7)
    seen = len(peace.canvas.requests)
    assert verdict(peace.send(raw(ACCOUNT, COURSE))) == "hint"
    wait_until(lambda: waiting(peace) == [(False, True)], 10, "the course follows")
    assert peace.canvas.requests[seen:] == []


def test_a_score_in_an_event_is_not_believed(place):
    place.canvas.grade(ANA, QUIZ, 9)
    place.read_again()
    facts = place.laurel.rows("SELECT person_id, item_id, score FROM fact ORDER BY 1, 2")
    before = place.synced_at()
    assert verdict(place.send(raw(ACCOUNT, place.canvas.course, body={"score": 1, "user_id": glob(ANA), "assignment_id": glob(QUIZ)}))) == "hint"
    wait_until(lambda: place.synced_at() not in (None, before), 20, "the course is read again")
    assert place.laurel.rows("SELECT person_id, item_id, score FROM fact ORDER BY 1, 2") == facts


COURSE = 55
HINTS = {
    "a global id in the metadata": lambda: raw(ACCOUNT, COURSE),
    "a number": lambda: raw(ACCOUNT, COURSE, context_id=int(glob(COURSE))),
    "a local id in the body": lambda: raw(ACCOUNT, COURSE, "course_grade_change", context_type="Account", context_id=glob(1),
                                          body={"course_id": str(COURSE), "user_id": "871"}),
    "a course in the body": lambda: raw(ACCOUNT, COURSE, "course_completed", context_type=None, context_id=None,
                                        body={"course": {"id": str(COURSE)}, "user": {"id": "871"}}),
    "a context in the body": lambda: raw(ACCOUNT, COURSE, "assignment_updated", context_type=None, context_id=None,
                                         body={"context_type": "Course", "context_id": glob(COURSE)}),
    "an enrolment": lambda: raw(ACCOUNT, COURSE, "enrollment_state_updated"),
    "an outcome": lambda: raw(ACCOUNT, COURSE, "learning_outcome_result_created"),
    "a module": lambda: raw(ACCOUNT, COURSE, "module_item_updated"),
    "a submission": lambda: raw(ACCOUNT, COURSE, "submission_created"),
    "an override": lambda: raw(ACCOUNT, COURSE, "grade_override"),
    "progress": lambda: raw(ACCOUNT, COURSE, "course_progress"),
    "a caliper submission": lambda: caliper(ACCOUNT, COURSE, type="AssignableEvent", action="Submitted"),
    "a caliper assignment": lambda: caliper(ACCOUNT, COURSE, type="Event", action="Modified",
                                            object={"type": "AssignableDigitalResource"}),
    "a caliper course by its extension": lambda: caliper(ACCOUNT, COURSE, group={"extensions": {"com.instructure.canvas": {
        "context_type": "Course", "entity_id": glob(COURSE)}}}),
}


@pytest.mark.parametrize("case", HINTS, ids=str)
def test_what_names_a_course_moves_it_to_the_front(place, case):
    with place.no_worker():
        place.laurel.rows("UPDATE context SET sync_requested_at = NULL, sync_started_at = now() RETURNING 1")
        assert verdict(place.send(HINTS[case]())) == "hint"
        assert place.asked_for()


@pytest.mark.parametrize("name", ["7~55", "70000000000055"])
def test_a_course_that_its_source_calls_by_another_name_is_found(place, name):
    with place.no_worker():
        place.laurel.rows("UPDATE context SET source_ref = %s, sync_requested_at = NULL RETURNING 1", (name,))
        try:
            assert verdict(place.send(raw(ACCOUNT, 55))) == "unknown"          # another shard's
            assert verdict(place.send(raw(ACCOUNT, 55, context_id=glob(55, 7)))) == "hint"
            assert place.asked_for()
        finally:
            place.laurel.rows("UPDATE context SET source_ref = '55' RETURNING 1")


NO_HINTS = {
    "a page view": ("ignored", lambda: raw(ACCOUNT, COURSE, "asset_accessed")),
    "a login": ("ignored", lambda: raw(ACCOUNT, COURSE, "logged_in", context_type=None, context_id=None, body={})),
    "a caliper session": ("ignored", lambda: caliper(ACCOUNT, COURSE, type="SessionEvent", action="LoggedIn")),
    "a comment": ("ignored", lambda: raw(ACCOUNT, COURSE, "submission_comment_created")),
    "a course nobody knows": ("unknown", lambda: raw(ACCOUNT, 56)),
    "no course": ("unknown", lambda: raw(ACCOUNT, COURSE, context_type="Account", context_id=glob(1), body={"score": 1})),
    "a course of another shape": ("unknown", lambda: raw(ACCOUNT, COURSE, context_id={"id": "55"}, body={"course_id": "55 OR 1=1"})),
    "a course below zero": ("unknown", lambda: raw(ACCOUNT, COURSE, context_id="-55", body={})),
    "a course beyond all numbers": ("unknown", lambda: raw(ACCOUNT, COURSE, context_id="9" * 40, body={})),
}


@pytest.mark.parametrize("case", NO_HINTS, ids=str)
def test_what_tells_nothing_is_taken_and_moves_nothing(place, case):
    word, make = NO_HINTS[case]
    before = place.laurel.rows("SELECT id, sync_requested_at FROM context ORDER BY id")
    assert verdict(place.send(make())) == word
    assert place.laurel.rows("SELECT id, sync_requested_at FROM context ORDER BY id") == before


def test_an_event_of_another_deployments_course_moves_nothing(place):
    """Within one institution, too: the feed is of one deployment."""
    place.laurel.rows("INSERT INTO context (institution_id, deployment_id, context_id, source_ref) SELECT institution_id, 999999,"
                      " 'elsewhere', '77' FROM context LIMIT 1 RETURNING 1")
    try:
        assert verdict(place.send(raw(ACCOUNT, 77))) == "unknown"
    finally:
        place.laurel.rows("DELETE FROM context WHERE context_id = 'elsewhere' RETURNING 1")


# --- F16

def test_F16_an_event_counts_once(place):
    event = raw(ACCOUNT, COURSE)
    assert verdict(place.send(event)) == "hint"
    wait_until(lambda: not place.asked_for(), 20, "it is read")
    seen = place.laurel.rows("SELECT count(*) FROM event_seen")
    with place.no_worker(), place.nothing():
        assert verdict(place.send(event)) == "again"
        assert verdict(place.send(event, header={"typ": None})) == "again"      # the same, signed again
    assert place.laurel.rows("SELECT count(*) FROM event_seen") == seen
    envelope = caliper(ACCOUNT, COURSE)
    assert verdict(place.send(envelope)) == "hint"
    assert verdict(place.send({**envelope, "sendTime": live_events.now(1)})) == "again"


def test_F16_fifty_at_once_count_once(place):
    token = place.sign(raw(ACCOUNT, COURSE))
    said = [verdict(reply) for reply in laurel.Crowd.run(50, lambda _: deliver(place.url, token))]
    assert sorted(said) == ["again"] * 49 + ["hint"]


REFUSED = {
    "another's key": ("signature", lambda p: p.sign(raw(ACCOUNT, COURSE), key=forge.Key(p.cloud.key.kid))),
    "no signature": ("alg", lambda p: p.sign(raw(ACCOUNT, COURSE), alg="none", sign=lambda data: b"x")),
    "the public key as a secret": ("alg", lambda p: p.sign(raw(ACCOUNT, COURSE), alg="HS256",
                                                           sign=forge.hmac_signer(p.cloud.key.public_bytes()))),
    "a kid nobody has": ("kid", lambda p: p.sign(raw(ACCOUNT, COURSE), header={"kid": "elsewhere"})),
    "no kid": ("kid", lambda p: p.sign(raw(ACCOUNT, COURSE), header={"kid": None})),
    "keys of its own": ("kid", lambda p: p.platform.token(None, payload=raw(ACCOUNT, COURSE), header={
        "jku": p.platform.jwks_url, "jwk": p.platform.key.jwk()})),
    "another school's": ("root_account", lambda p: p.sign(raw(OTHER, COURSE))),
    "another school's by Caliper": ("root_account", lambda p: p.sign(caliper(OTHER, COURSE))),
    "nobody's": ("root_account", lambda p: p.sign(raw(None, COURSE))),
    "nobody's by Caliper": ("root_account", lambda p: p.sign(caliper(None, COURSE))),
    "one of ours beside another's": ("root_account", lambda p: p.sign({**caliper(ACCOUNT, COURSE), "data": [
        *caliper(OTHER, COURSE)["data"], *caliper(ACCOUNT, COURSE)["data"]]})),
    "our account's number": ("root_account", lambda p: p.sign(raw(0, COURSE, root_account_id=ACCOUNT))),
    "yesterday's": ("event_time", lambda p: p.sign(raw(ACCOUNT, COURSE, at=live_events.now(-1441)))),
    "tomorrow's": ("event_time", lambda p: p.sign(raw(ACCOUNT, COURSE, at=live_events.now(6)))),
    "timeless": ("event_time", lambda p: p.sign(raw(ACCOUNT, COURSE, at="soon"))),
    "timeless by Caliper": ("event_time", lambda p: p.sign(caliper(ACCOUNT, COURSE, eventTime=None))),
    "nameless": ("event", lambda p: p.sign(raw(ACCOUNT, COURSE, name=""))),
    "no event": ("event", lambda p: p.sign({"sub": "17"})),
    "a launch (F1)": ("event", lambda p: p.cloud.token("nonce")),
    "no body": ("event", lambda p: p.sign({"metadata": raw(ACCOUNT, COURSE)["metadata"]})),
    "a list for a body": ("event", lambda p: p.sign({**raw(ACCOUNT, COURSE), "body": []})),
    "an empty envelope": ("event", lambda p: p.sign({**caliper(ACCOUNT, COURSE), "data": []})),
    "21 in an envelope": ("event", lambda p: p.sign({**caliper(ACCOUNT, COURSE), "data": caliper(ACCOUNT, COURSE)["data"] * 21})),
    "a number in an envelope": ("event", lambda p: p.sign({**caliper(ACCOUNT, COURSE), "data": [7]})),
    "a list": ("json", lambda p: p.sign(b"[]")),
    "no JSON": ("json", lambda p: p.sign(b"{")),
    "a member twice": ("json", lambda p: p.sign(b'{"metadata": {}, "metadata": {}, "body": {}}')),
    "plain JSON": ("unsigned", lambda p: json.dumps(raw(ACCOUNT, COURSE))),
    "plain JSON in an envelope": ("unsigned", lambda p: " " + json.dumps(caliper(ACCOUNT, COURSE))),
    "a list of tokens": ("unsigned", lambda p: json.dumps([p.sign(raw(ACCOUNT, COURSE))])),
    "no token": ("jws", lambda p: "not.a.token"),
    "two parts": ("jws", lambda p: p.sign(raw(ACCOUNT, COURSE)).rsplit(".", 1)[0]),
    "nothing": ("jws", lambda p: ""),
    "rubbish": ("jws", lambda p: b"\x00\xff" * 1000),
}


class TestRefused:
    @pytest.fixture(scope="class", autouse=True)
    def no_worker(self, place):
        """It would look into the course by itself now and then."""
        with place.no_worker():
            yield

    @pytest.mark.parametrize("case", REFUSED, ids=str)
    def test_F16_a_bad_event_is_refused_and_moves_nothing(self, place, case):
        reason, make = REFUSED[case]
        body = make(place)
        strangers = list(place.platform.strangers)
        with place.nothing():
            reply = deliver(place.url, body)
        assert reply.status == 401, reply.text
        shown = place.shown()
        assert shown["refused_reason"] == reason, shown
        assert "error" in json.loads(reply.text) and place.platform.strangers == strangers


def test_unsigned_events_say_what_to_switch_on_and_are_logged_once(place):
    place.enable()      # forgets what was refused
    before = sum(line["event"] == "event_refused" and line["reason"] == "unsigned" for line in place.laurel.logs())
    for _ in range(20):
        assert "Sign Payload" in deliver(place.url, json.dumps(raw(ACCOUNT, COURSE)), "application/json").text
    after = sum(line["event"] == "event_refused" and line["reason"] == "unsigned" for line in place.laurel.logs())
    assert after - before <= 2      # once a minute
    assert "Sign Payload" in place.shown()["refused_text"] or after == before


def test_the_doctor_and_the_connection_page_say_what_is_wrong(place):
    place.laurel.cli("admin", "grant", *place.where[:4], "--sub", "admin", "--institution", "Northside College")
    reply, pending = place.laurel.launch(place.platform, sub="admin", roles=(forge.INSTRUCTOR,), context=place.canvas.context)
    page = f"{place.laurel.base}/app/l/{laurel.launch_id(reply)}/connection"

    def seen():
        [found] = [row for row in json.loads(place.laurel.cli("doctor", "--json", check=False).out) if row["check"] == "events"]
        return found["level"], found["text"], pending.browser.get(page).text
    place.enable()
    assert verdict(place.send(raw(ACCOUNT, COURSE))) in ("hint", "again")
    level, words, html = seen()
    assert level == "ok" and "the last came at" in words and "Changed grades are read at once" in html
    place.laurel.rows("UPDATE event_feed SET last_event_at = now() - interval '2 minutes',"
                      " refused = jsonb_build_object('root_account', jsonb_build_object('text', 'Another <b>account</b>.', 'last_at', now()))"
                      " RETURNING 1")
    level, words, html = seen()
    assert level == "warning" and "Another" in words and "was refused just now. Another &lt;b&gt;account" in html
    place.enable()


def test_F16_a_huge_event_is_not_read(place):
    with place.no_worker(), place.nothing():
        assert deliver(place.url, b"a" * (1 << 20)).status == 413


def test_F16_another_feeds_address_and_none_are_nothing(place):
    other = place.url[:-4] + ("0000" if place.url[-4:] != "0000" else "1111")
    with place.no_worker(), place.nothing():
        for url in (other, place.url + "x", place.laurel.base + "/events/1", place.laurel.base + "/events/%27"):
            assert place.send(raw(ACCOUNT, COURSE), url).status == 404
    assert deliver(place.url, "").status == 401
    assert laurel.web.Browser().get(place.url).status == 405


def test_F16_ours_at_the_address_of_another_school_is_refused(place):
    """Two feeds; what is signed for the one is nothing at the other."""
    [(institution, deployment)] = place.laurel.rows("SELECT institution_id, deployment_id FROM event_feed")
    second = "01930000-0000-7000-8000-000000000001"
    place.laurel.rows("INSERT INTO deployment (registration_id, institution_id, deployment_id) SELECT registration_id,"
                      " institution_id, 'dep-other' FROM deployment WHERE id = %s RETURNING 1", (deployment,))
    place.laurel.rows("INSERT INTO event_feed (id, institution_id, deployment_id, root_account_uuid, jwks_url) SELECT %s, %s, id, %s, %s"
                      " FROM deployment WHERE deployment_id = 'dep-other' RETURNING 1",
                      (second, institution, OTHER, place.cloud.jwks_url))
    url = place.laurel.base + "/events/" + second
    assert place.send(raw(ACCOUNT, COURSE), url).status == 401
    assert verdict(place.send(raw(OTHER, COURSE), url)) == "unknown", "a course of another deployment was moved"
    place.laurel.rows("UPDATE deployment SET is_active = false WHERE deployment_id = 'dep-other' RETURNING 1")
    assert place.send(raw(OTHER, COURSE), url).status == 404
    place.laurel.rows("DELETE FROM event_feed WHERE id = %s RETURNING 1", (second,))


def test_keys_that_cannot_be_had_ask_for_another_try(place):
    dark = place.laurel.base.rsplit(":", 1)[0] + f":{laurel.free_port()}/jwks"
    place.laurel.rows("UPDATE event_feed SET jwks_url = %s RETURNING 1", (dark,))
    try:
        assert place.send(raw(ACCOUNT, COURSE)).status == 503
    finally:
        place.laurel.rows("UPDATE event_feed SET jwks_url = %s RETURNING 1", (place.cloud.jwks_url,))


def test_a_rotated_key_is_fetched(place):
    place.laurel.end("serve")
    place.laurel.start_serve()
    assert verdict(place.send(raw(ACCOUNT, COURSE))) in ("hint", "again")
    old, place.cloud.key = place.cloud.key, forge.Key()
    place.cloud.keys.append(place.cloud.key)
    before = place.cloud.fetches
    assert verdict(place.send(raw(ACCOUNT, COURSE))) == "hint"
    assert place.cloud.fetches == before + 1
    place.cloud.key = old


def test_a_flood_of_events_is_one_reading_and_has_a_limit(place):
    with place.no_worker():
        place.laurel.rows("UPDATE context SET sync_requested_at = NULL RETURNING 1")
        tokens = [place.sign(raw(ACCOUNT, COURSE)) for _ in range(60)]
        said = laurel.Crowd.run(60, lambda i: verdict(deliver(place.url, tokens[i])))
        assert said == ["hint"] * 60
        [(versions,)] = place.laurel.rows("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'context'")
        tokens = [place.sign(raw(ACCOUNT, COURSE)) for _ in range(30)]
        laurel.Crowd.run(30, lambda i: deliver(place.url, tokens[i]))
        time.sleep(1.2)     # statistics are told a second late
        [(after,)] = place.laurel.rows("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'context'")
        place.laurel.rows("UPDATE event_feed SET minute = now(), in_minute = 6000 RETURNING 1")
        with place.nothing():
            reply = place.send(raw(ACCOUNT, COURSE))
            assert reply.status == 429 and reply.header("Retry-After") == "60"
        place.laurel.rows("UPDATE event_feed SET minute = now() - interval '61 seconds' RETURNING 1")
        assert verdict(place.send(raw(ACCOUNT, COURSE))) == "hint"
    assert after - versions <= 60, "each event wrote the course"


def test_what_was_seen_is_forgotten_after_days(place):
    place.laurel.rows("UPDATE event_seen SET seen_at = now() - interval '3 days' RETURNING 1")
    place.laurel.cli("worker", "--once")
    assert place.laurel.rows("SELECT count(*) FROM event_seen WHERE seen_at < now() - interval '2 days'") == [(0,)]


# --- the commands

def test_the_account_must_be_said(place):
    out = place.events("enable", check=False)
    assert out.status == 2 and "/api/v1/accounts/self" in out.err


def test_enabling_again_keeps_the_address_and_disabling_ends_it(place):
    assert place.enable() == place.url
    out = place.events("enable", "--root-account", ACCOUNT).out
    assert place.url in out and "Sign Payload" in out and "execute-api.us-east-1.amazonaws.com/main/jwks" in out
    place.enable()
    shown = place.shown()
    assert shown["url"] == place.url and shown["root_account"] == ACCOUNT and shown["counts"]["hint"] > 0
    place.events("disable")
    assert place.send(raw(ACCOUNT, COURSE)).status == 404
    assert place.laurel.rows("SELECT count(*) FROM event_seen") == [(0,)]
    assert place.events("show", check=False).status == 1
    place.url = place.enable()
