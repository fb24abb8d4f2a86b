"""A teacher's gradebook file becomes badges where there is no API: mapping and people are shown before anything is stored."""
import contextlib
import json

import pytest

from support import forge, laurel
from support.laurel import wait_until

PROMPT_S = 60
LIS = forge.LTI + "lis"
PEOPLE = {"ana": {"name": "Ana Ruiz", "email": "ana@school.example", LIS: {"person_sourcedid": "s-1"}},
          "ben": {"name": "Ben Okri", "email": "ben@school.example", LIS: {"person_sourcedid": "s-2"}},
          "twin-1": {"name": "Al Twin", "email": "twin@school.example"},
          "twin-2": {"name": "Bo Twin", "email": "twin@school.example"}}
CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Lab safety quiz (120),Secret quiz (121),Final Score
,,,,,,Manual Posting,
    Points Possible,,,,,10.00,10.00,(read only)
"Ruiz, Ana",871,s-1,ana01,Biology,{ana},9.00,42.50
"Okri, Ben",872,,ben@school.example,Biology,EX,,10.00
"Twin, Al",873,,twin@school.example,Biology,10.00,,
"Stranger, A",874,s-77,stranger,Biology,10.00,,
"Student, Test",899,,4dde05e8,Biology,10.00,,
"""
MOODLE = """"First name","Last name","ID number","Email address","Quiz: Week 1 (Real)","Quiz: Week 1 (Percentage)"
Ana,Ruiz,S-1,ana@school.example,"8,00","80,00 %"
Ben,Okri,,ben@school.example,-,-
"""


EMAIL = ("--email", "SIS Login ID")


class School:
    def __init__(self, place, platform):
        self.laurel, self.platform = place, platform
        place.prepare()
        place.add_platform(platform)
        place.start()
        place.start_worker()
        for sub, claims in PEOPLE.items():
            reply, _ = place.launch(platform, claims, sub=sub, context="bio")
            assert reply.status == 303
        where = {"issuer": platform.issuer, "client_id": platform.client_id, "deployment_id": platform.deployment,
                 "context_id": "bio"}
        path = place.folder / "badges.json"
        path.write_text(json.dumps({
            "issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
            "badges": [{"key": key, "name": key, "description": "For tests.", "courses": [where], "rule": rule}
                       for key, rule in (("quiz", {"item": "Lab safety quiz", "min_percent": 80}),
                                         ("secret", {"item": "Secret quiz"}),
                                         ("week", {"item": "Week 1", "min_percent": 80}))]}), encoding="utf-8")
        place.cli("badge", "import", path)

    def upload(self, text, *more, **how):
        path = self.laurel.folder / "grades.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return self.laurel.cli("source", "upload", path, "--course", "bio", *more, **how)

    def counts(self):
        """How many rows every table has, once the worker has done what was asked before."""
        wait_until(lambda: self.laurel.rows("SELECT count(*) FROM job") == [(0,)], PROMPT_S, "no job is left")
        return self.laurel.counts()

    def awards(self, sub, key):
        return [a for a in self.laurel.cli("award", "list", "--json").json()
                if a["learner"]["sub"] == sub and a["badge"]["key"] == key and a["state"] == "issued"]


@pytest.fixture(scope="module")
def school(cluster):
    with contextlib.ExitStack() as stack:
        platform = forge.Platform("files")
        stack.callback(platform.close)
        place = laurel.Laurel(cluster, allow=[platform.port])
        stack.callback(place.close)
        yield School(place, platform)


def test_a_dry_run_shows_columns_and_people_and_stores_nothing(school):
    before = school.counts()
    out = school.upload(CANVAS.format(ana="8.00"), "--dry-run").out
    assert "Canvas's gradebook export:" in out
    assert 'score of "Lab safety quiz", out of 10' in out and "does not count" in out and "not used" in out
    assert "1 found by the school's number." in out and "e-mail" not in out, "nobody is found by an address unasked"
    assert "left out: school's number s-77, login stranger  Stranger, A (nobody in this course has that)" in out
    assert "login ben@school.example  Okri, Ben" in out
    asked = school.upload(CANVAS.format(ana="8.00"), "--dry-run", "--email", "SIS Login ID").out
    assert "1 found by their e-mail address." in asked and "Okri, Ben" not in asked
    assert "1 rows of Canvas's test student are left out." in out and "Nothing was stored." in out
    assert school.counts() == before


def test_a_file_becomes_badges_and_a_second_one_changes_only_what_changed(school):
    out = school.upload(CANVAS.format(ana="8.00"), *EMAIL).out
    assert "3 items, 2 people of the course; 5 results are new, 0 changed, 0 unchanged." in out
    assert "(two people in this course have that)" in out, "two people have that address: neither is taken"
    wait_until(lambda: school.awards("ana", "quiz"), PROMPT_S, "the award at exactly 80 percent")
    assert school.awards("ana", "secret") == [], "manual posting: learners may not see it"
    assert not [a for a in school.laurel.cli("award", "list", "--json").json() if a["learner"]["sub"] not in ("ana",)]
    again = school.upload(CANVAS.format(ana="8.00"), *EMAIL).out
    assert "0 results are new, 0 changed, 5 unchanged." in again and "Stored; 0 rows changed." in again
    back = school.upload(CANVAS.format(ana=""), *EMAIL, "--json").json()
    assert back["stored"] == 1 and back["changed"] == 1 and back["unchanged"] == 4, "a grade that was taken back"
    assert [s["looked_for"] for s in back["left_out"]] == ["e-mail address twin@school.example",
                                                           "school's number s-77, e-mail address stranger"]
    assert school.laurel.rows("SELECT f.score FROM fact f JOIN item i ON i.id = f.item_id JOIN person p ON p.id = f.person_id"
                              " WHERE i.title = 'Lab safety quiz' AND p.sub = 'ana'") == [(None,)]
    assert len(school.awards("ana", "quiz")) == 1


def test_moodle_s_export_is_read_beside_it(school):
    out = school.upload(MOODLE, "--email", "Email address").out
    assert "Moodle's grade export:" in out and "not used: the percentage is there" in out
    assert "1 found by the school's number." in out and "1 found by their e-mail address." in out
    wait_until(lambda: school.awards("ana", "week"), PROMPT_S, "the award")
    assert school.awards("ben", "week") == []


@pytest.mark.parametrize("text, says", [
    (b"\xff\xfeS\x00t\x00", "CSV UTF-8"),
    ("name;points\nana;3\n", "person, item, score and maximum"),
    (CANVAS.format(ana="eight"), "row 4"),
    (CANVAS.format(ana='"8'), "quotes"),
])
def test_a_broken_file_is_refused_whole(school, text, says):
    before = school.counts()
    result = school.upload(text, check=False)
    assert result.status == 1 and says in result.err, result.err
    assert school.counts() == before
