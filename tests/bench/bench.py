"""Runs the benches and prints what they found: see README.md. Started by run.sh."""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import credential  # noqa: E402
import export  # noqa: E402
import judge  # noqa: E402
import launch  # noqa: E402
import public  # noqa: E402
import sync  # noqa: E402
from rig import median  # noqa: E402
from support import laurel  # noqa: E402


def column(rounds, *path):
    values = []
    for one in rounds:
        for step in path:
            one = one[step]
        values.append(one)
    return median(values)


def row(what, value, form="{:.0f}"):
    if isinstance(value, dict):
        text = [form.format(value[k]) for k in ("median", "min", "max")]
    else:
        text = [form.format(value), "", ""]
    print(f"  {what:<58}{text[0]:>12}{text[1]:>12}{text[2]:>12}")


def heading(text):
    print(f"\n  {text:<58}{'median':>12}{'min':>12}{'max':>12}")


def print_launch(r):
    heading("Launches")
    row("ceiling: one RS256 check, one committed row (/s)", column(r["ceiling"], "per_s"))
    for who, words in (("new", "always new people"), ("returning", f"{r['users']} people in {r['courses']} courses")):
        row(f"Laurel, {words} (/s)", column(r[who], "per_s"))
        row("  ratio to the ceiling measured just before", column(r[who], "ratio"), "{:.2f}")
        row("  p50 (ms)", column(r[who], "p50_ms"), "{:.1f}")
        row("  p99 (ms)", column(r[who], "p99_ms"), "{:.1f}")
        row("  CPU of serve for one launch (us)", column(r[who], "cpu_us", "serve"))
        row("  CPU of PostgreSQL for one launch (us)", column(r[who], "cpu_us", "postgres"))
        row("  replays sent, all refused", sum(one["replays_refused"] for one in r[who]))
    row("ceiling: CPU of the program for one request (us)", column(r["ceiling"], "cpu_us", "ceiling"))
    row("ceiling: CPU of PostgreSQL for one request (us)", column(r["ceiling"], "cpu_us", "postgres"))
    row("logins (/s)", column(r["login"], "per_s"))
    row("  CPU of serve for one login (us)", column(r["login"], "cpu_us", "serve"))
    row("resident memory of serve before (MB)", r["serve_rss_mb"]["before"], "{:.1f}")
    row("resident memory of serve after (MB)", r["serve_rss_mb"]["after"], "{:.1f}")
    row("key set fetches in all", r["jwks_fetches"])


def print_judge(r):
    d, c = r["decide"]["rounds"], r["course"]
    heading(f"Judging, one thread, a rule of {r['decide']['leaves']} leaves")
    row("ceiling: ten exact comparisons (evaluations/s)", column(d, "ceiling"))
    row("Laurel: badge_decide (evaluations/s)", column(d, "laurel"))
    row("  ratio", column(d, "ratio"), "{:.4f}")
    print(f"\n  A course of {c['learners']} learners x {c['items']} items     read: the platform's answers; save, judge: Laurel alone")
    print(f"  {'sync':<20}{'requests':>9}{'facts':>9}{'people':>8}{'awards':>8}{'read s':>9}{'save s':>9}{'judge s':>9}")
    for name in ("nobody graded", "everybody graded", "1 % changed", "nothing changed"):
        s = c[name]
        print(f"  {name:<20}{s['requests']:>9}{s['facts_changed']:>9}{s['people_changed']:>8}{s['made']:>8}"
              f"{s['reading_s']:>9.2f}{s['save_s']:>9.3f}{s['judge_s']:>9.3f}")
    print()
    row("awards/s, from the last answer read to the last award", c["awards_per_s"])
    row("awards/s, judging and writing alone", c["judged_awards_per_s"])
    row("1 % changed / everybody (save and judge)", c["changed_ratio"], "{:.3f}")
    row(f"least: {c['learners'] * c['items']} fact rows in one statement (s)", c["floor"]["fact_s"], "{:.3f}")
    row(f"least: {c['learners']} award rows in one statement (s)", c["floor"]["award_s"], "{:.3f}")
    row("worker's peak memory (MB)", c["worker_peak_mb"], "{:.1f}")


