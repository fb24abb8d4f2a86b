"""A course of school size at both personalities of the demo LMS: read, merged and judged, again, and with 1 % changed;
from a grade to its badge, told and untold; and many courses of one host due at once."""
import contextlib
import itertools
import pathlib
import sys
import threading
import time

import judge
import rig
from support import laurel

LEARNERS, ITEMS, COURSES, SMALL = 2000, 50, 200, 3
SETTLE_S = 11       # PostgreSQL counts what a connection wrote at the latest when it has been idle for ten seconds
LATE = range(51, 51 + 26)       # learners whose last missing grade comes when a clock runs
TRIES, BURST, EVERY_S = 5, 6, 1.0   # grades given at rest; in a row, so far apart
ANSWER_S = 0.03     # what each answer of the LMS takes at least, where its own time matters
PEAK_MB, SHARE = 64, 0.05       # targets, whatever the machine
TOLD_S = 5          # aim, from a grade to its badge
TABLES = ("fact", "membership", "person", "item", "context", "award", "audit", "job")
PARALLEL = {"moodle": 4, "canvas": 2}   # requests at once, as `source set` leaves it


class Side:
    """What stands for an LMS: kind, base, token, context, score, port and close(). `score(n, item)` is what the teacher gave
    the nth learner, or None; setting it grades what differs from before."""

    def __init__(self, place, kind, **options):
        self.kind, self.lms = kind, laurel.Lms(place.base, personality=kind, **options)
        place.allow.append(f"127.0.0.1:{self.lms.port}")
        place.write_config()
        facts, [course] = self.lms.facts, self.lms.facts["courses"]
        self.port, self.course, self.context = self.lms.port, course, course["context_id"]
        self.base, self.token = (facts["ws_url"], facts["ws_token"]) if kind == "moodle" else (facts["rest_url"], facts["rest_token"])
        self.learners = [user for user in facts["users"] if user["role"] == "student"]
        self.items = [item["item_id"] for item in course["items"]]
        self.known = {}
        self.quirk("ags", 0)    # no column of the tool's own: its traffic is measured by nobody here

    @property
    def score(self):
        return self.given

    @score.setter
    def score(self, given):
        changed = [(n, i) for n in range(len(self.learners)) for i in range(len(self.items))
                   if self.known.get((n, i), self) != given(n, i)]
        self.known.update({(n, i): given(n, i) for n, i in changed})
        # What is there from the beginning was graded a day after the other, and not all just now.
        when = {} if hasattr(self, "given") else {i: int(time.time()) - (len(self.items) - i) * 86400 for i in range(len(self.items))}
        for lot in range(0, len(changed), 5000):
            self.lms.control("set_grades", grades=[
                {"user": self.learners[n]["id"], "item_id": self.items[i], "grade": given(n, i), **({"time": when[i]} if when else {})}
                for n, i in changed[lot:lot + 5000]])
        self.given = given

    def quirk(self, name, value):
        self.lms.control("set_quirk", name=name, value=value)

    def answers_after(self, seconds):
        self.quirk("ws_slow" if self.kind == "moodle" else "rest_slow", float(seconds))

    def asked(self):
        """(requests received, how many were inside together at most) since this was asked last."""
        found = self.lms.control("requests", clear=True, prefix="/webservice/" if self.kind == "moodle" else "/")
        return len(found["requests"]), found["at_once"]

    def set_up(self, place):
        """Registered, with its source; a teacher has been there, which tells Laurel where a Canvas lists its people."""
        place.prepare()
        place.add_platform(self.lms)
        token = place.folder / "token"
        token.write_text(self.token + "\n", encoding="utf-8")
        where = ("--issuer", self.lms.issuer, "--client-id", self.lms.client_id, "--deployment", self.lms.deployment)
        place.cli("source", "set", *where, "--kind", self.kind, "--base-url", self.base, "--token-file", token)
        if self.kind == "canvas":
            self.events_url = place.cli("source", "events", "enable", *where, "--root-account", self.lms.facts["root_account_uuid"],
                                        "--jwks-url", self.lms.facts["events_jwks_url"], "--json").json()["url"]

    def open(self, user):
        """A launch, as this person's browser does it."""
        reply, _ = self.lms.launch(user)
        assert reply.status == 303, f"launch: {reply.status} {reply.text[:300]}"

    def close(self):
        self.lms.close()


class Count:
    """What a stretch of time cost the database and the worker."""

    def __init__(self, place, pid):
        laurel.wait_until(lambda: place.is_quiet("%"), judge.WAIT_S, "nothing is under way")
        place.rows("UPDATE context SET sync_took_ms = 0 RETURNING 1")   # no pause: it says nothing of what a reading costs
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


def rest(place):
    """Until a reading would begin at once: nothing is under way. The pause after the last reading is taken to be over."""
    laurel.wait_until(lambda: place.is_quiet("%"), judge.WAIT_S, "nothing is under way")
    place.rows("UPDATE context SET sync_took_ms = 0 RETURNING 1")
    time.sleep(2)


