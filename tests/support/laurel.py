"""The program under test behind a real nginx, with a database of its own in a private PostgreSQL."""
import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import psycopg2

from . import web

SOURCE = pathlib.Path(__file__).resolve().parents[2]
NUMBERS = itertools.count(1)
SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ThreadSanitizer")


def program():
    """The built program: $LAUREL_BIN, else the first of the usual build folders."""
    named = os.environ.get("LAUREL_BIN")
    places = [pathlib.Path(named)] if named else [SOURCE / b / "laurel" for b in ("build-asan", "build")]
    for place in places:
        if place.is_file() and os.access(place, os.X_OK):
            return place
    return None


def private(script, *arguments, check=True):
    """Runs shell text with conf/private.sh loaded: the same functions the demo uses."""
    text = f'LAUREL_SOURCE={shlex.quote(str(SOURCE))}; . "$LAUREL_SOURCE/conf/private.sh"; {script}'
    done = subprocess.run(["sh", "-c", text, "sh", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, f"{script}: {done.stderr}"
    return done.stdout.strip()


def scratch():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="laurel.", dir="/tmp"))
    if os.getuid() == 0:
        folder.chmod(0o711)         # PostgreSQL runs as another account and must pass through
    return folder


def free_port():
    """Below what the system gives to clients: nobody who connects somewhere takes it before our server listens."""
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(check, seconds, what):
    """Calls `check` until it gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


class Cluster:
    """A PostgreSQL: the one tests/run.sh started ($LAUREL_TEST_CLUSTER names its socket folder), or one of our own."""

    def __init__(self, own=False):
        shared = os.environ.get("LAUREL_TEST_CLUSTER")
        self.folder = None if shared and not own else scratch()
        if self.folder is None:
            self.sockets = pathlib.Path(shared)
        else:
            self.sockets = self.folder / "run"
            self.start()

    def start(self):
        private('start_postgres "$1" "$2" off', self.folder / "pg", self.sockets)

    def stop(self, mode="fast"):
        private('stop_postgres "$1" "$2"', self.folder / "pg", mode)

    def database(self):
        name = f"laurel_{os.getpid()}_{next(NUMBERS)}"
        private('make_database "$1" "$2"', self.sockets, name)
        return name

    def drop(self, name):
        private('pg_sql "$1" postgres -c "DROP DATABASE IF EXISTS \\"$2\\" WITH (FORCE)"', self.sockets, name, check=False)

    def close(self):
        if self.folder is not None:
            self.stop("immediate")
            shutil.rmtree(self.folder, ignore_errors=True)


@dataclasses.dataclass
class Pending:
    """A login that waits for its launch."""
    browser: web.Browser
    state: str
    nonce: str
    redirect_uri: str
    asked: dict


@dataclasses.dataclass
class Result:
    """What a command did."""
    status: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


class Laurel:
    """One installation: configuration, master key, database, `serve` behind nginx, and a worker on request.
    `allow` lists the loopback ports platforms listen on. `base` may be an https origin: then the tests stand where
    the TLS terminator would be, and cookies are those of production."""

    def __init__(self, cluster, allow=(), *, base=None, log_level="info", settings=""):
        self.cluster, self.settings = cluster, settings
        self.folder = scratch()
        self.port = free_port()
        self.base = base or f"http://127.0.0.1:{self.port}"
        web.REACH[self.base] = ("127.0.0.1", self.port)
        self.socket = self.folder / "laurel.sock"
        self.config, self.key_file = self.folder / "laurel.conf", self.folder / "master.key"
        self.serve_log, self.worker_log = self.folder / "serve.log", self.folder / "worker.log"
        self.allow, self.log_level = [f"127.0.0.1:{port}" for port in allow], log_level
        self.processes = {}
        self.database = cluster.database()
        self.write_config()

    def dsn(self, user):
        return f"host={self.cluster.sockets} port=5432 dbname={self.database} user={user}"

    def write_config(self, **changes):
        values = {"database": self.dsn("laurel_app"), "migrate_database": self.dsn("laurel_owner"),
                  "base_url": self.base, "listen": f"unix:{self.socket}", "threads": 24, "database_connections": 4,
                  "master_key_file": str(self.key_file), "outbound_allow": self.allow, "log_level": self.log_level,
                  **changes}
        lines = [f"{key} = {json.dumps(value)};" for key, value in values.items() if value is not None]
        self.config.write_text("\n".join(lines) + "\n" + self.settings, encoding="utf-8")

    # --- commands

    def cli(self, *arguments, check=True, env=None, config=True, timeout=60, input=None):
        command = [str(program()), *(["-c", str(self.config)] if config else []), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, input=input,
                              env={**os.environ, **(env or {})}, cwd=self.folder)
        result = Result(done.returncode, done.stdout, done.stderr)
        for word in SANITIZER_WORDS:
            assert word not in result.err, result.err
        assert not check or result.status == 0, f"laurel {shlex.join(map(str, arguments))}: {result.err}"
        return result

    def prepare(self):
        self.cli("migrate")
        self.cli("key", "init")
        return self

    def add_platform(self, platform, *more, deployments=None):
        """Registers a forge.Platform (or anything with the same attributes)."""
        arguments = ["platform", "add", "--issuer", platform.issuer, "--client-id", platform.client_id,
                     "--auth-url", platform.auth_url, "--token-url", platform.token_url, "--jwks-url", platform.jwks_url,
                     "--institution", "Northside College", "--json", *more]
        for deployment in deployments or [platform.deployment]:
            arguments += ["--deployment", deployment]
        added = self.cli(*arguments).json()
        platform.login_url, platform.launch_url = added["login_url"], added["launch_url"]
        platform.slug = added["registration"]
        return added

    # --- processes

    def run(self, name, command, log):
        with open(log, "ab") as out:
            self.processes[name] = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.folder,
                env={**os.environ, "LSAN_OPTIONS": f"suppressions={SOURCE / 'tests/support/lsan.supp'}:print_suppressions=0"})
        return self.processes[name]

    def start_nginx(self):
        private('write_nginx "$1" "$2" "$3"', self.folder, self.port, self.socket)
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        self.run("nginx", [nginx, "-e", str(self.folder / "nginx-error.log"), "-p", str(self.folder),
                           "-c", str(self.folder / "nginx.conf")], self.folder / "nginx.log")
        wait_until(lambda: self.processes["nginx"].poll() is not None or self.answers("/healthz") is not None, 10, "nginx listens")
        assert self.processes["nginx"].poll() is None, (self.folder / "nginx-error.log").read_text(errors="replace")

    def start_serve(self, name="serve", ready=True):
        process = self.run(name, [str(program()), "-c", str(self.config), "serve"], self.serve_log)
        if ready:
            wait_until(lambda: process.poll() is not None or self.answers("/readyz") == 200, 30, "serve is ready")
            assert process.poll() is None, self.serve_log.read_text(errors="replace")[-2000:]
        return process

    def start(self):
        self.start_nginx()
        self.start_serve()
        return self

    def start_worker(self, name="worker"):
        return self.run(name, [str(program()), "-c", str(self.config), "worker"], self.worker_log)

    def answers(self, path):
        try:
            return web.Browser().get(self.base + path, timeout=5).status
        except (OSError, web.http.client.HTTPException):
            return None

    def end(self, name, how=signal.SIGTERM, seconds=30):
        """Ends one of our processes and returns its exit status."""
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError(f"{name} did not end within {seconds} s") from None
        return process.returncode

    def close(self):
        """Ends everything; complains about what the sanitizers found. Keeps the folder with $LAUREL_KEEP."""
        problems = []
        for name in reversed(list(self.processes)):
            try:
                status = self.end(name)
                if name.startswith(("serve", "worker")) and status != 0:
                    problems.append(f"{name} ended with {status}")
            except AssertionError as problem:
                problems.append(str(problem))
        for log in (self.serve_log, self.worker_log):
            text = log.read_text(errors="replace") if log.exists() else ""
            for word in SANITIZER_WORDS:
                if word in text:
                    problems.append(text[max(0, text.index(word) - 200):][:3000])
                    break
        self.cluster.drop(self.database)
        if not os.environ.get("LAUREL_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
        assert not problems, "\n".join(problems)

    # --- looking inside

    def logs(self, log=None):
        """The log's JSON lines as objects."""
        text = (log or self.serve_log).read_text(encoding="utf-8", errors="replace")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def logged(self, request_id, event=None):
        return [line for line in self.logs() if line.get("request") == request_id and event in (None, line["event"])]

    def connect(self, user="laurel_owner"):
        connection = psycopg2.connect(self.dsn(user))
        connection.autocommit = True
        return connection

    def rows(self, sql, parameters=()):
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall()

    def counts(self):
        """How many rows every table has."""
        if not hasattr(self, "_count_sql"):
            tables = [name for (name,) in self.rows(
                "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1")]
            self._count_sql = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in tables)
            self._owner = self.connect()
        with self._owner.cursor() as cursor:
            cursor.execute(self._count_sql)
            return dict(cursor.fetchall())

    # --- launching

    def login(self, platform, browser, method="POST", *, url=None, drop=(), **changes):
        """A third-party login initiation as a platform's page would send it; None values in `changes` are left out."""
        fields = {"iss": platform.issuer, "login_hint": "17", "target_link_uri": platform.launch_url,
                  "lti_message_hint": '{"cmid":5,"launchid":"l1_42"}', "client_id": platform.client_id,
                  "lti_deployment_id": platform.deployment, **changes}
        fields = {k: v for k, v in fields.items() if v is not None and k not in drop}
        url = url or platform.login_url
        if method == "GET":
            return browser.get(url + "?" + web.urllib.parse.urlencode(fields))
        return browser.post(url, fields)

    def begin(self, platform, browser=None, **changes):
        """A login that must work."""
        browser = browser or web.Browser()
        reply = self.login(platform, browser, **changes)
        assert reply.status in (302, 303), f"login: {reply.status} {reply.text[:500]}"
        asked = reply.query()
        return Pending(browser, asked["state"], asked["nonce"], asked["redirect_uri"], asked)

    def present(self, pending, token, *, fields=None, browser=None, **more):
        """The form post of the id_token to the tool."""
        fields = fields if fields is not None else {"id_token": token, "state": pending.state}
        return (browser or pending.browser).post(pending.redirect_uri, fields, **more)

    def launch(self, platform, delta=None, *, browser=None, login=None, **forged):
        """A whole launch; `forged` goes to Platform.token. Returns (reply, pending)."""
        pending = self.begin(platform, browser, **(login or {}))
        return self.present(pending, platform.token(pending.nonce, delta, **forged)), pending


