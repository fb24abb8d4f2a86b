"""Bad launches through the web server: attacks.md A to C and lti.md 2.1. The tables are in launch_cases.py.

Rows that cannot be judged from outside, and where they are:
  A6   1000 unknown kids against a clock: tests/unit/lti (keyset); here, 30 of them.
  A15  the cache's key: tests/unit/lti (keyset); here, two platforms that share a kid.
  B6   hash collisions need no network: jansson's seed; here, a token with as many members as fit.
  B13  tests/fuzz, replayed in every run.
  C10  the clock steps back: the used nonce's expiry is the database's, tests/db.
  C20, C21, C25, C27  who may do what follows from the roles table: tests/unit/lti; here, what the pages show.
  C22  a test user earns nothing: tests/unit/lti (is_test_user) and tests/db.
  C26  mentees without the Mentor role: tests/unit/lti (claims)."""
import json
import re
import time

import pytest

from support import web
from support.forge import INSTITUTION, INSTRUCTOR, LEARNER, LTI, MEMBERSHIP, SYSTEM, compact
from support.laurel import Crowd

from . import launch_cases
from .judge import accepted, nothing_written, page, refused


@pytest.mark.parametrize("case", launch_cases.ALL, ids=lambda case: case.id)
def test_refuses(house, case):
    laurel, platform = house.laurel, getattr(house, case.platform)
    pending = laurel.begin(platform, **case.login)
    token = case.make(house, pending.nonce)
    before, strangers = laurel.counts(), len(house.attacker.strangers) + house.attacker.fetches
    reply = laurel.present(pending, token)
    refused(laurel, reply, case.reason, case.status, secrets=[token, "ada@school.example"])
    nothing_written(laurel, before)
    assert len(house.attacker.strangers) + house.attacker.fetches == strangers, "the attacker's server was asked"


def test_A6_unknown_kids_cost_one_fetch(house):
    laurel, platform = house.laurel, house.fresh()
    accepted(laurel.launch(platform)[0], laurel)
    before = platform.fetches
    for n in range(30):
        reply, _ = laurel.launch(platform, header={"kid": f"unknown-{n}"})
        refused(laurel, reply, "kid")
    assert platform.fetches - before <= 1


def test_A15_the_same_kid_at_two_platforms_is_two_keys(house):
    assert house.a.key.kid == house.b.key.kid
    for platform in (house.a, house.b, house.a):
        accepted(house.laurel.launch(platform)[0], house.laurel)
    refused(house.laurel, house.laurel.launch(house.b, key=house.a.key)[0], "signature")


@pytest.mark.parametrize("path", ["/lti/jwks", "/.well-known/jwks.json"])
def test_A23_own_keys_show_only_their_public_half(house, path):
    reply = web.Browser().get(house.laurel.base + path)
    if path != "/lti/jwks" and reply.status == 404:
        pytest.skip("no keys for credentials yet")
    assert reply.status == 200 and reply.header("Content-Type").startswith(("application/json", "application/jwk-set+json"))
    keys = json.loads(reply.text)["keys"]
    assert path != "/lti/jwks" or keys
    for key in keys:
        assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}


