"""Exactly once (DESIGN 5): two workers race, and one after the other is killed at any moment, while a class is graded."""
import collections
import random
import signal
import time

from support import laurel
from support.laurel import wait_until

BADGES = [
    {"key": "safe-lab", "name": "Safe Lab", "gradebook": True, "rule": {"item": "Lab safety quiz", "min_percent": 80}},
    {"key": "first-lab", "name": "First Lab", "gradebook": True, "rule": {"item": "Lab 1", "min_points": 5}},
    {"key": "both", "name": "Both", "gradebook": False, "rule": {"all": [{"badge": "safe-lab"}, {"badge": "first-lab"}]}},
]
SEED = 20261124


def test_every_badge_and_score_arrives_exactly_once(cluster):
    chance = random.Random(SEED)
    with laurel.school(cluster, seed=0, course="believable") as (place, lms):
        course = lms.facts["courses"][0]
        items = {item["title"]: item for item in course["items"]}
        learners = [user["id"] for user in lms.facts["users"]
                    if user["role"] == "student" and course["id"] in user["courses"] and not user["suspended"]]
        place.start()
        reply, _ = lms.launch(lms.user("editingteacher")["id"], link=course["links"][0]["cmid"])
        assert reply.status == 303, reply.text[:300]
        laurel.import_badges(place, lms, BADGES)
        place.start_worker("worker-0")
        place.start_worker("worker-1")
        earners = chance.sample(learners, 30)
        for number, user in enumerate(earners):
            lms.control("set_grade", course=course["id"], user=user, item_title="Lab safety quiz", grade=90)
            lms.control("set_grade", course=course["id"], user=user, item_title="Lab 1",
                        grade=items["Lab 1"]["grademax"])
            if number % 5 == 4:
                place.cli("sync", "--course", course["id"])
                time.sleep(chance.uniform(0.05, 0.6))
                victim = f"worker-{number % 2}"
                place.end(victim, signal.SIGKILL)
                place.start_worker(victim)
        place.cli("sync", "--course", course["id"])

        def awarded():
            return [a for a in place.cli("award", "list", "--json").json() if a["state"] == "issued"]

        def settled():
            [(left,)] = place.rows("SELECT count(*) FROM job")
            have = {(a["badge"]["key"], a["learner"]["sub"]) for a in awarded()}
            return left == 0 and all((badge["key"], str(user)) in have for badge in BADGES for user in earners)

        wait_until(settled, 120, "all badges are awarded and no job is left")
        times = collections.Counter((a["badge"]["key"], a["learner"]["sub"]) for a in awarded())
        assert set(times.values()) == {1}, "a badge was awarded twice"
        columns = [i for i in lms.state()["line_items"] if i["course_id"] == course["id"]]
        assert sorted(i["label"] for i in columns) == ["First Lab", "Safe Lab"], "one column per badge"
        assert place.rows("SELECT count(*) FROM job WHERE state IN ('dead', 'parked')") == [(0,)]
        for column in columns:
            scored = {str(g["user_id"]) for g in column["grades"] if g["score"] is not None}
            assert {str(user) for user in earners} <= scored, "a score is missing in the gradebook"
