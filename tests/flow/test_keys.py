"""Signing keys: ours rotate with overlap, platforms' may rotate whenever they like (lti.md 3.4, 3.5)."""
import base64
import http.server
import json
import threading
import urllib.parse

import pytest

from support import forge, laurel, web
from support.laurel import Crowd


class TokenEndpoint:
    """Keeps who signed the assertions it is sent, as (client id, kid), and refuses them all."""

    def __init__(self):
        self.signed, outer = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                head, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
                                for part in form["client_assertion"][0].split(".")[:2])
                outer.signed.append((claims["iss"], head["kid"]))
                self.send_response(400)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def house(cluster):
    place = laurel.Laurel(cluster)
    place.tokens = TokenEndpoint()
    place.platforms = [forge.Platform(f"keys-{n}") for n in range(5)]
    place.allow.extend(f"127.0.0.1:{p.port}" for p in [*place.platforms, place.tokens])
    place.write_config()
    place.prepare()
    for platform in place.platforms:
        place.add_platform(platform)
        place.cli("platform", "edit", "--registration", platform.slug, "--token-url", f"http://127.0.0.1:{place.tokens.port}/token")
    place.start()
    yield place
    place.close()
    place.tokens.close()
    for platform in place.platforms:
        platform.close()


@pytest.fixture
def platform(house):
    return house.platforms.pop()


def keys(house, platform):
    """use by kid, of a registration's own keys."""
    return {k["kid"]: k["use"] for k in house.cli("key", "list", "--json").json() if k["registration"] == platform.slug}


def published(house, path=""):
    return {key["kid"] for key in json.loads(web.Browser().get(house.base + "/lti/jwks" + path).text)["keys"]}


def rotate(house, platform, *more):
    before = set(keys(house, platform))
    house.cli("key", "rotate", "--registration", platform.slug, *more)
    [new] = set(keys(house, platform)) - before
    return new


def time_passes(house, days):
    house.rows("UPDATE tool_key SET signs_from = signs_from - %s * interval '1 day', created_at = created_at - %s * interval '1 day'"
               " RETURNING 1", [days, days])


def signer(house, platform):
    """Who signs a token request: a course with services is read by the worker."""
    service = f"http://127.0.0.1:{house.tokens.port}"
    host = {forge.AGS + "endpoint": {"lineitems": service + "/items", "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"]},
            forge.NRPS + "namesroleservice": {"context_memberships_url": service + "/members", "service_versions": ["2.0"]}}
    assert house.launch(platform, host)[0].status == 303
    house.cli("source", "set", "--issuer", platform.issuer, "--client-id", platform.client_id, "--deployment", platform.deployment,
              "--kind", "ags")
    path = house.folder / "badge.json"
    path.write_text(json.dumps({
        "issuer": {"key": "keys", "name": "Keys", "url": "https://keys.example"},
        "badges": [{"key": platform.name, "name": "B", "description": "D", "rule": {"course": {"min_percent": 50}}, "courses": [
            {"issuer": platform.issuer, "client_id": platform.client_id, "deployment_id": platform.deployment,
             "context_id": "course-1"}]}]}))
    house.cli("badge", "import", path)
    house.tokens.signed.clear()
    house.cli("sync")
    house.cli("worker", "--once")
    [kid] = {kid for client, kid in house.tokens.signed if client == platform.client_id}
    return kid


def test_a_rotated_key_is_published_now_and_signs_a_day_later(house, platform):
    [old] = keys(house, platform)
    assert signer(house, platform) == old
    new = rotate(house, platform)
    assert keys(house, platform) == {old: "signs", new: "will sign from"}
    assert {old, new} <= published(house) and {old, new} <= published(house, "/" + platform.slug)
    assert signer(house, platform) == old
    time_passes(house, 0.99)
    assert signer(house, platform) == old
    time_passes(house, 0.02)
    assert signer(house, platform) == new
    assert keys(house, platform) == {old: "published until", new: "signs"}
    assert {old, new} <= published(house), "whoever cached it still needs it"
    time_passes(house, 13.9)
    assert old in published(house)
    time_passes(house, 0.2)
    assert old not in published(house) and old not in published(house, "/" + platform.slug)
    assert keys(house, platform) == {new: "signs"}


def test_an_emergency_signs_at_once_and_takes_the_old_keys_back(house, platform):
    [old] = keys(house, platform)
    waiting = rotate(house, platform)
    said = house.cli("key", "rotate", "--registration", platform.slug, "--at-once").out
    assert "10 minutes" in said
    left = keys(house, platform)
    [new] = [kid for kid, use in left.items() if use == "signs"]
    assert new not in (old, waiting) and waiting not in left
    assert signer(house, platform) == new
    assert old in published(house), "what it signed a moment ago is still good"
    house.rows("UPDATE tool_key SET published_until = now() WHERE published_until IS NOT NULL RETURNING 1")
    assert old not in published(house) and new in published(house)


def test_rotating_one_registrations_key_leaves_the_others_alone(house, platform):
    others = {k["kid"]: k["use"] for k in house.cli("key", "list", "--json").json() if k["registration"] != platform.slug}
    rotate(house, platform, "--at-once")
    assert {k["kid"]: k["use"] for k in house.cli("key", "list", "--json").json() if k["registration"] != platform.slug} == others


def test_key_rotate_names_an_unknown_registration(house):
    result = house.cli("key", "rotate", "--registration", "nothing", check=False)
    assert result.status == 1 and result.err.strip()


def test_adding_a_platform_without_the_master_key_says_what_to_do(house, platform):
    """Each registration gets a key of its own, which is sealed."""
    away = house.key_file.rename(house.folder / "away")
    try:
        before = house.counts()
        result = house.cli("platform", "add", "--issuer", platform.issuer, "--client-id", "keyless", "--auth-url", platform.auth_url,
                           "--token-url", platform.token_url, "--jwks-url", platform.jwks_url, check=False)
        assert result.status == 1 and "laurel key init" in result.err and house.counts() == before
    finally:
        away.rename(house.key_file)


def test_a_platform_rotates_its_key_under_load_and_no_launch_is_refused(house, platform):
    """The new key is published in the moment it signs: nobody has it cached."""
    assert house.launch(platform)[0].status == 303
    fetched, count = platform.fetches, 96
    platform.slow_s, new = 0.2, forge.Key()
    started = threading.Semaphore(0)

    def change():
        for _ in range(count // 3):
            started.acquire()
        platform.keys.append(new)
        platform.key = new

    turner = threading.Thread(target=change)
    turner.start()

    def one(_):
        statuses = []
        for _ in range(count // 12):
            started.release()
            statuses.append(house.launch(platform)[0].status)
        return statuses
    results = Crowd.run(12, one)
    turner.join()
    assert [s for statuses in results for s in (statuses if isinstance(statuses, list) else [statuses])] == [303] * count
    assert platform.fetches - fetched == 1, "one fetch for everybody"
