"""Many courses, slow and broken hosts, broken readings: nothing is lost, nobody is overrun, nobody waits for others."""
import contextlib
import json
import secrets
import signal
import time

import pytest

from support import laurel
from support.canvas_rest import Canvas
from support.laurel import wait_until
from support.relay import Relay

PROMPT_S = 120


def fill(canvas, learners=3):
    canvas.assign(120, "Lab safety quiz")
    for number in range(learners):
        user = 800 + number
        canvas.enrol(user, f"0c7f2a10-0000-4000-8000-{user:012}", f"Learner {number}")
        canvas.grade(user, 120, number % 11)


class House:
    """An installation without people: schools with a Canvas each, courses named by their badge's file."""

    def __init__(self, stack, cluster, canvases):
        self.canvases, self.schools = canvases, 0
        self.laurel = laurel.Laurel(cluster, allow=[c.port for c in canvases])
        stack.callback(self.laurel.close)
        self.laurel.prepare()

    def add(self, canvas, name="Northside College", courses=1, parallel=None, token=None):
        """A school with `courses` courses that are due; returns where its source is set and its context ids."""
        self.schools += 1
        issuer = f"https://lms{self.schools}.example"
        self.laurel.cli("platform", "add", "--issuer", issuer, "--client-id", "c", "--auth-url", issuer + "/auth",
                        "--token-url", issuer + "/token", "--jwks-url", issuer + "/jwks", "--deployment", "1",
                        "--institution", name)
        where = ["--issuer", issuer, "--client-id", "c", "--deployment", "1"]
        self.set_source(where, canvas, token or canvas.token, parallel)
        contexts = [canvas.context, *(secrets.token_hex(20) for _ in range(courses - 1))]
        canvas.also |= set(contexts[1:])
        path = self.laurel.folder / "badges.json"
        path.write_text(json.dumps({
            "issuer": {"key": "n", "name": name, "url": "https://n.example"},
            "badges": [{"key": "quiz", "name": "Safe Lab", "description": "For tests.",
                        "rule": {"item": "Lab safety quiz", "min_percent": 80},
                        "courses": [{"issuer": issuer, "client_id": "c", "deployment_id": "1", "context_id": c}
                                    for c in contexts]}]}), encoding="utf-8")
        self.laurel.cli("badge", "import", path)
        return where, contexts

    def set_source(self, where, canvas, token, parallel=None):
        path = self.laurel.folder / "token"
        path.write_text(token, encoding="utf-8")
        self.laurel.cli("source", "set", *where, "--kind", "canvas", "--base-url", canvas.base, "--token-file", path,
                        *(["--parallel", parallel] if parallel else []))

    def read(self, contexts):
        """How many of them have been read."""
        [(n,)] = self.laurel.rows("SELECT count(*) FROM context WHERE synced_at IS NOT NULL AND context_id = ANY (%s)",
                                  (list(contexts),))
        return n

    def one(self, sql, *parameters):
        [(value,)] = self.laurel.rows(sql, parameters)
        return value

    def error(self):
        return self.one("SELECT coalesce(max(sync_error), '') FROM context")


@pytest.fixture
def house(cluster):
    """Makes a House with so many Canvases; all ends with the test."""
    with contextlib.ExitStack() as stack:
        def make(count=1, **more):
            canvases = [Canvas(**more) for _ in range(count)]
            for canvas in canvases:
                stack.callback(canvas.close)
            return House(stack, cluster, canvases)
        yield make


def test_a_reading_goes_on_from_the_page_where_it_broke_off(house):
    house = house(page=2)
    [canvas] = house.canvases
    fill(canvas, learners=12)
    canvas.breaks_after = 9
    _, contexts = house.add(canvas)
    house.laurel.start_worker()
    wait_until(lambda: "503" in house.error(), PROMPT_S, "the reason is told")
    first = list(canvas.good)
    assert len(first) == 9 and house.one("SELECT count(*) FROM reading_page") == 9
    assert house.one("SELECT next_read_at - sync_failed_at < '1 minute' FROM context"), "what got further goes on soon"
    [(began,)] = house.laurel.rows("SELECT min(started_at) FROM reading_page")
    canvas.breaks_after = None
    del canvas.requests[:]
    house.laurel.cli("sync", "--course", contexts[0])
    wait_until(lambda: house.read(contexts) == 1, PROMPT_S, "the course is read")
    assert not set(canvas.requests) & set(first), "a page was asked for twice"
    assert len(canvas.requests) > 5
    assert house.one("SELECT synced_at FROM context") == began, "what the first run read is as old as that"
    assert house.one("SELECT count(*) FROM item WHERE title = 'Lab safety quiz'") == 1
    [read] = [line for line in house.laurel.logs(house.laurel.worker_log) if line["event"] == "course_read"]
    assert read["unmatched"] == 12 and read["replayed"] == 9 and read["requests"] == len(canvas.requests)
    assert house.one("SELECT count(*) FROM reading_page") == 0
    assert house.error() == ""