def one_sync(place, side, worker, act):
    count, since = Count(place, worker.process.pid), len(worker.lines)
    side.asked()
    began = time.monotonic()
    act()
    read_at, read = worker.wait("course_read", since)
    laurel.wait_until(place.is_quiet, judge.WAIT_S, "everybody is judged")
    all_s = time.monotonic() - began
    requests, at_once = side.asked()
    lines = [line for _, line in worker.lines[since:]]
    return {"scope": read["scope"], "requests": requests, "at_once": at_once, "bytes": read["bytes"],
            "facts_changed": read["facts_changed"], "read_s": read_at - began, "all_s": all_s,
            "evaluated": sum(line["people"] for line in lines if line["event"] == "course_judged"),
            "made": sum(line["made"] for line in lines if line["event"] == "course_judged"), **count.end()}


class Watch:
    """Sees the badges of these people come, from now on: `wait` says when each was seen."""

    def __init__(self, place, subs):
        self.place, self.subs, self.seen = place, list(subs), {}
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        with contextlib.closing(self.place.connect()) as connection, connection.cursor() as cursor:
            until = time.monotonic() + judge.WAIT_S
            while len(self.seen) < len(self.subs) and time.monotonic() < until:
                cursor.execute("SELECT p.sub FROM award a JOIN person p ON p.id = a.person_id WHERE a.state = 2 AND p.sub = ANY(%s)",
                               (self.subs,))
                for (sub,) in cursor.fetchall():
                    self.seen.setdefault(sub, time.monotonic())
                time.sleep(0.02)

    def wait(self):
        self.thread.join()
        assert len(self.seen) == len(self.subs), f"{len(self.seen)} awards of {len(self.subs)} within {judge.WAIT_S} s"
        return self.seen


class Grading:
    """The last missing grades, one after the other."""

    def __init__(self, place, side, base):
        self.place, self.side, self.left, self.given = place, side, iter(LATE), {}
        self.score = lambda n, item: self.given.get((n, item), base(n, item))

    def grade(self, n):
        self.given[n, 0] = 99
        self.side.score = self.score

    def give(self, count, then, is_at_rest=True):
        """So many learners their grade, as fast as a teacher might: seconds from each grade to its badge. `then(learner)`
        tells Laurel. Not at rest: while the pause after the last reading is not over."""
        if is_at_rest:
            rest(self.place)
        self.side.asked()
        chosen, began = list(itertools.islice(self.left, count)), {}
        learners = [self.side.learners[n] for n in chosen]
        watch = Watch(self.place, [who["sub"] for who in learners])
        for n, who in zip(chosen, learners, strict=True):
            began[who["sub"]] = time.monotonic()
            self.grade(n)
            then(who)
            time.sleep(max(0.0, began[who["sub"]] + EVERY_S - time.monotonic()) if who is not learners[-1] else 0)
        seen = watch.wait()
        laurel.wait_until(self.place.is_quiet, judge.WAIT_S, "what follows is over")
        return [seen[sub] - at for sub, at in began.items()]

    def one(self, then):
        [seconds] = self.give(1, then)
        return {"seconds": seconds, "requests": self.side.asked()[0]}

    def row(self, then):
        return self.give(BURST, then)

    def soon(self, then):
        return self.give(1, then, is_at_rest=False)[0]


def tellers(place, side):
    """How Laurel hears of a grade, by name. A Canvas tells by itself; of a Moodle it is the learner who looks, or somebody
    who has the course read."""
    if side.kind == "canvas":
        side.lms.control("set_events", url=side.events_url)
        return {"a live event": lambda who: None}
    return {"the learner's launch": lambda who: side.open(who["id"]),
            "laurel sync --course": lambda who: place.cli("sync", "--course", side.context)}


def freshness(place, side, base):
    grading, result = Grading(place, side, base), {}
    side.answers_after(ANSWER_S)
    for name, tell in tellers(place, side).items():
        result[name] = {"one": [grading.one(tell) for _ in range(TRIES)], "row_s": grading.row(tell), "soon_s": grading.soon(tell)}
        print(f"{side.kind}, {name}: {result[name]}", file=sys.stderr, flush=True)
    side.answers_after(0.0)
    if side.kind == "canvas":
        side.lms.control("set_events", url="")
    # By the schedule alone, for somebody who used Laurel in the last hour; the interval is counted from a reading's end.
    place.rows("UPDATE membership SET launched_at = now() WHERE person_id = (SELECT min(id) FROM person) RETURNING 1")
    place.cli("sync")
    rest(place)
    [(interval,)] = place.rows("SELECT extract(epoch FROM next_read_at - sync_started_at)::float FROM context")
    result["the schedule alone"] = {"one": [grading.one(lambda who: None)], "interval_s": interval}
    print(f"{side.kind}: {result['the schedule alone']}", file=sys.stderr, flush=True)
    return result