@pytest.mark.parametrize("kilobytes", [65, 100, 180])
def test_B5_a_token_over_64_KiB_is_refused(house, kilobytes):
    before = house.laurel.counts()
    reply, _ = house.laurel.launch(house.a, {"padding": "x" * (kilobytes * 1024 * 3 // 4)})
    refused(house.laurel, reply, "size|jws", (400, 401, 413))
    nothing_written(house.laurel, before)


@pytest.mark.parametrize("megabytes", [1, 10])
def test_B5_a_huge_body_is_turned_away_at_the_door(house, megabytes):
    pending = house.laurel.begin(house.a)
    try:
        reply = house.laurel.present(pending, "x" * (megabytes << 20))
    except (BrokenPipeError, ConnectionResetError):
        return          # nginx closed before it had read it all
    assert reply.status == 413


def test_B6_many_members_take_no_time(house):
    started = time.monotonic()
    reply, _ = house.laurel.launch(house.a, {f"k{n}": 0 for n in range(4000)})
    accepted(reply, house.laurel)
    assert time.monotonic() - started < 2


FORMS = {
    "id-token-twice": lambda t, s: [("id_token", t), ("state", s), ("id_token", t)],
    "state-twice": lambda t, s: [("id_token", t), ("state", s), ("state", s)],
    "array-name": lambda t, s: [("id_token[]", t), ("state", s)],
    "no-token": lambda t, s: [("state", s)],
    "no-state": lambda t, s: [("id_token", t)],
    "empty-token": lambda t, s: [("id_token", ""), ("state", s)],
    "empty-state": lambda t, s: [("id_token", t), ("state", "")],
    "error-and-token": lambda t, s: [("id_token", t), ("state", s), ("error", "login_required")],
    "many": lambda t, s: [("id_token", t), ("state", s), *((f"p{n}", "x") for n in range(10000))],
}


@pytest.mark.parametrize("name", FORMS)
def test_B14_strange_forms(house, name):
    pending = house.laurel.begin(house.a)
    before = house.laurel.counts()
    fields = FORMS[name](house.a.token(pending.nonce), pending.state)
    reply = house.laurel.present(pending, None, fields=fields)
    refused(house.laurel, reply, "form|repeated|missing|id_token|state", (400, 401))
    nothing_written(house.laurel, before)


BODIES = {
    "semicolons": ("application/x-www-form-urlencoded", lambda t, s: f"id_token={t};state={s}"),
    "bad-escape": ("application/x-www-form-urlencoded", lambda t, s: f"id_token={t}&state={s}&x=%zz"),
    "nul": ("application/x-www-form-urlencoded", lambda t, s: f"id_token={t}&state={s}%00"),
    "multipart": ("multipart/form-data; boundary=b", lambda t, s: "".join(
        f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in (("id_token", t), ("state", s))) + "--b--\r\n"),
    "json": ("application/json", lambda t, s: compact({"id_token": t, "state": s}).decode()),
    "text": ("text/plain", lambda t, s: f"id_token={t}&state={s}"),
    "no-type": (None, lambda t, s: f"id_token={t}&state={s}"),
    "empty": ("application/x-www-form-urlencoded", lambda t, s: ""),
}


@pytest.mark.parametrize("name", BODIES)
def test_B14_strange_bodies(house, name):
    kind, make = BODIES[name]
    pending = house.laurel.begin(house.a)
    before = house.laurel.counts()
    reply = pending.browser.request("POST", pending.redirect_uri, body=make(house.a.token(pending.nonce), pending.state).encode(),
                                    headers={"Content-Type": kind} if kind else {})
    refused(house.laurel, reply, "form|repeated|missing|content_type|id_token|state", (400, 401, 415))
    nothing_written(house.laurel, before)


def test_B14_a_parameter_in_query_and_body(house):
    for name in ("id_token", "state"):
        pending = house.laurel.begin(house.a)
        before = house.laurel.counts()
        fields = {"id_token": house.a.token(pending.nonce), "state": pending.state}
        reply = pending.browser.post(f"{pending.redirect_uri}?{name}={fields[name]}", fields)
        refused(house.laurel, reply, "form|repeated", (400, 401))
        nothing_written(house.laurel, before)


def test_C11_a_replay_is_refused(house):
    reply, pending = house.laurel.launch(house.a, sub="replayed")
    accepted(reply, house.laurel)
    before = house.laurel.counts()
    token = house.a.token(pending.nonce, sub="replayed")
    for _ in range(2):
        refused(house.laurel, house.laurel.present(pending, token), "nonce")
    nothing_written(house.laurel, before)


def test_C12_fifty_identical_posts_open_one_session(house):
    pending = house.laurel.begin(house.a)
    token = house.a.token(pending.nonce, sub="in-parallel")
    sessions = house.laurel.counts()["public.session"]
    replies = Crowd.run(50, lambda _: house.laurel.present(pending, token, browser=pending.browser.copy()))
    problems = [reply for reply in replies if isinstance(reply, Exception)]
    assert not problems, problems[:3]
    assert sorted(reply.status for reply in replies) == [303] + [401] * 49
    assert house.laurel.counts()["public.session"] == sessions + 1


ROLE_CONFUSION = {
    "C20-institution": [INSTITUTION + "Instructor"],
    "C20-sub-role": ["http://purl.imsglobal.org/vocab/lis/v2/membership/Learner#Instructor"],
    "C20-suffix": [INSTRUCTOR + "X"],
    "C20-prefix": ["http://evil.example/" + "membership#Instructor"],
    "C20-space": [INSTRUCTOR + " "],
    "C20-case": [INSTRUCTOR.lower()],
    "C20-learner-and-institution": [LEARNER, INSTITUTION + "Instructor", SYSTEM + "User"],
    "C21-system": [SYSTEM + "SysAdmin"],
    "C21-institution": [INSTITUTION + "Administrator"],
    "C18-unknown": [MEMBERSHIP + "Wizard"],
}
TEACHER_ROLE = 3        # model_lti.h, enum model_role


@pytest.mark.parametrize("name", ROLE_CONFUSION)
def test_no_teacher_by_confusion_of_roles(house, name):
    reply, _ = house.laurel.launch(house.a, roles=ROLE_CONFUSION[name])
    launch = accepted(reply, house.laurel)
    [(role,)] = house.laurel.rows("SELECT role FROM session WHERE launch_id = %s", (launch,))
    assert role < TEACHER_ROLE


def test_C20_an_instructor_is_a_teacher(house):
    """The other side of the table above: the check can fail."""
    launch = accepted(house.laurel.launch(house.a, roles=[INSTRUCTOR])[0], house.laurel)
    assert house.laurel.rows("SELECT role FROM session WHERE launch_id = %s", (launch,)) == [(TEACHER_ROLE,)]


def test_C24_an_email_never_links_two_people(house):
    delta = {"email": "same@school.example", "name": "Same Person"}
    for platform in (house.a, house.b):
        accepted(house.laurel.launch(platform, delta, sub="17")[0], house.laurel)
    found = house.laurel.rows("SELECT count(*), count(DISTINCT registration_id) FROM person WHERE sub = '17'")
    assert found == [(2, 2)]


def test_C25_custom_gives_no_rights(house):
    delta = {LTI + "custom": {"role": "admin", "roles": INSTRUCTOR, "canvas_user_id": "1", "user_id": "$User.id"}}
    launch = accepted(house.laurel.launch(house.a, delta, roles=[LEARNER])[0], house.laurel)
    [(role,)] = house.laurel.rows("SELECT role FROM session WHERE launch_id = %s", (launch,))
    assert role < TEACHER_ROLE


def test_J11_nothing_is_left_of_the_launch_before(house):
    """One person's claims, then an error, then another person: nobody sees the other's name."""
    first, _ = house.laurel.launch(house.a, {"name": "Zelda Zaphod", "given_name": "Zelda"})
    accepted(first, house.laurel)
    refused(house.laurel, house.laurel.launch(house.a, {"name": "Yorick Yonder", "aud": "nobody"})[0], "aud")
    reply, pending = house.laurel.launch(house.a, {"name": None, "given_name": None, "family_name": None, "email": None})
    shown = page(house.laurel, pending.browser, accepted(reply, house.laurel))
    assert shown.status == 200
    assert not re.search("Zelda|Yorick|Zaphod|Yonder", shown.text)


def test_K7_nothing_secret_in_the_logs(house):
    reply, pending = house.laurel.launch(house.a, {
        LTI + "launch_presentation": {"return_url": "https://lms.example/return?sesskey=SECRETSESSKEY"}})
    accepted(reply, house.laurel)
    text = house.laurel.serve_log.read_text(errors="replace")
    for secret in ("SECRETSESSKEY", "ada@school.example", "Lovelace", pending.state, pending.nonce,
                   *pending.browser.cookies.values()):
        assert secret not in text

