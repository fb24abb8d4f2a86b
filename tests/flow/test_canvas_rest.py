"""Grades that a demo LMS shows as a Canvas does become badges, from the launch in its own frame to the award, and follow what
teachers do there (lti.md 10, 11; attacks.md F14, F15)."""
import pytest

from support import laurel
from support.laurel import wait_until

PROMPT_S = 120
QUIZ, LAB = "Lab safety quiz", "Lab 1"
BADGES = [
    {"key": "quiz", "name": "Safe Lab", "on_grade_drop": "revoke", "rule": {"item": QUIZ, "min_percent": 80}},
    {"key": "lab", "name": "First Lab", "on_grade_drop": "revoke", "rule": {"item": LAB, "min_letter": "B"}},
    {"key": "start", "name": "Well Begun", "rule": {"module": "Before you begin"}},
    {"key": "safe", "name": "Works Safely", "rule": {"outcome": "Works safely"}},
]


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms, self.course = place, lms, lms.facts["courses"][0]
        self.lms.control("set_item", item_title=LAB, grading_type="letter_grade")
        self.lms.control("add_outcome", title="Works safely", item_title=QUIZ)
        # Whoever the fixed school has graded already would be another test's learner.
        self.people = [self.lms.control("add_user", given=f"Learner{n}", family="Test", course=self.course["id"]) for n in range(5)]
        place.start()
        place.start_worker()
        self.set_token(lms.facts["rest_token"])
        self.lms.launch(lms.user("editingteacher")["id"])
        laurel.import_badges(place, lms, BADGES)
        self.read_again()

    def set_token(self, token):
        path = self.laurel.folder / "canvas-token"
        path.write_text(token + "\n", encoding="utf-8")
        self.laurel.cli("source", "set", "--issuer", self.lms.issuer, "--client-id", self.lms.client_id, "--deployment",
                        self.lms.deployment, "--kind", "canvas", "--base-url", self.lms.facts["rest_url"], "--token-file", path)

    def one(self, column):
        [(value,)] = self.laurel.rows(f"SELECT {column} FROM context")
        return value

    def read_again(self):
        before = self.one("max(synced_at)")
        self.laurel.cli("sync")
        wait_until(lambda: self.one("max(synced_at)") not in (None, before), PROMPT_S, "the course is read again")
        wait_until(lambda: self.laurel.rows("SELECT count(*) FROM job WHERE kind IN ('judge', 'sync')") == [(0,)], PROMPT_S,
                   "everybody is judged")

    def fails(self, words):
        self.laurel.cli("sync")
        wait_until(lambda: words in self.one("coalesce(max(sync_error), '')"), PROMPT_S, f"the course's page says {words!r}")

    def grade(self, nth, grade, title=QUIZ, **more):
        self.lms.control("set_grade", user=self.people[nth]["id"], item_title=title, grade=grade, **more)

    def states(self, nth, key):
        """Of this learner's awards of one badge."""
        return [a["state"] for a in self.laurel.cli("award", "list", "--json").json()
                if a["learner"]["sub"] == self.people[nth]["sub"] and a["badge"]["key"] == key]


@pytest.fixture(scope="module")
def school(cluster):
    options = {"personality": "canvas", "learners": 40}
    with laurel.school(cluster, seed=81, course="believable", lms_options=options) as (place, lms):
        yield School(place, lms)


def test_a_student_opens_laurel_and_earns(school):
    """From nothing: the launch says who it is, Canvas which of its users that is."""
    school.grade(0, 92)
    reply, _ = school.lms.launch(school.people[0]["id"])
    assert reply.status == 303
    wait_until(lambda: school.states(0, "quiz") == ["issued"], PROMPT_S, "the award")
    wait_until(lambda: school.states(0, "safe") == ["issued"], PROMPT_S, "the award for the outcome")
    found = school.laurel.cli("source", "test", "--issuer", school.lms.issuer, "--client-id", school.lms.client_id, "--deployment",
                              school.lms.deployment, "--course", school.course["context_id"]).out
    assert "cannot" not in found and "Who is who of the launches can be read." in found


