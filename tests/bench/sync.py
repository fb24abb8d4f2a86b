"""A course of school size, read, merged and judged: first, again, and with 1 % changed."""
import contextlib
import pathlib
import sys
import time

import canvas
import judge
import moodle
import rig
from support import laurel

LEARNERS, COURSES = 2000, 200
SETTLE_S = 11       # PostgreSQL counts what a connection wrote at the latest when it has been idle for ten seconds
LATE, LATER = moodle.FIRST_USER + 51, moodle.FIRST_USER + 151     # whose last missing grade comes when a clock runs
TABLES = ("fact", "membership", "person", "item", "context", "award", "audit", "job")


# What stands for the LMS. One such class a kind: base, token, context, score, asked, at_once.highest, close().

class Moodle(moodle.Course):
    kind, token, context = "moodle", "bench-token", "42"


class Canvas(canvas.Course):
    kind = "canvas"

    def links(self, place):
        """Everybody has opened Laurel once: so the platform has said who is who before the first reading."""
        place.rows(f"""
            WITH c AS (INSERT INTO context (institution_id, deployment_id, context_id)
                       SELECT institution_id, id, '{self.context}' FROM deployment RETURNING *),
            p AS (INSERT INTO person (institution_id, registration_id, sub, name)
                  SELECT c.institution_id, d.registration_id, 'user-' || n, 'Person Number ' || n
                  FROM c JOIN deployment d ON d.id = c.deployment_id,
                       generate_series({moodle.FIRST_USER}, {moodle.FIRST_USER + self.learners - 1}) n RETURNING *),
            m AS (INSERT INTO membership (institution_id, context_id, person_id, is_learner, launched_at)
                  SELECT p.institution_id, c.id, p.id, true, now() - interval '3 days' FROM p, c),
            s AS (INSERT INTO source_person (institution_id, deployment_id, person_id, ref)
                  SELECT p.institution_id, c.deployment_id, p.id, substr(p.sub, 6) FROM p, c)
            SELECT 1""")


SIDES = (Moodle, Canvas)


class Count:
    """What a stretch of time cost the database and the worker."""

    def __init__(self, place, pid):
        place.analyze()
        laurel.private('pg_sql "$1" "$2" -c VACUUM', place.cluster.sockets, place.database)
        place.checkpoint()
        self.place, self.pid = place, pid
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")   # the peak starts anew
        self.usage = rig.Usage({"worker": (pid, False), "postgres": (place.postmaster(), True)})
        self.before, self.wal = self.rows(), self.lsn()

    def lsn(self):
        [(bytes_written,)] = self.place.rows("SELECT pg_current_wal_lsn() - '0/0'")
        return int(bytes_written)

    def rows(self):
        names = ", ".join(f"'{name}'" for name in TABLES)
        return dict(self.place.rows("SELECT relname::text, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables "
                                    f"WHERE relname IN ({names})"))

    def end(self):
        wal, usage = self.lsn() - self.wal, self.usage.each_us(1)
        peak = rig.memory_mb(self.pid, "VmHWM")
        time.sleep(SETTLE_S)
        after = self.rows()
        written = {name: after[name] - self.before[name] for name in TABLES if after[name] != self.before[name]}
        return {"wal": wal, "rows": sum(written.values()), "written": written, "worker_peak_mb": peak,
                "postgres_s": usage["postgres"] / 1e6, "worker_s": usage["worker"] / 1e6}


def quiet(place):
    return place.rows("SELECT count(*) FROM job WHERE kind IN ('sync', 'judge')") == [(0,)]


def one_sync(place, worker, act):
    count, since = Count(place, worker.process.pid), len(worker.lines)
    began = time.monotonic()
    act()
    read_at, read = worker.wait("course_read", since)
    laurel.wait_until(lambda: quiet(place), judge.WAIT_S, "everybody is judged")
    lines = [line for _, line in worker.lines[since:]]
    return {"requests": read["requests"], "bytes": read["bytes"], "facts_changed": read["facts_changed"],
            "read_s": read_at - began, "all_s": time.monotonic() - began,
            "evaluated": sum(line["people"] for line in lines if line["event"] == "course_judged"),
            "made": sum(line["made"] for line in lines if line["event"] == "course_judged"), **count.end()}