def launch_id(reply):
    """Of the page a successful launch leads to."""
    found = re.search(r"/app/l/([A-Za-z0-9_-]+)/", reply.location)
    return found.group(1) if found else None


class Lms:
    """The demo learning platform of tests/lms as another process."""

    def __init__(self, tool_url, seed=0, course="believable", host="127.0.0.1", port=None, **options):
        """host may be "localhost": for a browser that is another site than 127.0.0.1, although nobody else is there.
        `options` are further ones of lms.py: personality, issuer, public_url, auth_url, service_url."""
        self.folder = scratch()
        self.port = port = port or free_port()
        self.local = f"http://127.0.0.1:{port}"
        options.setdefault("public_url", f"http://{host}:{port}")
        # The keys are fetched past the TLS terminator, whose certificate nobody but the browsers trusts.
        options.setdefault("tool_jwks", "http://{}:{}/lti/jwks".format(*web.REACH[tool_url]))
        ready = self.folder / "ready.json"
        with open(self.folder / "lms.log", "ab") as log:
            self.process = subprocess.Popen(
                ["/usr/bin/python3", str(SOURCE / "tests/lms/lms.py"), "--port", str(port), "--host", "127.0.0.1",
                 "--tool", tool_url, "--seed", str(seed), "--course", course, "--ready-file", str(ready),
                 *(text for name, value in options.items() for text in ("--" + name.replace("_", "-"), str(value)))],
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        wait_until(lambda: ready.exists() or self.process.poll() is not None, 60, "the demo LMS is ready")
        assert self.process.poll() is None, (self.folder / "lms.log").read_text()
        self.facts = json.loads(ready.read_text(encoding="utf-8"))
        self.issuer, self.client_id = self.facts["issuer"], self.facts["client_id"]
        self.deployment = str(self.facts["deployment_id"])
        self.auth_url, self.token_url, self.jwks_url = (self.facts[k] for k in ("auth_url", "token_url", "jwks_url"))
        self.public_url = self.facts["public_url"]
        for url in (self.public_url, self.auth_url):
            web.REACH["/".join(url.split("/")[:3])] = ("127.0.0.1", port)
        self.slug = self.login_url = self.launch_url = None

    def control(self, command, /, **body):
        reply = web.Browser().request(
            "POST", f"{self.local}/_control/{command}", body=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "X-Control-Token": self.facts["control_token"]})
        assert reply.status == 200, f"{command}: {reply.status} {reply.text[:500]}"
        return json.loads(reply.text)

    def state(self):
        return self.control("get_state")

    def token_file(self):
        path = self.folder / "ws-token"
        path.write_text(self.facts["ws_token"] + "\n", encoding="utf-8")
        path.chmod(0o600)
        return path

    def browser(self, user):
        """A web.Browser logged in as this person."""
        browser = web.Browser()
        browser.cookies["lmsid"] = self.control("login", user=user)["cookie"]
        return browser

    def user(self, role, nth=0):
        """The facts of the nth person with this role: admin, editingteacher, teacher or student."""
        return [user for user in self.facts["users"] if user["role"] == role][nth]

    def launch_path(self, link=None):
        """Where the LMS starts this link: a path as it is, a cmid, or by default the first course's first link."""
        if isinstance(link, str):
            return link
        links = [one for course in (self.state() if link else self.facts)["courses"] for one in course["links"]]
        return next(one["launch_path"] for one in links if link in (None, one["cmid"]))

    def launch(self, user, link=None, tool=None, here=None):
        """Goes through a whole launch as this person would: the LMS's forms, the tool's redirect. `here`: the person's
        browser at the LMS, when it is needed afterwards. Returns (the tool's answer, the browser that has the tool's
        cookies). This browser runs no scripts, so the LMS's offer of storage is not passed on."""
        here, tool = here or self.browser(user), tool or web.Browser()
        form = here.get(self.public_url + self.launch_path(link))
        login = tool.post(form.action(), {k: v for k, v in form.fields().items() if k != "lti_storage_target"})
        assert login.status in (302, 303), f"login: {login.status} {login.text[:300]}"
        form = here.get(login.location)
        if form.status == 302:      # Canvas sends the browser on to the school's own address
            form = here.get(form.location)
        return tool.post(form.action(), {k: v for k, v in form.fields().items() if k != "lti_storage_target"}), tool

    def mark(self, teacher, course, cmid, user, grade, hidden=False):
        """The teacher grades one student in the marking page of an activity."""
        here, address = self.browser(teacher), f"{self.public_url}/course/{course}/marking/{cmid}"
        fields = here.get(address).fields()
        [item] = {name.split("-")[1] for name in fields if name.startswith("grade-")}
        fields = {k: v for k, v in fields.items() if not k.startswith("hidden-")}
        fields[f"grade-{item}-{user}"] = str(grade)
        if hidden:
            fields[f"hidden-{item}-{user}"] = "on"
        reply = here.post(address, fields)
        assert reply.status == 303, f"marking: {reply.status}"

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def school(cluster, seed, course="small", lms_host="127.0.0.1", lms_options=None, **more):
    """A demo LMS and a Laurel that know each other: registration and grade source. No badges, nothing served yet.
    `lms_options` go to Lms, `more` to Laurel. `with school(...) as (place, lms)`: both end with the block, however it ends."""
    with contextlib.ExitStack() as stack:
        place = Laurel(cluster, **more)
        stack.callback(place.close)
        lms = Lms(place.base, seed=seed, course=course, host=lms_host, **(lms_options or {}))
        stack.callback(lms.close)
        place.allow.append(f"{lms_host}:{lms.port}")
        place.write_config()
        place.prepare()
        place.add_platform(lms)
        add_source(place, lms)
        yield place, lms


