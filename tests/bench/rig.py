"""What the benches share: an installation behind nginx, ready-made requests, CPU and memory out of /proc."""
import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import statistics
import struct
import subprocess
import time
import urllib.parse

from support import forge, laurel

BUILD = pathlib.Path(os.environ["LAUREL_BENCH_BUILD"])
CONNECTIONS = 16
TICKS = os.sysconf("SC_CLK_TCK")


def median(values):
    """As the tables print it: the middle, with the least and the greatest."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def start_nginx(place, folder, port, socket):
    """The reference nginx.conf as it is, but for its limits: they would measure themselves, since all come from one address."""
    laurel.private('write_nginx "$1" "$2" "$3"', folder, port, socket)
    site = folder / "nginx-site.conf"
    text, changed = re.subn(r"rate=\d+r/s", "rate=1000000r/s", site.read_text(encoding="utf-8"))
    assert changed > 0, "conf/nginx.conf has no login limit any more"
    site.write_text(text, encoding="utf-8")
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    return place.run(f"nginx-{port}", [nginx, "-e", str(folder / "nginx-error.log"), "-p", str(folder), "-c",
                                       str(folder / "nginx.conf")], folder / "nginx.log")


class Place(laurel.Laurel):
    """An installation with the settings of conf/laurel.conf."""

    def write_config(self, **changes):
        super().write_config(**{"threads": 32, "log_level": "info", **changes})

    def start_nginx(self):
        start_nginx(self, self.folder, self.port, self.socket)
        laurel.wait_until(lambda: self.answers("/healthz") is not None, 10, "nginx listens")

    def analyze(self):
        """As autovacuum would soon: statistics of tables that have just been filled."""
        self.rows("ANALYZE; SELECT 1")

    def checkpoint(self):
        """So that none falls due in the middle of what is measured next."""
        laurel.private('pg_sql "$1" postgres -c CHECKPOINT', self.cluster.sockets)

    def is_quiet(self, kinds="sync|judge"):
        """No such job is under way or due, and no reading asked for that is about to be added."""
        return self.rows("SELECT (SELECT count(*) FROM job WHERE kind SIMILAR TO %s AND (kind IN ('sync', 'judge') OR state = 'leased' OR "
                         "state = 'waiting' AND run_at <= now())) + (SELECT count(*) FROM context "
                         "WHERE sync_requested_at > coalesce(greatest(sync_started_at, sync_queued_at), '-infinity'))", (kinds,)) == [(0,)]

    def postmaster(self):
        """The server process, parent of all others."""
        with contextlib.closing(self.connect()) as connection:
            return int(stat_of(connection.get_backend_pid())[1])


# --- requests

def request(url, fields, cookie=""):
    where, body = urllib.parse.urlsplit(url), urllib.parse.urlencode(fields)
    lines = [f"POST {where.path} HTTP/1.1", f"Host: {where.netloc}", "User-Agent: bench", "Accept: text/html,*/*",
             "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return "\r\n".join([*lines, "", body]).encode()


class Answer:
    def __init__(self, status, us, head):
        self.status, self.us, self.head = status, us, head

    def header(self, name):
        found = re.search(rf"^{name}:[ \t]*(.*?)\r?$", self.head, re.I | re.M)
        return found.group(1) if found else ""


def blast(folder, port, requests, capture=0):
    """Sends each once over CONNECTIONS connections; returns (seconds, answers)."""
    sent, got = folder / "requests", folder / "answers"
    sent.write_bytes(b"".join(struct.pack("=I", len(r)) + r for r in requests))
    done = subprocess.run([BUILD / "bench" / "bench_blast", str(port), str(CONNECTIONS), sent, got, str(capture)],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"bench_blast: {done.stderr}"
    raw, at, answers = got.read_bytes(), 0, []
    while at < len(raw):
        status, us, length = struct.unpack_from("=III", raw, at)
        answers.append(Answer(status, us, raw[at + 12:at + 12 + length].decode("latin-1")))
        at += 12 + length
    return json.loads(done.stdout)["seconds"], answers


# --- the platform

SCOPES = ["lineitem", "result.readonly", "score"]


class School(forge.Platform):
    """A platform whose launches carry what Moodle's and Canvas's carry, gradebook and roster services included."""

    def launch_token(self, user, course, nonce):
        ags = "https://purl.imsglobal.org/spec/lti-ags/scope/"
        return self.token(nonce, {
            "exp": self.expires, "given_name": "Person", "family_name": f"Number {user}", "name": f"Person Number {user}",
            "email": f"user{user}@school.example",
            forge.LTI + "context": {"label": f"C{course}", "title": f"Course {course}"},
            forge.LTI + "lis": {"person_sourcedid": f"sis-{user}"},
            forge.LTI + "custom": {"term": "2026-autumn"},
            "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
                "scope": [ags + scope for scope in SCOPES], "lineitems": f"{self.issuer}/ags/{course}/lineitems"},
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
                "context_memberships_url": f"{self.issuer}/nrps/{course}", "service_versions": ["2.0"]},
        }, sub=f"user-{user}", context=f"course-{course}")


SIGNER = None


def sign(work):
    return SIGNER.launch_token(*work)


def sign_all(school, work):
    """Signs beforehand, on all cores: signing costs far more than checking. work: (user, course, nonce)."""
    global SIGNER
    SIGNER, school.expires = school, int(time.time()) + 1800
    cores = os.cpu_count() or 1
    with concurrent.futures.ProcessPoolExecutor(cores, multiprocessing.get_context("fork")) as pool:
        return list(pool.map(sign, work, chunksize=max(1, len(work) // (4 * cores))))


# --- what it used

def stat_of(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    return text[text.rindex(")") + 2:].split()


def cpu_seconds(pid, with_children=False):
    """User and system time of a process, and of what it started."""
    pids = [str(pid)]
    if with_children:
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and stat_of(entry.name)[1] == str(pid):
                    pids.append(entry.name)
            except OSError:
                continue    # it has ended
    total = 0
    for one in pids:
        try:
            fields = stat_of(one)
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
        if one == str(pid) and with_children:
            total += int(fields[13]) + int(fields[14])
    return total / TICKS


def memory_mb(pid, what="VmRSS"):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(rf"^{what}:\s+(\d+) kB", text, re.M).group(1)) / 1024


class Usage:
    """CPU time used between two moments: parts is {name: (pid, with_children)}."""

    def __init__(self, parts):
        self.parts, self.before = parts, self.read(parts)

    @staticmethod
    def read(parts):
        return {name: cpu_seconds(*how) for name, how in parts.items()}

    def each_us(self, count):
        now = self.read(self.parts)
        return {name: round((now[name] - self.before[name]) / count * 1e6) for name in now}
