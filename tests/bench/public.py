"""The page of a shared award beside a program that says hello, in turns in one run."""
import itertools
import json
import sys

import rig
from support import laurel

AWARDS = 200
BADGE = {
    "issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
    "badges": [{
        "key": "safe-lab", "name": "Safe Lab Worker", "description": "Works carefully with glass, heat and reagents.",
        "criteria": "Somebody with this badge has shown that they\n\n- know the **laboratory rules**,\n- wrote a field report.",
        "rule": {"all": [{"item": "Lab safety quiz", "min_percent": 80}, {"item": "Field report", "min_points": 12},
                         {"at_least": 2, "of": [{"item": "Lab 1"}, {"item": "Lab 2"}, {"item": "Lab 3"}]}]}}]}
REASONS = {"leaves": [
    {"text": "Lab safety quiz", "state": "met", "item": {"title": "Lab safety quiz"}, "score": "92", "maximum": "100", "min_percent": "80"},
    {"text": "Field report", "state": "met", "item": {"title": "Field report"}, "score": "13", "maximum": "15", "min_points": "12"}]}


def get(port, path):
    return (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: bench\r\n"
            "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n\r\n").encode()


def ask(place, folder, port, paths, count, parts):
    """So many of the pages in turn: the rate, and the CPU time of each for nginx and the parts behind it."""
    requests = [get(port, path) for path in itertools.islice(itertools.cycle(paths), count)]
    used = rig.Usage({"nginx": (place.processes[f"nginx-{port}"].pid, True), **parts})
    seconds, answers = rig.blast(folder, port, requests)
    assert all(a.status == 200 for a in answers), "a page was not shown"
    return {"per_s": count / seconds, "cpu_us": used.each_us(count)}


class Hello:
    """bench_hello behind an nginx of its own with the same configuration."""

    def __init__(self, place):
        self.place, self.folder, self.port = place, place.folder / "hello", laurel.free_port()
        self.folder.mkdir()
        socket = self.folder / "hello.sock"
        place.run("hello", [str(rig.BUILD / "bench" / "bench_hello"), str(socket), "32"], self.folder / "hello.log")
        laurel.wait_until(socket.exists, 10, "hello listens")
        rig.start_nginx(place, self.folder, self.port, socket)
        laurel.wait_until(self.answers, 10, "hello answers")

    def answers(self):
        try:
            return self.run(1)["per_s"] > 0
        except AssertionError:
            return False

    def run(self, count):
        return ask(self.place, self.folder, self.port, ["/awards/hello"], count,
                   {"program": (self.place.processes["hello"].pid, False)})


def seed(place):
    """Shared and signed awards of as many people, with names and results on their pages: their paths."""
    path = place.folder / "badges.json"
    path.write_text(json.dumps(BADGE), encoding="utf-8")
    place.cli("badge", "import", path, "--institution", "Northside College")
    place.rows("INSERT INTO person (institution_id, registration_id, sub, name) SELECT b.institution_id, r.id, 'p' || n,"
               " 'Person Number ' || n FROM badge b, registration r, generate_series(1, %s) n RETURNING 1", (AWARDS,))
    rows = place.rows(
        "INSERT INTO award (institution_id, badge_id, person_id, rule_version, state, reasons, issued_at, expires_at, shared_at)"
        " SELECT b.institution_id, b.id, p.id, 1, 2, %s, now(), now() + interval '2 years', now() FROM badge b JOIN person p"
        " USING (institution_id) RETURNING public_id::text", (json.dumps(REASONS),))
    place.rows("INSERT INTO award_share (institution_id, award_id, shows_name, shows_results) SELECT institution_id, id, true, true"
               " FROM award RETURNING 1")
    place.cli("worker", "--once", timeout=600)
    (signed,), = place.rows("SELECT count(*) FROM credential WHERE form = 0")
    assert signed == AWARDS, f"only {signed} awards were signed"
    place.analyze()
    return ["/awards/" + public_id for (public_id,) in rows]


def visit(place, paths, count):
    return ask(place, place.folder, place.port, paths, count,
               {"serve": (place.processes["serve"].pid, False), "postgres": (place.postmaster(), True)})


def run(cluster, seconds, count):
    school = rig.School()
    place = rig.Place(cluster, allow=[school.port])
    try:
        place.prepare()
        place.add_platform(school)
        paths = seed(place)
        place.start()
        hello, rates, rounds = Hello(place), [4000.0, 2000.0], []
        for nth in range(count):
            top = hello.run(int(rates[0] * seconds))
            ours = visit(place, paths, int(rates[1] * seconds))
            rates = [top["per_s"], ours["per_s"]]
            rounds.append({"hello": top, **ours, "ratio": ours["per_s"] / top["per_s"],
                           "cpu_ratio": sum(top["cpu_us"].values()) / sum(ours["cpu_us"].values())})
            print(f"round {nth + 1}: hello {rates[0]:.0f}/s, a page {rates[1]:.0f}/s, ratio {rounds[-1]['ratio']:.2f}",
                  file=sys.stderr, flush=True)
        return {"awards": AWARDS, "rounds": rounds}
    finally:
        place.close()
        school.close()