def print_credential(r):
    for document, words in credential.DOCUMENTS.items():
        heading(f"A credential, {words} ({r['rounds'][0][document]['bytes']} bytes), one thread")
        for operation, (name, aim) in credential.OPERATIONS.items():
            row(f"{name} (/s)", column(r["rounds"], document, operation, "ours"))
            row("  the OpenSSL operation alone (/s)", column(r["rounds"], document, operation, "alone"))
            row(f"  ratio{f' (aim: at least {aim})' if document == 'typical' else ''}",
                column(r["rounds"], document, operation, "ratio"), "{:.2f}")
    print()
    row("peak memory of the program (MB)", r["peak_kb"] / 1024, "{:.1f}")


def print_public(r):
    heading(f"Pages of {r['awards']} shared awards")
    row("ceiling: a program that says hello (/s)", column(r["rounds"], "hello", "per_s"))
    row("Laurel, an award's page (/s)", column(r["rounds"], "per_s"))
    row("  ratio to the ceiling measured just before", column(r["rounds"], "ratio"), "{:.2f}")
    row("  the same of CPU time instead", column(r["rounds"], "cpu_ratio"), "{:.2f}")
    row("  CPU of hello for one request (us)", column(r["rounds"], "hello", "cpu_us", "program"))
    row("  CPU of its nginx (us)", column(r["rounds"], "hello", "cpu_us", "nginx"))
    row("  CPU of serve for one page (us)", column(r["rounds"], "cpu_us", "serve"))
    row("  CPU of its nginx (us)", column(r["rounds"], "cpu_us", "nginx"))
    row("  CPU of PostgreSQL for one page (us)", column(r["rounds"], "cpu_us", "postgres"))


def print_export(r):
    print(f"\n  {'Everything public as files':<34}{'awards':>9}{'files':>9}{'MB':>7}{'s':>8}{'files/s':>9}{'ratio':>7}{'peak MB':>9}")
    for words, name in (("with certificates", "drawn"), ("  again: certificates are kept", "again"), ("without, a tenth", "tenth"),
                        ("without, all", "all"), ("  again, in place of the first", "renewed")):
        one = r[name]
        print(f"  {words:<34}{one['awards']:>9}{one['files']:>9}{one['bytes'] >> 20:>7}{one['seconds']:>8.1f}"
              f"{one['files'] / one['seconds']:>9.0f}{one['ratio']:>7.2f}{one['peak_mb']:>9.1f}")
    d, a = r["drawn"], r["again"]
    print(f"  certificates drawn a second, beside all else: {d['certificates_drawn'] / (d['seconds'] - a['seconds']):.1f};"
          f" most files in one folder: {r['all']['most_in_a_folder']}")


def share(part, whole):
    return f"{part / whole:.3f}" if whole else "-"


