"""Runs the benches and prints what they found: see README.md. Started by run.sh."""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import judge  # noqa: E402
import launch  # noqa: E402
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


def main():
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("what", nargs="?", default="all", choices=["launch", "judge", "all"])
    parser.add_argument("--seconds", type=int, default=5, help="of each measured stretch (5)")
    parser.add_argument("--rounds", type=int, default=3, help="how often all of it is repeated (3)")
    parser.add_argument("--fsync", choices=["on", "off"], default="on", help="of PostgreSQL (on)")
    parser.add_argument("--json", metavar="FILE", help="where the numbers go besides")
    asked = parser.parse_args()
    cluster = laurel.Cluster()
    result = {"fsync": asked.fsync, "cores": os.cpu_count(), "load": [round(n, 2) for n in os.getloadavg()],
              "seconds": asked.seconds, "rounds": asked.rounds}
    if asked.what != "judge":
        result["launch"] = launch.run(cluster, asked.seconds, asked.rounds)
    if asked.what != "launch":
        result["judge"] = judge.run(cluster, asked.seconds, asked.rounds)
    print(f"PostgreSQL with fsync {asked.fsync}, {result['cores']} cores, load at the start {result['load'][0]}, "
          f"{asked.rounds} rounds of {asked.seconds} s")
    if "launch" in result:
        print_launch(result["launch"])
    if "judge" in result:
        print_judge(result["judge"])
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as out:
            json.dump(result, out, indent=1)
            out.write("\n")


if __name__ == "__main__":
    main()
