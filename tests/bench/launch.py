"""Laurel's launches beside the ceiling, in turns in one run."""
import itertools
import sys
import time
import urllib.parse

import rig
from support import laurel

USERS, COURSES, REPLAYS = 2000, 20, 200
LAUNCHES_MAX = 40000


class Ceiling:
    """bench_ceiling behind an nginx of its own with the same configuration."""

    def __init__(self, place, school, tokens):
        self.place, self.folder, self.port = place, place.folder / "ceiling", laurel.free_port()
        self.folder.mkdir()
        socket, key = self.folder / "ceiling.sock", self.folder / "public.pem"
        key.write_bytes(school.key.public_bytes())
        place.rows("CREATE TABLE ceiling (nonce text PRIMARY KEY); SELECT 1")
        self.process = place.run("ceiling", [str(rig.BUILD / "bench" / "bench_ceiling"), str(socket), "32", str(key),
                                             place.dsn("laurel_owner")], self.folder / "ceiling.log")
        laurel.wait_until(socket.exists, 10, "the ceiling listens")
        self.nginx = rig.start_nginx(place, self.folder, self.port, socket)
        url = f"http://127.0.0.1:{self.port}/lti/launch"
        # The same tokens again and again: it has no replay check, which only helps it.
        self.requests = [rig.request(url, {"id_token": token, "state": "s" * 230}, "laurel_browser=" + "b" * 22)
                         for token in tokens]
        laurel.wait_until(lambda: self.answered(), 10, "the ceiling answers")

    def answered(self):
        try:
            return self.run(1, {})["per_s"] > 0
        except AssertionError:
            return False

    def run(self, count, database):
        requests = list(itertools.islice(itertools.cycle(self.requests), count))
        usage = rig.Usage({"ceiling": (self.process.pid, False), **database})
        seconds, answers = rig.blast(self.folder, self.port, requests)
        assert all(a.status == 303 for a in answers), "the ceiling refused a request"
        return {"n": count, "per_s": count / seconds, "cpu_us": usage.each_us(count)}


class Flow:
    """Logins, tokens and launches of one installation."""

    def __init__(self, place, school, database):
        self.place, self.school, self.database = place, school, database
        self.serve = place.processes["serve"].pid
        self.fresh = itertools.count(1_000_000)

    def logins(self, count):
        fields = {"iss": self.school.issuer, "login_hint": "17", "target_link_uri": self.school.launch_url,
                  "lti_message_hint": '{"cmid":5,"launchid":"l1_42"}', "client_id": self.school.client_id,
                  "lti_deployment_id": self.school.deployment}
        usage = rig.Usage({"serve": (self.serve, False), **self.database})
        seconds, answers = rig.blast(self.place.folder, self.place.port,
                                     [rig.request(self.school.login_url, fields)] * count, capture=4096)
        used = usage.each_us(count)
        assert all(a.status == 302 for a in answers), f"a login was refused: {answers[0].head}"
        pending = []
        for answer in answers:
            asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.header("Location")).query))
            pending.append((asked["state"], asked["nonce"], answer.header("Set-Cookie").split(";")[0]))
        return {"n": count, "per_s": count / seconds, "cpu_us": used}, pending

    def prepare(self, count, who):
        """Launch requests ready to send, after their logins. who: "new" or "returning"."""
        login, pending = self.logins(count)
        users = [next(self.fresh) if who == "new" else i % USERS for i in range(count)]
        tokens = rig.sign_all(self.school, [(user, user % COURSES, nonce)
                                            for user, (_, nonce, _) in zip(users, pending)])
        return login, [rig.request(self.school.launch_url, {"id_token": token, "state": state}, cookie)
                       for token, (state, _, cookie) in zip(tokens, pending)]

    def launch(self, requests):
        usage = rig.Usage({"serve": (self.serve, False), **self.database})
        seconds, answers = rig.blast(self.place.folder, self.place.port, requests, capture=300)
        count, used = len(requests), usage.each_us(len(requests))
        taken = sum(a.status == 303 for a in answers)
        assert taken == count, f"{count - taken} of {count} launches were refused: " + next(
            a.head for a in answers if a.status != 303)
        times = sorted(a.us for a in answers)
        return {"n": count, "per_s": taken / seconds, "cpu_us": used,
                "p50_ms": times[count // 2] / 1000, "p99_ms": times[count * 99 // 100] / 1000}

    def replay(self, requests):
        again = requests[::max(1, len(requests) // REPLAYS)][:REPLAYS]
        _, answers = rig.blast(self.place.folder, self.place.port, again)
        refused = sum(a.status == 401 for a in answers)
        assert refused == len(again), f"{len(again) - refused} of {len(again)} replays were not refused"
        return len(again)


def say(text):
    print(text, file=sys.stderr, flush=True)


def rounds(flow, ceiling, seconds, count):
    """A pair for each kind of person in each round: the ceiling, then Laurel at once, on equal terms."""
    rates = {"ceiling": 2000.0, "new": 1000.0, "returning": 1000.0}
    result = {"ceiling": [], "new": [], "returning": [], "login": []}
    for nth in range(count):
        for who in ("new", "returning"):
            login, requests = flow.prepare(min(LAUNCHES_MAX, int(rates[who] * seconds)), who)
            flow.place.checkpoint()
            top = ceiling.run(int(rates["ceiling"] * seconds), flow.database)
            ours = flow.launch(requests)
            ours["replays_refused"], ours["ratio"] = flow.replay(requests), ours["per_s"] / top["per_s"]
            rates["ceiling"], rates[who] = top["per_s"], ours["per_s"]
            result["ceiling"].append(top)
            result[who].append(ours)
            result["login"].append(login)
            say(f"round {nth + 1}, {who}: ceiling {top['per_s']:.0f}/s, Laurel {ours['per_s']:.0f}/s, "
                f"ratio {ours['ratio']:.2f}")
    return result


def run(cluster, seconds, count):
    school = rig.School()
    place = rig.Place(cluster, allow=[school.port])
    try:
        place.prepare()
        place.add_platform(school)
        place.start()
        database = {"postgres": (place.postmaster(), True)}
        flow = Flow(place, school, database)
        say("the returning people's first launches")
        _, first = flow.prepare(USERS, "returning")
        flow.launch(first[:1])      # fetches the key set: until it is there only a few may wait
        flow.launch(first[1:])
        tokens = rig.sign_all(school, [(user, user % COURSES, "n" * 22) for user in range(1000)])
        ceiling = Ceiling(place, school, tokens)
        place.analyze()
        before = rig.memory_mb(flow.serve)
        began = time.monotonic()
        measured = rounds(flow, ceiling, seconds, count)
        return {**measured, "took_s": time.monotonic() - began,
                "serve_rss_mb": {"before": before, "after": rig.memory_mb(flow.serve)},
                "jwks_fetches": school.fetches, "connections": rig.CONNECTIONS, "users": USERS, "courses": COURSES}
    finally:
        place.close()
        school.close()