def test_a_reading_of_moodle_goes_on_too(cluster):
    with laurel.school(cluster, seed=0, course="believable") as (place, lms), contextlib.ExitStack() as stack:
        relay = Relay(lms.port)
        stack.callback(relay.close)
        place.allow.append(f"127.0.0.1:{relay.port}")
        place.write_config()
        place.cli("source", "set", "--issuer", lms.issuer, "--client-id", lms.client_id, "--deployment", lms.deployment,
                  "--kind", "moodle", "--base-url", relay.base, "--token-file", lms.token_file())
        relay.breaks_after = 4
        laurel.import_badges(place, lms, [{"key": "q", "name": "Q", "rule": {"item": "Lab 1", "min_points": 1}}])
        place.start_worker()
        wait_until(lambda: place.rows("SELECT sync_error FROM context WHERE sync_error IS NOT NULL"), PROMPT_S,
                   "the reason is told")
        first, relay.requests[:], relay.breaks_after = list(relay.requests), [], None
        assert place.rows("SELECT count(*) > 0, bool_or(reply::text LIKE '%%wstoken%%') FROM reading_page") == [(True, False)]
        place.cli("sync", "--course", lms.facts["courses"][0]["context_id"])
        wait_until(lambda: place.rows("SELECT FROM context WHERE synced_at IS NOT NULL"), PROMPT_S, "the course is read")
        assert len(first) == 4 and relay.requests and not set(relay.requests) & set(first)
        assert place.rows("SELECT count(*) > 50 FROM fact") == [(True,)]


def test_a_worker_ends_at_once_in_a_pause_and_another_goes_on(house):
    house = house(page=2)
    [canvas] = house.canvases
    fill(canvas, learners=8)
    canvas.remaining = "52"             # a pause of 4.8 s after each answer
    _, contexts = house.add(canvas)
    house.laurel.start_worker()
    wait_until(lambda: len(canvas.good) >= 2, PROMPT_S, "the reading has begun")
    began = time.monotonic()
    assert house.laurel.end("worker", signal.SIGTERM) == 0
    assert time.monotonic() - began < 3, "it waited for the pause"
    first = list(canvas.good)
    assert house.one("SELECT count(*) FROM reading_page") == len(first)
    assert house.error() == "", "nothing is wrong with the course"
    canvas.remaining = "599"
    del canvas.requests[:]
    house.laurel.start_worker()
    wait_until(lambda: house.read(contexts) == 1, PROMPT_S, "another worker reads on by itself")
    assert not set(canvas.requests) & set(first)


def test_a_worker_ends_while_a_host_is_silent_and_another_goes_on(house):
    house = house(page=2)
    [canvas] = house.canvases
    fill(canvas, learners=8)
    _, contexts = house.add(canvas)
    canvas.slow = 0.2
    house.laurel.start_worker()
    wait_until(lambda: len(canvas.good) >= 2, PROMPT_S, "the reading has begun")
    canvas.slow = 9                     # a request is under way for so long
    asked = len(canvas.requests)
    wait_until(lambda: len(canvas.requests) > asked, PROMPT_S, "and then Canvas is silent")
    began = time.monotonic()
    assert house.laurel.end("worker", signal.SIGTERM) == 0
    assert time.monotonic() - began < 6, "it waited for the answer"
    canvas.slow = 0
    assert house.one("SELECT count(*) > 0 FROM reading_page") and house.error() == "", "nothing is lost, or wrong with the course"
    house.laurel.start_worker()
    wait_until(lambda: house.read(contexts) == 1, PROMPT_S, "another worker reads on by itself")


def test_a_host_that_wants_to_be_left_alone_is_and_holds_no_thread(house):
    house = house(2)
    busy, other = house.canvases
    for canvas in (busy, other):
        fill(canvas)
    busy.busy, busy.retry_after = 1, 20
    _, contexts = house.add(busy, courses=6)
    _, others = house.add(other, "Southside College", courses=6)
    house.laurel.start_worker()
    wait_until(lambda: house.read(others) == 6, PROMPT_S, "courses of the other host are read")
    leased = "SELECT count(*) FROM job WHERE state = 'leased' AND lane = %s"
    wait_until(lambda: house.one(leased, busy.base) == 0, PROMPT_S, "no thread waits for it")
    asked, shut = len(busy.requests), "SELECT open_until > now() + interval '1 second' FROM source_host WHERE lane = %s"
    assert house.one(shut, busy.base), "it was asked again before its time"
    wait_until(lambda: not house.one(shut, busy.base), PROMPT_S, "its pause is over")
    assert len(busy.requests) == asked
    wait_until(lambda: house.read(contexts) == 6, 60, "and then its courses are read, by themselves")
    assert house.one("SELECT failures FROM source_host WHERE lane = %s", busy.base) == 0