def add_source(place, lms):
    """Where grades come from: Moodle's web services; of a Canvas only the tool's own columns."""
    moodle = ("--kind", "moodle", "--base-url", lms.facts["ws_url"], "--token-file", lms.token_file())
    place.cli("source", "set", "--issuer", lms.issuer, "--client-id", lms.client_id, "--deployment", lms.deployment,
              *(moodle if lms.facts["personality"] == "moodle" else ("--kind", "ags")))


def import_badges(place, lms, badges, course=0):
    """Imports badges (dicts as in badge files; key, name, description and rule suffice) for one of the LMS's courses."""
    where = {"issuer": lms.issuer, "client_id": lms.client_id, "deployment_id": lms.deployment,
             "context_id": lms.facts["courses"][course]["context_id"]}
    path = place.folder / "badges.json"
    path.write_text(json.dumps({
        "issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
        "badges": [{"description": "For tests.", "courses": [where], **badge} for badge in badges]}), encoding="utf-8")
    return place.cli("badge", "import", path)


class Crowd:
    """Runs the same call in many threads that start together, and collects what each returned or raised."""

    @staticmethod
    def run(count, call):
        gate, results = threading.Barrier(count), [None] * count

        def one(index):
            gate.wait()
            try:
                results[index] = call(index)
            except Exception as problem:  # noqa: BLE001 - handed to the test
                results[index] = problem
        threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results
