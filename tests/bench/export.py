"""`laurel export --static` of many shared awards, beside a program that writes as many bytes into as many files."""
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import rig
from public import BADGE, REASONS
from support import laurel

BADGES = 10
DRAWN = 1000                # certificates; those of all awards would take long to draw and say no more
UNDRAWN = ("--forms", "html,svg,png,ob2")


def import_badges(place):
    path = place.folder / "badges.json"
    badges = [{**BADGE["badges"][0], "key": f"safe-lab-{n}", "name": f"Safe Lab Worker {n}"} for n in range(BADGES)]
    path.write_text(json.dumps({"issuer": {**BADGE["issuer"], "email": "badges@northside.example"}, "badges": badges}), encoding="utf-8")
    place.cli("badge", "import", path, "--institution", "Northside College")


def add_awards(place, first, last):
    """Shared and signed awards of as many people; half are named by e-mail, so that Open Badges 2.0 has them too."""
    place.rows("INSERT INTO person (institution_id, registration_id, sub, name) SELECT r.institution, r.id, 'p' || n, 'Person Number ' || n"
               " FROM (SELECT r.id, b.institution_id AS institution FROM registration r, badge b LIMIT 1) r, generate_series(%s, %s) n RETURNING 1",
               (first, last))
    place.rows("WITH made AS (INSERT INTO award (institution_id, badge_id, person_id, rule_version, state, reasons, issued_at, expires_at,"
               " shared_at) SELECT p.institution_id, b.id, p.id, 1, 2, %s, now(), now() + interval '2 years', now()"
               " FROM person p JOIN (SELECT id, institution_id, row_number() OVER (ORDER BY id) - 1 AS nth FROM badge) b"
               " ON b.institution_id = p.institution_id AND b.nth = substr(p.sub, 2)::int %% %s"
               " WHERE substr(p.sub, 2)::int BETWEEN %s AND %s RETURNING institution_id, id)"
               " INSERT INTO award_share (institution_id, award_id, shows_name, shows_results, identity, identity_hash, salt)"
               " SELECT institution_id, id, id %% 3 = 0, true, id %% 2, CASE id %% 2 WHEN 1 THEN 'sha256$' || repeat('ab', 32) ELSE '' END,"
               " CASE id %% 2 WHEN 1 THEN 'salt' ELSE '' END FROM made RETURNING 1", (json.dumps(REASONS), BADGES, first, last))
    begin = time.monotonic()
    while place.rows("SELECT count(*) FROM credential WHERE form = 1")[0][0] < last:
        for worker in [place.run(f"signer {n}", [str(laurel.program()), "-c", str(place.config), "worker", "--once"], place.worker_log)
                       for n in range(os.cpu_count() or 1)]:
            assert worker.wait(7200) == 0, place.worker_log.read_text()[-500:]
    place.analyze()
    place.checkpoint()
    print(f"{last - first + 1} awards signed in {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)


def export(place, folder, *more):
    """Runs it: what it says of itself, seconds, CPU seconds of all that ran, peak memory of laurel itself in MB."""
    begin, database = time.monotonic(), rig.Usage({"postgres": (place.postmaster(), True)})
    with subprocess.Popen([str(laurel.program()), "-c", str(place.config), "export", "--static", str(folder), "--json", *more],
                          stdout=subprocess.PIPE) as running:
        said = running.stdout.read()
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begin
    assert running.returncode == 0, "the export failed"
    sizes = [(f.parent, f.stat().st_size) for f in folder.rglob("*") if f.is_file()]
    return {**json.loads(said), "seconds": seconds, "files": len(sizes), "bytes": sum(size for _, size in sizes),
            "cpu_s": used.ru_utime + used.ru_stime, "postgres_s": database.each_us(1)["postgres"] / 1e6, "peak_mb": used.ru_maxrss / 1024,
            "most_in_a_folder": max(len(list(d.iterdir())) for d in {d for d, _ in sizes}), "sizes": sizes}


def write_plainly(folder, sizes):
    """As many files of the same sizes in as many folders, and all of it on the disk: seconds."""
    text = os.urandom(max(size for _, size in sizes))
    shutil.rmtree(folder, ignore_errors=True)
    begin, places = time.monotonic(), {}
    for nth, (parent, size) in enumerate(sizes):
        place = places.get(parent)
        if place is None:
            place = places[parent] = str(folder / str(len(places)))
            os.makedirs(place)
        fd = os.open(f"{place}/{nth}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(fd, text[:size])
        os.close(fd)
    os.sync()
    seconds = time.monotonic() - begin
    shutil.rmtree(folder)
    return seconds


def measured(place, what, folder, *more):
    found = export(place, folder, *more)
    found["plain_s"] = write_plainly(pathlib.Path(f"{folder}-plain"), found.pop("sizes"))
    found["ratio"] = found["plain_s"] / found["seconds"]
    print(f"{what}: {found['awards']} awards in {found['seconds']:.1f} s ({found['files'] / found['seconds']:.0f} files/s, {found['bytes'] >> 20}"
          f" MB, {found['cpu_s']:.1f} s of CPU, PostgreSQL {found['postgres_s']:.1f} s), written plainly {found['plain_s']:.1f} s, ratio"
          f" {found['ratio']:.2f}, peak {found['peak_mb']:.0f} MB, {found['certificates_drawn']} certificates drawn,"
          f" {found['certificates_kept']} kept", file=sys.stderr, flush=True)
    return found


def run(cluster, awards):
    school = rig.School()
    place = rig.Place(cluster, allow=[school.port])
    try:
        place.prepare()
        place.add_platform(school)
        import_badges(place)
        result, done = {"awards": awards, "day": datetime.date.today().isoformat()}, 0
        folder, drawn = place.folder / "exit", place.folder / "drawn"
        for name, count, forms, where in (("drawn", min(DRAWN, awards), (), drawn), ("again", min(DRAWN, awards), (), drawn),
                                          ("tenth", max(awards // 10, DRAWN), UNDRAWN, folder), ("all", awards, UNDRAWN, folder),
                                          ("renewed", awards, UNDRAWN, folder)):
            if count > done:
                add_awards(place, done + 1, count)
                done = count
            result[name] = measured(place, name, where, *forms)
            assert result[name]["awards"] == done and result[name]["undrawn"] == 0
        return result
    finally:
        place.close()
        school.close()