def test_whoever_never_opened_laurel_is_found_in_the_roster(school):
    school.grade(1, 85)
    school.read_again()
    assert school.states(1, "quiz") == ["issued"]


def test_ungraded_excused_and_hidden_work_does_not_count(school):
    item = {"user": school.people[2]["id"], "item_title": QUIZ}
    school.grade(2, 90)
    school.read_again()
    assert school.states(2, "quiz") == ["issued"]
    for name, undo, redo in (
            ("un-graded", lambda: school.grade(2, None), lambda: school.grade(2, 90)),
            ("hidden", lambda: school.lms.control("post_grades", **item, hidden=True), lambda: school.lms.control("post_grades", **item)),
            ("another attempt", lambda: school.lms.control("submit", **item), lambda: school.grade(2, 90)),
            ("below", lambda: school.grade(2, 79), lambda: school.grade(2, 80))):
        undo()
        school.read_again()
        assert school.states(2, "quiz") == ["suspended"], name
        redo()
        school.read_again()
        assert school.states(2, "quiz") == ["issued"], name
    school.lms.control("excuse", **item)
    school.read_again()
    [(score, excused)] = school.laurel.rows(
        "SELECT f.score, f.is_excused FROM fact f JOIN item i ON i.id = f.item_id JOIN person p ON p.id = f.person_id"
        " WHERE i.title = %s AND p.sub = %s", (QUIZ, school.people[2]["sub"]))
    assert (score, excused) == (None, True), "the score in front of the excuse is not believed"


def test_a_hidden_grade_shows_through_no_badge_and_no_outcome(school):
    school.grade(3, 100, hidden=True)
    school.read_again()
    assert school.states(3, "quiz") == [] and school.states(3, "safe") == []
    school.lms.control("post_grades", item_title=QUIZ, user=school.people[3]["id"])
    school.read_again()
    assert school.states(3, "quiz") == ["issued"] and school.states(3, "safe") == ["issued"]


def test_letters_and_modules_count(school):
    school.grade(4, 8.3, LAB)       # B-
    school.read_again()
    assert school.states(4, "lab") == []
    school.grade(4, 8.4, LAB)
    school.lms.control("tick", user=school.people[4]["id"], item_title="Read the lab rules")
    school.read_again()
    assert school.states(4, "lab") == ["issued"] and school.states(4, "start") == []
    school.grade(4, 80)
    school.read_again()
    assert school.states(4, "start") == ["issued"]


def test_what_can_be_named_in_a_rule(school):
    titles = {t for (t,) in school.laurel.rows("SELECT title FROM item WHERE gone_at IS NULL")}
    assert {QUIZ, LAB, "Course total", "Current total", "Course completion", "Before you begin", "Works safely"} <= titles
    assert "Read me" not in titles, "a module without requirements is complete for everybody"


def test_a_canvas_in_trouble_takes_nothing_away(school):
    before = school.laurel.rows("SELECT count(*), sum(score) FROM fact")
    quirk = lambda name, value: school.lms.control("set_quirk", name=name, value=value)
    quirk("rest_busy_status", 429)
    quirk("rest_busy", 1)
    school.read_again()
    for name, value, healthy, words in (
            ("rest_html", True, False, "a web page came instead of data"), ("rest_revoked", True, False, "refused the access token"),
            ("rest_cut", 1, 0, "breaks off"), ("rest_denied", "/enrollments", "", "may not see this"),
            ("rest_paging", "loop", "", "Canvas")):
        quirk(name, value)
        school.fails(words)
        quirk(name, healthy)
        assert school.laurel.rows("SELECT count(*), sum(score) FROM fact") == before, name
        school.read_again()
        assert school.one("max(sync_error)") is None
    assert school.laurel.rows("SELECT count(*), sum(score) FROM fact") == before