def all_again(place):
    """The reading of everything that each course has at night."""
    place.rows("UPDATE context SET whole_at = now() - interval '2 days' RETURNING 1")
    place.cli("sync")


def course(cluster, kind):
    with contextlib.ExitStack() as stack:
        place = rig.Place(cluster)
        stack.callback(place.close)
        side = Side(place, kind, course="large", learners=LEARNERS, items=ITEMS)
        stack.callback(side.close)
        side.set_up(place)
        place.start()
        side.open(side.lms.user("editingteacher")["id"])
        # The launch asked for a reading before there is a badge; without one none is made, and that is settled first.
        worker, result = judge.Worker(place), {}
        laurel.wait_until(lambda: place.rows("SELECT count(*) FROM context WHERE sync_queued_at IS NOT NULL") == [(1,)], 20, "nothing to read")
        good = lambda n, item: None if item == 0 and n in LATE else 70 + (n * 7 + item * 3) % 31  # noqa: E731
        better = lambda n, item: good(n, item) if (n % 100, item) != (0, 1) else 69  # noqa: E731
        ask = lambda: place.cli("sync")  # noqa: E731
        for name, score, act in (("first", good, lambda: judge.import_badge(place, side.lms, [side.context], judge.TEN)),
                                 ("nothing changed", good, ask), ("1 % changed", better, ask)):
            side.score = score
            result[name] = one_sync(place, side, worker, act)
            print(f"{kind}, {name}: {result[name]}", file=sys.stderr, flush=True)
        result["fresh"] = freshness(place, side, better)
        result["all again"] = one_sync(place, side, worker, lambda: all_again(place))
        print(f"{kind}, all again: {result['all again']}", file=sys.stderr, flush=True)
        return result


STRETCHES = ("first", "nothing changed", "1 % changed", "all again")


def missed(kind, c):
    """The targets that were missed and do not depend on the machine, each as a line."""
    first, lines = c["first"], []

    def expect(is_met, line):
        if not is_met:
            lines.append(f"{kind}: {line}")

    expect(first["made"] == LEARNERS - len(LATE), f"{first['made']} awards of {LEARNERS - len(LATE)} at first")
    expect(c["1 % changed"]["rows"] >= LEARNERS // 100, f"1 % changed: {c['1 % changed']['rows']} rows written")
    for name in STRETCHES:
        one = c[name]
        expect(one["worker_peak_mb"] <= PEAK_MB, f"{name}: the worker took {one['worker_peak_mb']:.1f} MiB, at most {PEAK_MB} are allowed")
        expect(one["at_once"] <= PARALLEL[kind], f"{name}: {one['at_once']} requests at once, {PARALLEL[kind]} are allowed")
        for what in ("rows", "wal"):
            expect(name == "first" or one[what] <= SHARE * first[what],
                   f"{name}: {what} {one[what]}, more than {SHARE:.0%} of {first[what]} at first")
    for name, found in c["fresh"].items():
        longest = max(one["seconds"] for one in found["one"])
        expect(longest <= found.get("interval_s", longest),
               f"{name}: {longest:.0f} s to a badge, and the interval is {found.get('interval_s', 0):.0f} s")
    expect(c["rush"]["highest"] <= PARALLEL[kind],
           f"{COURSES} courses due at once: {c['rush']['highest']} requests at once, {PARALLEL[kind]} are allowed")
    return lines


def slow(kind, c):
    """Aims that this machine, in this hour, did not reach."""
    return [f"{kind}: told by {name} a badge came after {longest:.1f} s, the aim is {TOLD_S}" for name, longest in (
        (name, max(one["seconds"] for one in found["one"])) for name, found in c["fresh"].items() if "interval_s" not in found)
            if longest > TOLD_S]


def rush(cluster, kind):
    """Many small courses on one host, all due at once."""
    with contextlib.ExitStack() as stack:
        place = rig.Place(cluster)
        stack.callback(place.close)
        side = Side(place, kind, course="small", learners=SMALL)
        stack.callback(side.close)
        contexts = [side.context]
        for _ in range(COURSES - 1):
            copy = side.lms.control("copy_course")
            contexts.append(copy["context_id"])
            for who in side.learners:
                side.lms.control("enrol", user=who["id"], course=copy["id"])
        side.set_up(place)
        side.answers_after(ANSWER_S)
        judge.import_badge(place, side.lms, contexts, {"item": "Task 1", "min_percent": 50})
        side.asked()
        began, worker = time.monotonic(), judge.Worker(place)
        worker.wait("course_read", 0, COURSES)
        seconds = time.monotonic() - began
        requests, at_once = side.asked()
        return {"courses": COURSES, "seconds": seconds, "requests": requests, "highest": at_once, "allowed": PARALLEL[kind]}


def run(cluster):
    return {kind: {**course(cluster, kind), "rush": rush(cluster, kind)} for kind in ("moodle", "canvas")}