def until_awarded(place, user, act):
    """Seconds from the grade to the award."""
    with contextlib.closing(place.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        began = time.monotonic()
        act()
        while time.monotonic() - began < judge.WAIT_S:
            cursor.execute("SELECT count(*) FROM award a JOIN person p ON p.id = a.person_id WHERE a.state = 2 "
                           "AND p.sub IN (%s, %s)", (str(user), f"user-{user}"))
            if cursor.fetchone()[0] > 0:
                return time.monotonic() - began
            time.sleep(0.02)
    raise AssertionError(f"no award within {judge.WAIT_S} s")


def settings(place, school, side):
    place.prepare()
    place.add_platform(school)
    token = place.folder / "token"
    token.write_text(side.token + "\n", encoding="utf-8")
    place.cli("source", "set", "--issuer", school.issuer, "--client-id", school.client_id, "--deployment",
              school.deployment, "--kind", side.kind, "--base-url", side.base, "--token-file", token)


def course(cluster, make, with_polling):
    school, side = rig.School(), make(LEARNERS)
    place = rig.Place(cluster, allow=[school.port, side.port])
    try:
        settings(place, school, side)
        if hasattr(side, "links"):
            side.links(place)
        good = lambda user, item: (  # noqa: E731
            None if item == 0 and user in (LATE, LATER) else 70 + (user * 7 + item * 3) % 31)
        better = lambda user, item: good(user, item) if (user % 100, item) != (0, 1) else 69  # noqa: E731
        last = lambda user, item: 99 if (user, item) == (LATE, 0) else better(user, item)  # noqa: E731
        polled = lambda user, item: 99 if (user, item) == (LATER, 0) else last(user, item)  # noqa: E731
        worker, result = judge.Worker(place), {}
        ask = lambda: place.cli("sync")  # noqa: E731
        for name, score, act in (("first", good, lambda: judge.import_badge(place, school, side.context)),
                                 ("nothing changed", good, ask), ("1 % changed", better, ask)):
            side.score = score
            result[name] = one_sync(place, worker, act)
            print(f"{side.kind}, {name}: {result[name]}", file=sys.stderr, flush=True)
        assert result["first"]["made"] == LEARNERS - 2, result["first"]
        assert result["1 % changed"]["facts_changed"] >= LEARNERS // 100

        def graded(score, then):
            def act():
                side.score = score
                then()
            return act
        ids = ["--course", side.context]
        result["event_s"] = until_awarded(place, LATE, graded(last, lambda: place.cli("sync", *ids)))
        if with_polling:
            laurel.wait_until(lambda: quiet(place), judge.WAIT_S, "nothing is under way")
            place.rows("UPDATE membership SET launched_at = now() WHERE person_id = (SELECT min(id) FROM person) RETURNING 1")
            result["polled_s"] = until_awarded(place, LATER, graded(polled, lambda: None))
        return result
    finally:
        place.close()
        side.close()
        school.close()


def rush(cluster):
    """Many small courses on one host, all due at once."""
    school, lms = rig.School(), moodle.Course(3, delay_s=0.05)
    lms.kind, lms.token = "moodle", "bench-token"
    place = rig.Place(cluster, allow=[school.port, lms.port])
    try:
        settings(place, school, lms)
        judge.import_badge(place, school, *(str(1000 + n) for n in range(COURSES)))
        began, worker = time.monotonic(), judge.Worker(place)
        worker.wait("course_read", 0, COURSES)
        return {"courses": COURSES, "seconds": time.monotonic() - began, "requests": len(lms.asked),
                "highest": lms.at_once.highest}
    finally:
        place.close()
        lms.close()
        school.close()


def run(cluster, with_polling):
    result = {make.kind: course(cluster, make, with_polling) for make in SIDES}
    result["rush"] = rush(cluster)
    return result
