"""What an operator does to it: upgrades, restarts, stops (DESIGN 3.1, 3.2, 5)."""
import re
import signal
import threading
import time

import pytest

from support import forge, laurel, web
from support.laurel import Crowd, wait_until

from .judge import page


@pytest.fixture
def place(cluster):
    platform = forge.Platform("ops")
    place = laurel.Laurel(cluster, allow=[platform.port])
    place.platform = platform
    yield place
    place.close()
    platform.close()


@pytest.fixture
def own_cluster():
    """A PostgreSQL that a test may stop."""
    cluster = laurel.Cluster(own=True)
    yield cluster
    cluster.close()


def schema(place):
    return place.rows("SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2")


def test_migrate_twice_changes_nothing(place):
    place.cli("migrate")
    before, rows = schema(place), place.counts()
    place.cli("migrate")
    assert schema(place) == before and place.counts() == rows


def test_migrate_many_times_at_once(place):
    results = Crowd.run(4, lambda _: place.cli("migrate", check=False))
    assert [result.status for result in results] == [0] * 4, [result.err for result in results]
    assert place.rows("SELECT count(*) = count(DISTINCT version) FROM laurel_migration") == [(True,)]


def test_the_application_role_cannot_change_the_schema(place):
    place.cli("migrate")
    for statement in ("CREATE TABLE mine (id int)", "DROP TABLE session", "ALTER TABLE person ADD mine int", "TRUNCATE person"):
        with place.connect("laurel_app") as connection, connection.cursor() as cursor:
            with pytest.raises(laurel.psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)


def test_without_an_institution_the_application_role_sees_nobody(place):
    place.prepare()
    place.add_platform(place.platform)
    place.start()
    reply, _ = place.launch(place.platform)
    assert reply.status == 303
    assert place.rows("SELECT count(*) > 0 FROM person") == [(True,)]
    with place.connect("laurel_app") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM person")
        assert cursor.fetchone() == (0,)


def test_serve_before_the_database_is_up(own_cluster):
    place = laurel.Laurel(own_cluster)
    try:
        place.prepare()
        own_cluster.stop()
        place.start_nginx()
        place.start_serve(ready=False)
        wait_until(lambda: place.answers("/healthz") == 200, 20, "it lives without a database")
        assert place.answers("/readyz") == 503
        own_cluster.start()
        wait_until(lambda: place.answers("/readyz") == 200, 30, "it is ready once the database is")
    finally:
        place.close()


def test_not_ready_without_a_schema(place):
    place.cli("key", "init", check=False)
    place.start_nginx()
    process = place.start_serve(ready=False)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and process.poll() is None:
        assert place.answers("/readyz") != 200
        time.sleep(0.2)
    if process.poll() is not None:      # it may also refuse to start, and say why
        assert "migrate" in place.serve_log.read_text()
        place.processes.pop("serve")


def test_a_database_restart_costs_a_retry_and_no_crash(own_cluster):
    platform = forge.Platform("restart")
    place = laurel.Laurel(own_cluster, allow=[platform.port])
    try:
        place.prepare()
        place.add_platform(platform)
        place.start()
        worker = place.start_worker()
        reply, pending = place.launch(platform)
        launch = accepted_insecure(reply)
        for _ in range(2):
            own_cluster.stop("immediate")
            answer = page(place, pending.browser, launch)
            assert answer.status in (500, 502, 503) and not re.search("PG|sql|relation|connection to server", answer.text)
            own_cluster.start()
            wait_until(lambda: page(place, pending.browser, launch).status == 200, 20, "the page is back")
            assert place.launch(platform)[0].status == 303
        assert worker.poll() is None and place.processes["serve"].poll() is None
    finally:
        place.close()
        platform.close()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_database_that_was_away_while_nobody_asked_is_not_noticed(own_cluster, mode):
    """Every pooled connection is dead then, and libpq says so in more than one way."""
    place = laurel.Laurel(own_cluster)
    try:
        place.prepare().start()
        ask = lambda index: place.answers("/lti/jwks")
        assert set(laurel.Crowd.run(8, ask)) == {200}
        own_cluster.stop(mode)
        own_cluster.start()
        time.sleep(1.5)     # a refused connection attempt is remembered for a second
        assert laurel.Crowd.run(8, ask) == [200] * 8
    finally:
        place.close()


def accepted_insecure(reply):
    """On loopback without TLS the cookies have no __Host- prefix, so only the redirect is looked at."""
    assert reply.status == 303
    return laurel.launch_id(reply)


@pytest.fixture
def running(place):
    place.prepare()
    place.add_platform(place.platform)
    return place.start()


def test_sigterm_answers_what_is_in_flight(running):
    """A launch that waits for the platform's keys is finished, although serve was told to stop."""
    platform = running.platform
    pending = running.begin(platform)
    platform.slow_s = 2
    replies = []
    waiting = threading.Thread(target=lambda: replies.append(running.present(pending, platform.token(pending.nonce))))
    waiting.start()
    wait_until(lambda: platform.fetches > 0, 10, "the keys are being fetched")
    assert running.end("serve", signal.SIGTERM) == 0
    waiting.join()
    assert replies[0].status == 303
    assert not running.socket.exists() or running.answers("/healthz") != 200