def test_two_hundred_courses_at_once_overrun_no_host_and_delay_nobody(house):
    house = house(2)
    big, small = house.canvases
    for canvas in (big, small):
        fill(canvas)
    big.slow = 0.01
    _, contexts = house.add(big, courses=200)
    big.also.discard(contexts[7])       # a course that Canvas does not know
    house.laurel.start_worker("worker-0")
    house.laurel.start_worker("worker-1")
    wait_until(lambda: house.read(contexts) >= 3, PROMPT_S, "the first courses are read")
    _, others = house.add(small, "Southside College")
    wait_until(lambda: house.read(others) == 1, 15, "another school's course does not wait for two hundred")
    assert house.read(contexts) < 150
    wait_until(lambda: house.read(contexts) == 199, 240, "all are read but one")
    assert big.most == 2, "requests at once: two to a Canvas"
    assert house.one("SELECT count(*) FROM context WHERE sync_error IS NOT NULL") == 1
    assert house.one("SELECT failures FROM source_host WHERE lane = %s", big.base) == 0, "one course is not its host"
    found = [f for f in house.laurel.cli("doctor", "--json", check=False).json() if f["check"] == "course"]
    assert len(found) == 1 and "knows no such thing" in found[0]["text"]


def test_the_host_gets_as_many_requests_as_its_sources_allow(house):
    house = house()
    [canvas] = house.canvases
    fill(canvas)
    canvas.slow = 0.05
    house.add(canvas, courses=10, parallel=3)
    where, _ = house.add(canvas, "Southside College", courses=10, parallel=1)
    for name in "01":
        house.laurel.start_worker(f"worker-{name}")
    wait_until(lambda: len(canvas.good) > 40, PROMPT_S, "they are being read")
    assert canvas.most == 1
    house.set_source(where, canvas, canvas.token, 3)
    house.laurel.cli("sync")
    wait_until(lambda: canvas.most == 3, PROMPT_S, "three at once now")
    listed = house.laurel.cli("source", "list", "--json").json()
    assert [s["parallel"] for s in listed] == [3, 3]
    assert house.laurel.cli("source", "set", *where, "--kind", "ags", "--parallel", 17, check=False).status == 2


def test_a_host_out_of_reach_is_left_alone_and_tried_by_one(house):
    house = house(2)
    broken, other = house.canvases
    for canvas in (broken, other):
        fill(canvas)
    broken.down = True
    _, contexts = house.add(broken, courses=20)
    house.laurel.start_worker()
    wait_until(lambda: house.one("SELECT open_until IS NOT NULL FROM source_host WHERE lane = %s", broken.base), 60,
               "the host is left alone")
    found = [f for f in house.laurel.cli("doctor", "--json", check=False).json() if f["check"] == "host"]
    assert len(found) == 1 and broken.base in found[0]["text"] and "503" in found[0]["text"]
    _, others = house.add(other, "Southside College")
    wait_until(lambda: house.read(others) == 1, 15, "another host's course is read meanwhile")
    wait_until(lambda: house.one("SELECT count(*) FROM job WHERE state = 'leased'") == 0, 30, "what was under way ends")
    asked = len(broken.requests)
    time.sleep(3)                       # that nothing happens is what is tested
    assert len(broken.requests) == asked
    broken.down = False
    house.laurel.rows("UPDATE source_host SET open_until = now() WHERE lane = %s RETURNING 1", (broken.base,))
    house.laurel.cli("sync")
    wait_until(lambda: house.read(contexts) == 20, 60, "all are read when it is back")


def test_a_refused_token_is_not_tried_for_every_course(house):
    house = house()
    [canvas] = house.canvases
    fill(canvas)
    where, contexts = house.add(canvas, courses=30, token="7~revoked")
    house.laurel.start_worker()
    wait_until(lambda: "refused the access token" in house.error(), PROMPT_S, "the reason is told")
    wait_until(lambda: house.one("SELECT count(*) FROM job WHERE kind = 'sync'") == 0, PROMPT_S, "nothing is left to do")
    assert len(canvas.requests) <= 2, "one for each slot"
    assert house.one("SELECT count(*) FROM context WHERE sync_error LIKE '%%refused the access token%%'") == 30
    asked = len(canvas.requests)
    assert len(house.laurel.rows("UPDATE context SET sync_requested_at = now() RETURNING 1")) == 30
    time.sleep(3)
    assert len(canvas.requests) == asked, "nor when launches or events ask"
    house.laurel.cli("sync")
    wait_until(lambda: len(canvas.requests) > asked, PROMPT_S, "the operator's wish is tried")
    wait_until(lambda: house.one("SELECT count(*) FROM job WHERE kind = 'sync'") == 0, PROMPT_S, "and nothing is left to do again")
    assert len(canvas.requests) <= asked + 2, "for each slot at most"
    before = len(canvas.requests)
    house.laurel.cli("sync", "--course", contexts[0])
    wait_until(lambda: len(canvas.requests) == before + 1, PROMPT_S, "\"Check now\" tries it once more")
    assert house.laurel.cli("source", "list", "--json").json()[0]["token_refused"] is True
    house.set_source(where, canvas, canvas.token)
    wait_until(lambda: house.read(contexts) == 30, 60, "all are read with the new one")