def print_sync(r):
    for kind, c in r.items():
        first, others = c["first"], sync.STRETCHES[1:]
        print(f"\n  A course of {sync.LEARNERS} learners x {sync.ITEMS} items, {kind}. In brackets: the share of the first")
        print(f"  {'':<36}{'first':>14}" + "".join(f"{name:>24}" for name in others))
        print(f"  {'read':<36}{first['scope']:>14}" + "".join(f"{c[name]['scope']:>24}" for name in others))
        for words, key, form in (
                ("requests made", "requests", "{:.0f}"), ("bytes read", "bytes", "{:.0f}"),
                ("results that changed", "facts_changed", "{:.0f}"), ("people evaluated", "evaluated", "{:.0f}"),
                ("awards made", "made", "{:.0f}"), ("rows written", "rows", "{:.0f}"), ("WAL bytes", "wal", "{:.0f}"),
                ("CPU of PostgreSQL (s)", "postgres_s", "{:.2f}"), ("CPU of the worker (s)", "worker_s", "{:.2f}"),
                ("until it is read and merged (s)", "read_s", "{:.2f}"), ("until everybody is judged (s)", "all_s", "{:.2f}"),
                ("peak memory of the worker (MiB)", "worker_peak_mb", "{:.1f}")):
            print(f"  {words:<36}{form.format(first[key]):>14}" + "".join(
                f"{f'{form.format(c[name][key])} ({share(c[name][key], first[key])})':>24}" for name in others))
        for name in sync.STRETCHES:
            print(f"  rows written, {name}: {c[name]['written']}")
        heading(f"From a grade to its badge, {kind}, answers of {sync.ANSWER_S * 1000:.0f} ms and more")
        for name, found in c["fresh"].items():
            row(f"told by {name} (s)", column(found["one"], "seconds"), "{:.2f}")
            row("  requests made", column(found["one"], "requests"))
            if "row_s" in found:
                row(f"  {sync.BURST} grades, one every {sync.EVERY_S:g} s (s)", median(found["row_s"]), "{:.2f}")
                row("  one more, in the pause after a reading (s)", found["soon_s"], "{:.2f}")
            if "interval_s" in found:
                row("  its interval (s)", found["interval_s"])
        rush = c["rush"]
        print(f"\n  {rush['courses']} courses of one host due at once: read in {rush['seconds']:.1f} s with {rush['requests']} requests, "
              f"at most {rush['highest']} at once ({rush['allowed']} are allowed)")


def main():
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("what", nargs="?", default="all",
                        choices=["launch", "judge", "sync", "credential", "public", "export", "all"])
    parser.add_argument("--seconds", type=int, default=5, help="of each measured stretch (5)")
    parser.add_argument("--rounds", type=int, default=3, help="how often all of it is repeated (3)")
    parser.add_argument("--awards", type=int, default=10000, help="export: how many (10000)")
    parser.add_argument("--fsync", choices=["on", "off"], default="on", help="of PostgreSQL (on)")
    parser.add_argument("--json", metavar="FILE", help="where the numbers go besides")
    asked = parser.parse_args()
    cluster = None if asked.what == "credential" else laurel.Cluster()
    result = {"fsync": asked.fsync, "cores": os.cpu_count(), "load": [round(n, 2) for n in os.getloadavg()],
              "seconds": asked.seconds, "rounds": asked.rounds}
    if asked.what in ("launch", "all"):
        result["launch"] = launch.run(cluster, asked.seconds, asked.rounds)
    if asked.what in ("judge", "all"):
        result["judge"] = judge.run(cluster, asked.seconds, asked.rounds)
    if asked.what in ("credential", "all"):
        result["credential"] = credential.run(asked.seconds, asked.rounds)
    if asked.what in ("sync", "all"):
        result["sync"] = sync.run(cluster)
    if asked.what in ("public", "all"):
        result["public"] = public.run(cluster, asked.seconds, asked.rounds)
    if asked.what in ("export", "all"):
        result["export"] = export.run(cluster, asked.awards)
    print(f"PostgreSQL with fsync {asked.fsync}, {result['cores']} cores, load at the start {result['load'][0]}, "
          f"{asked.rounds} rounds of {asked.seconds} s")
    if "launch" in result:
        print_launch(result["launch"])
    if "judge" in result:
        print_judge(result["judge"])
    if "sync" in result:
        print_sync(result["sync"])
    if "credential" in result:
        print_credential(result["credential"])
    if "public" in result:
        print_public(result["public"])
    if "export" in result:
        print_export(result["export"])
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as out:
            json.dump(result, out, indent=1)
            out.write("\n")
    courses = result.get("sync", {})
    for line in (line for kind, c in courses.items() for line in sync.slow(kind, c)):
        print(f"Slow here: {line}", file=sys.stderr)
    missed = [line for kind, c in courses.items() for line in sync.missed(kind, c)]
    for line in missed:
        print(f"MISSED: {line}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