def test_sigterm_ends_an_idle_process_at_once(running):
    started = time.monotonic()
    assert running.end("serve", signal.SIGTERM) == 0
    assert time.monotonic() - started < 5
    running.start_serve()       # and the left-over socket is no obstacle
    assert running.launch(running.platform)[0].status == 303


def test_two_processes_share_nothing_but_the_database(place):
    """Two installations on one database: login at one, launch at the other."""
    place.prepare()
    place.add_platform(place.platform)
    place.start()
    twin = laurel.Laurel.__new__(laurel.Laurel)
    twin.__dict__.update(place.__dict__)
    twin.folder, twin.port, twin.processes = laurel.scratch(), laurel.free_port(), {}
    twin.config, twin.socket = twin.folder / "laurel.conf", twin.folder / "laurel.sock"
    twin.serve_log, twin.worker_log = twin.folder / "serve.log", twin.folder / "worker.log"
    twin.write_config()
    here, there = ("127.0.0.1", place.port), ("127.0.0.1", twin.port)
    try:
        web.REACH[place.base] = there
        twin.start()
        web.REACH[place.base] = here
        pending = place.begin(place.platform)
        web.REACH[place.base] = there
        assert place.present(pending, place.platform.token(pending.nonce)).status == 303
        web.REACH[place.base] = here
        assert place.present(pending, place.platform.token(pending.nonce)).status == 401, "a replay at the other process"
    finally:
        web.REACH[place.base] = here
        for name in list(twin.processes)[::-1]:
            twin.end(name)
        laurel.shutil.rmtree(twin.folder, ignore_errors=True)


def test_worker_once_ends_when_nothing_is_due(place):
    place.prepare()
    started = time.monotonic()
    place.cli("worker", "--once")
    assert time.monotonic() - started < 20


def test_worker_ends_on_sigterm(place):
    place.prepare()
    worker = place.start_worker()
    time.sleep(1)
    assert worker.poll() is None, place.worker_log.read_text()
    assert place.end("worker") == 0


def test_metrics_are_for_loopback(running):
    reply = web.Browser().get(running.base + "/metrics")
    if reply.status == 404:
        pytest.skip("no metrics yet")
    assert reply.status == 200 and reply.header("Content-Type").startswith("text/plain")


@pytest.mark.parametrize("method, path, statuses", [
    ("TRACE", "/healthz", (405,)), ("DELETE", "/lti/launch", (405,)), ("PUT", "/healthz", (405,)),
    ("GET", "/app/l/x/../../../etc/passwd", (400, 404)), ("GET", "/%2e%2e/%2e%2e/etc/passwd", (400, 404)),
    ("GET", "//healthz", (400, 404)), ("GET", "/healthz;a=b", (400, 404)), ("GET", "/healthz%00", (400, 404)),
    ("GET", "/HEALTHZ", (404,)), ("GET", "/healthz.", (404,)), ("GET", "/nonexistent", (404,)), ("GET", "/assets/../healthz", (200, 400, 404))])
def test_J7_J8_odd_paths_and_methods(odd, method, path, statuses):
    answer = web.raw(odd.port, f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    status = int(answer.split(b" ", 2)[1])
    assert status in statuses
    assert b"root:" not in answer


@pytest.mark.parametrize("name, request_bytes", {
    "two-lengths": b"POST /lti/launch HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\nConnection: close\r\n\r\nabcd",
    "length-and-chunked": b"POST /lti/launch HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n",
    "negative-length": b"POST /lti/launch HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
    "huge-length": b"POST /lti/launch HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\nConnection: close\r\n\r\n",
    "bad-line": b"GET /\x01 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"}.items())
def test_J1_J2_smuggled_and_broken_requests(odd, name, request_bytes):
    answer = web.raw(odd.port, request_bytes, timeout=5)
    statuses = [int(s) for s in re.findall(rb"^HTTP/1\.1 (\d+)", answer, re.M)]
    assert len(statuses) <= 1 and all(400 <= s < 500 for s in statuses), answer[:300]
    assert odd.answers("/healthz") == 200


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
                                     {"Forwarded": "host=evil.example"}, {"Proxy": "http://evil.example:1/"}], ids=lambda h: next(iter(h)))
def test_J5_J6_forged_headers_change_no_link(odd, headers):
    browser = web.Browser()
    body = web.urllib.parse.urlencode({"iss": odd.platform.issuer, "login_hint": "1", "target_link_uri": odd.platform.launch_url,
                                       "client_id": odd.platform.client_id}).encode()
    reply = browser.request("POST", odd.platform.login_url, body=body,
                            headers={"Content-Type": "application/x-www-form-urlencoded", **headers})
    assert reply.query()["redirect_uri"] == odd.platform.launch_url
    assert "evil" not in reply.location


@pytest.fixture(scope="module")
def odd(cluster):
    platform = forge.Platform("odd")
    place = laurel.Laurel(cluster, allow=[platform.port])
    place.platform = platform
    place.prepare()
    place.add_platform(platform)
    place.start()
    yield place
    place.close()
    platform.close()
