"""From grades to awards: the evaluator alone, and the worker with a whole course."""
import json
import subprocess
import sys
import threading
import time

import moodle
import rig
from support import laurel

LEARNERS, LEAVES = 2000, 10
WAIT_S = 300


def decide(seconds, count):
    done = subprocess.run([rig.BUILD / "bench" / "bench_decide", str(seconds), str(count)], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    for one in result["rounds"]:
        one["ratio"] = one["laurel"] / one["ceiling"]
    return result


class Worker:
    """`laurel worker` with each log line stamped as it comes."""

    def __init__(self, place):
        self.process = subprocess.Popen([str(laurel.program()), "-c", str(place.config), "worker"], text=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                        cwd=place.folder)
        place.processes["worker"] = self.process
        self.lines, self.arrived = [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for text in self.process.stderr:
            if text.startswith("{"):
                with self.arrived:
                    self.lines.append((time.monotonic(), json.loads(text)))
                    self.arrived.notify_all()

    def wait(self, event, since, nth=1, people=0):
        """The nth line of this event after line number `since` about so many people or more, as (time, line). Two jobs
        may log in either order."""
        def found():
            lines = self.lines[since:]
            bad = [line for _, line in lines if line["level"] in ("warn", "error")]
            assert not bad, bad[0]
            return [one for one in lines if one[1]["event"] == event and one[1].get("people", 0) >= people][nth - 1:nth]
        with self.arrived:
            assert self.arrived.wait_for(found, WAIT_S), f"no {event} within {WAIT_S} s"
            return found()[0]


def sync(place, course, worker, usage_of, ask):
    """One reading with what follows from it."""
    course.asked.clear()
    usage, since = rig.Usage(usage_of), len(worker.lines)
    ask()
    read_at, read = worker.wait("course_read", since)
    saved_from = max(at for at in course.asked if at < read_at)
    result = {"requests": read["requests"], "mb": read["bytes"] / 1e6, "facts_changed": read["facts_changed"],
              "people_changed": read["people_changed"], "reading_s": saved_from - course.asked[0],
              "save_s": read_at - saved_from, "judge_s": 0.0, "made": 0}
    if read["people_changed"] > 0:
        judged_at, judged = worker.wait("course_judged", since, people=1)
        result.update(judge_s=max(0.0, judged_at - read_at), made=judged["made"], judged=judged["people"])
    result["cpu_us"] = usage.each_us(1)
    result["awarding_s"] = result["save_s"] + result["judge_s"]
    laurel.wait_until(place.is_quiet, WAIT_S, "a reading that was asked for besides is over")
    return result


def floor(place):
    """The least: as many rows as the first sync writes, each kind in one statement that commits."""
    times = {}
    for table, columns, rows in (
            ("fact", "institution_id, context_id, person_id, item_id, score, graded_at", LEARNERS * moodle.ITEMS),
            ("award", "institution_id, badge_id, person_id, rule_version, state, reasons", LEARNERS)):
        values = {"fact": f"1, 1, n / {moodle.ITEMS}, n % {moodle.ITEMS}, 80, now()", "award": "1, 1, n, 1, 2, '{}'"}[table]
        place.rows(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL); SELECT 1")
        began = time.monotonic()
        place.rows(f"INSERT INTO floor_{table} ({columns}) SELECT {values} FROM generate_series(1, {rows}) n; SELECT 1")
        times[f"{table}_s"] = time.monotonic() - began
    return times


TEN = {"all": [{"item": f"Task {n * 5 + 1}", "min_percent": 50 + 2 * n} for n in range(LEAVES)]}


def import_badge(place, school, contexts, rule):
    where = [{"issuer": school.issuer, "client_id": school.client_id, "deployment_id": school.deployment,
              "context_id": context} for context in contexts]
    path = place.folder / "badges.json"
    path.write_text(json.dumps({
        "issuer": {"key": "bench", "name": "Bench School", "url": "https://bench.example"},
        "badges": [{"key": "all-tasks", "name": "All Tasks", "description": "For the bench.", "courses": where,
                    "rule": rule}]}), encoding="utf-8")
    place.cli("badge", "import", path)


def course(cluster):
    school, lms = rig.School(), moodle.Course(LEARNERS)
    place = rig.Place(cluster, allow=[school.port, lms.port])
    try:
        place.prepare()
        place.add_platform(school)
        token = place.folder / "token"
        token.write_text("bench-token\n", encoding="utf-8")
        place.cli("source", "set", "--issuer", school.issuer, "--client-id", school.client_id, "--deployment",
                  school.deployment, "--kind", "moodle", "--base-url", lms.base, "--token-file", token)
        worker = Worker(place)
        usage = {"worker": (worker.process.pid, False), "postgres": (place.postmaster(), True)}
        result = {"learners": LEARNERS, "items": moodle.ITEMS, "leaves": LEAVES}
        good = lambda user, item: 70 + (user * 7 + item * 3) % 31  # noqa: E731
        better = lambda user, item: good(user, item) + (user % 100 == 0 and item == 1)  # noqa: E731
        again = lambda: place.cli("sync")  # noqa: E731
        for name, score, ask in (("nobody graded", lambda user, item: None, lambda: import_badge(place, school, ["42"], TEN)),
                                 ("everybody graded", good, again), ("1 % changed", better, again),
                                 ("nothing changed", better, again)):
            lms.score = score
            place.analyze()
            place.checkpoint()
            result[name] = sync(place, lms, worker, usage, ask)
            print(f"{name}: {result[name]}", file=sys.stderr, flush=True)
        [(awards,)] = place.rows("SELECT count(*) FROM award WHERE state = 2")
        assert awards == LEARNERS, f"{awards} awards of {LEARNERS}"
        assert result["1 % changed"]["people_changed"] == LEARNERS // 100
        full = result["everybody graded"]
        result.update(awards_per_s=LEARNERS / full["awarding_s"], judged_awards_per_s=LEARNERS / full["judge_s"],
                      changed_ratio=result["1 % changed"]["awarding_s"] / full["awarding_s"],
                      worker_peak_mb=rig.memory_mb(worker.process.pid, "VmHWM"), floor=floor(place))
        return result
    finally:
        place.close()
        lms.close()
        school.close()


def run(cluster, seconds, count):
    return {"decide": decide(seconds, count), "course": course(cluster)}
