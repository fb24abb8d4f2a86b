"""Platform notifications: what is taken, what is refused, and that no token stands for another (attacks.md E8, F1, F17)."""
import contextlib
import json
import secrets
import time
import urllib.parse

import pytest

from support import forge
from support.web import Browser

from .judge import accepted, nothing_written, refused

LTI = forge.LTI
COPY, HELLO = "LtiContextCopyNotice", "LtiHelloWorldNotice"


def claims(platform, kind=COPY, delta=None, *, context="course-new", origins=("course-1",), notice=None):
    """A good notice, changed by the delta."""
    now = int(time.time())
    good = {
        "iss": platform.issuer, "aud": platform.client_id, "azp": platform.client_id, "iat": now, "exp": now + 300,
        "nonce": secrets.token_hex(8), LTI + "version": "1.3.0", LTI + "deployment_id": platform.deployment,
        LTI + "notice": {"id": notice or secrets.token_hex(8), "timestamp": "2026-11-28T10:00:00Z", "type": kind}}
    if kind == COPY:
        good |= {LTI + "context": {"id": context, "title": "Lab skills, again", "label": "LAB2"},
                 LTI + "origin_contexts": list(origins)}
    return forge.unnull(forge.merge(good, delta or {}))


def send(house, tokens, *, path="/lti/notices", body=None, kind="application/json"):
    body = body if body is not None else json.dumps({"notices": [{"jwt": token} for token in tokens]}).encode()
    return Browser().request("POST", house.laurel.base + path, body=body, headers={"Content-Type": kind})


def signed(platform, payload, **more):
    return platform.token(None, payload=payload, **more)


def reasons(house, reply):
    return [line["reason"] for line in house.laurel.logged(reply.header("X-Request-Id"), "notice_refused")]


def verdicts(house, reply):
    return [line["verdict"] for line in house.laurel.logged(reply.header("X-Request-Id"), "notice")]


@contextlib.contextmanager
def unchanged(house):
    before = house.laurel.counts()
    yield
    nothing_written(house.laurel, before)


def test_a_ping_is_taken_once_and_again_without_harm(house):
    token = signed(house.a, claims(house.a, HELLO))
    first = send(house, [token])
    assert first.status == 200 and json.loads(first.body) == {"taken": 1, "refused": 0}
    assert verdicts(house, first) == ["new"]
    with unchanged(house):
        again = send(house, [token])
        assert again.status == 200 and verdicts(house, again) == ["again"]


def test_a_kind_nobody_knows_is_taken_and_ignored(house):
    reply = send(house, [signed(house.a, claims(house.a, "LtiFutureNotice"))])
    assert reply.status == 200 and verdicts(house, reply) == ["new"]


FORGED = {
    "another's key": ("signature", lambda h: signed(h.a, claims(h.a), key=forge.Key(h.a.key.kid))),
    "no signature": ("alg", lambda h: signed(h.a, claims(h.a), alg="none", sign=lambda data: b"x")),
    "the public key as a secret": ("alg", lambda h: signed(h.a, claims(h.a), alg="HS256",
                                                           sign=forge.hmac_signer(b"public"))),
    "a kid nobody has": ("kid", lambda h: signed(h.a, claims(h.a), header={"kid": "elsewhere"})),
    "a platform nobody knows": ("registration", lambda h: signed(h.attacker, claims(h.attacker))),
    "one platform's notice in another's name": ("signature", lambda h: signed(h.b, claims(h.a))),
    "another tool's": ("registration", lambda h: signed(h.a, claims(h.a, delta={"aud": "client-else", "azp": None}))),
    "another tool's too": ("aud", lambda h: signed(h.a, claims(h.a, delta={"aud": [h.a.client_id, "else"]}))),
    "authorised for another": ("azp", lambda h: signed(h.a, claims(h.a, delta={"azp": "else"}))),
    "over": ("exp", lambda h: signed(h.a, claims(h.a, delta={"iat": int(time.time()) - 900,
                                                              "exp": int(time.time()) - 600}))),
    "from the future": ("iat", lambda h: signed(h.a, claims(h.a, delta={"iat": int(time.time()) + 600,
                                                                         "exp": int(time.time()) + 900}))),
    "good for ever": ("exp", lambda h: signed(h.a, claims(h.a, delta={"exp": int(time.time()) + 10 ** 7}))),
    "no version": ("version", lambda h: signed(h.a, claims(h.a, delta={LTI + "version": None}))),
    "no deployment": ("deployment", lambda h: signed(h.a, claims(h.a, delta={LTI + "deployment_id": None}))),
    "a deployment nobody knows": ("deployment", lambda h: signed(h.a, claims(h.a, delta={LTI + "deployment_id": "x"}))),
    "no notice claim": ("notice", lambda h: signed(h.a, claims(h.a, delta={LTI + "notice": None}))),
    "a notice of another shape": ("notice", lambda h: signed(h.a, {**claims(h.a), LTI + "notice": ["id"]})),
    "no id": ("notice", lambda h: signed(h.a, claims(h.a, delta={LTI + "notice": {"id": None}}))),
    "an id of 256 bytes": ("notice", lambda h: signed(h.a, claims(h.a, notice="n" * 256))),
    "no time": ("notice", lambda h: signed(h.a, claims(h.a, delta={LTI + "notice": {"timestamp": "soon"}}))),
    "a copy of nothing": ("notice", lambda h: signed(h.a, claims(h.a, delta={LTI + "context": None}))),
    "a launch's message type": ("message_type", lambda h: signed(h.a, claims(
        h.a, delta={LTI + "message_type": "LtiResourceLinkRequest"}))),
    "a launch (F1)": ("notice", lambda h: h.a.token("n-of-a-launch")),
    "no token": ("jws", lambda h: "not.a.token"),
    "nothing": ("jws", lambda h: ""),
}


@pytest.mark.parametrize("case", FORGED, ids=str)
def test_F17_a_forged_notice_is_refused(house, case):
    reason, make = FORGED[case]
    with unchanged(house):
        reply = send(house, [make(house)])
        assert reply.status == 401, reply.text
        assert reasons(house, reply) == [reason]


def test_a_bad_notice_does_not_spoil_the_good_ones(house):
    good = signed(house.a, claims(house.a, HELLO))
    reply = send(house, ["x.y.z", good, FORGED["no id"][1](house)])
    assert reply.status == 200 and json.loads(reply.body) == {"taken": 1, "refused": 2}


MALFORMED = {
    "no JSON": (b"notices=1", "application/json"),
    "a form": (b'{"notices": []}', "application/x-www-form-urlencoded"),
    "text": (b'{"notices": []}', "text/plain"),
    "a list": (b"[]", "application/json"),
    "no list of notices": (b'{"notices": {"jwt": "x"}}', "application/json"),
    "without notices": (b"{}", "application/json"),
    "twice": (b'{"notices": [], "notices": []}', "application/json"),
    "101 at once": (json.dumps({"notices": [{"jwt": "a.b.c"}] * 101}).encode(), "application/json"),
    "10,000 at once": (json.dumps({"notices": [{"jwt": "a.b.c"}] * 10_000}).encode(), "application/json"),
}


@pytest.mark.parametrize("case", MALFORMED, ids=str)
def test_F17_a_delivery_of_another_shape_is_refused_whole(house, case):
    body, kind = MALFORMED[case]
    with unchanged(house):
        reply = send(house, [], body=body, kind=kind)
        assert reply.status == 400, reply.text
        assert "error" in json.loads(reply.body)


def test_F17_a_delivery_of_a_megabyte_is_not_read(house):
    with unchanged(house):
        assert send(house, [], body=b" " * (1 << 20)).status == 413


def test_F1_a_notice_is_no_launch(house):
    pending = house.laurel.begin(house.a)
    notice = signed(house.a, claims(house.a, delta={"nonce": pending.nonce, "sub": "17"}))
    with unchanged(house):
        refused(house.laurel, house.laurel.present(pending, notice), "message_type")


def test_registrations_that_share_a_client_id_have_addresses_of_their_own(house):
    """Issuer and client id fit both twins: only the address says whose keys must have signed."""
    token = signed(house.twin_2, claims(house.twin_2, HELLO))
    reply = send(house, [token])
    assert reply.status == 401 and reasons(house, reply) == ["registration"]
    reply = send(house, [token], path=f"/lti/notices/{house.twin_1.slug}")
    assert reply.status == 401 and reasons(house, reply)[0] in ("kid", "signature")
    assert send(house, [token], path=f"/lti/notices/{house.twin_2.slug}").status == 200


def map_badge(house, context):
    """Gives a course a badge, as an import would."""
    house.laurel.rows("""
        WITH c AS (SELECT institution_id, id FROM context WHERE context_id = %s ORDER BY id LIMIT 1), i AS (
            INSERT INTO issuer (institution_id, key, name, url) SELECT institution_id, %s, 'N', 'https://n.example' FROM c
            RETURNING institution_id, id), b AS (
            INSERT INTO badge (institution_id, issuer_id, key, name, definition, rule_version)
            SELECT institution_id, id, %s, 'B', '{}', 1 FROM i RETURNING institution_id, id)
        INSERT INTO badge_course (institution_id, badge_id, context_id)
        SELECT b.institution_id, b.id, c.id FROM b, c RETURNING badge_id""",
                      (context, f"i-{context}", f"b-{context}"))


def proposals(house):
    return house.laurel.rows("""
        SELECT n.context_id, o.context_id, y.state FROM course_copy y
        JOIN context n ON n.institution_id = y.institution_id AND n.id = y.context_id
        JOIN context o ON o.institution_id = y.institution_id AND o.id = y.origin_id ORDER BY 1, 2""")


def test_E8_only_a_course_of_the_same_deployment_is_proposed(house):
    accepted(house.laurel.launch(house.a, context="origin-e8")[0], house.laurel)
    map_badge(house, "origin-e8")
    before = proposals(house)
    history = {LTI + "custom": {"ctx_history": "origin-e8,unknown"}}
    # another platform names the course in a launch and in a notice
    accepted(house.laurel.launch(house.b, history, context="thief-1")[0], house.laurel)
    reply = send(house, [signed(house.b, claims(house.b, context="thief-2", origins=["origin-e8"]))])
    assert reply.status == 200
    assert proposals(house) == before, "a course of another platform was proposed"
    # its own platform does
    reply = send(house, [signed(house.a, claims(house.a, context="copy-by-notice", origins=["unknown", "origin-e8"]))])
    assert reply.status == 200
    accepted(house.laurel.launch(house.a, history, context="copy-by-launch")[0], house.laurel)
    assert sorted(set(proposals(house)) - set(before)) == [
        ("copy-by-launch", "origin-e8", "proposed"), ("copy-by-notice", "origin-e8", "proposed")]


def test_a_history_longer_than_any_claim_is_cut_and_not_lost(house):
    accepted(house.laurel.launch(house.a, context="origin-long")[0], house.laurel)
    map_badge(house, "origin-long")
    ids = ",".join(["origin-long"] + [secrets.token_hex(20) for _ in range(999)] + ["truncated"])
    accepted(house.laurel.launch(house.a, {LTI + "custom": {"ctx_history": ids}}, context="copy-long")[0], house.laurel)
    assert ("copy-long", "origin-long", "proposed") in proposals(house)


class Service(forge.KeysetHandler):
    """A platform with a token service and a notification service beside its keys."""
    handlers, calls, scopes = {}, [], []

    def do_GET(self):
        if self.path != "/pns":
            return super().do_GET()
        return self.reply({"notice_handlers": [{"notice_type": k, "handler": v} for k, v in self.handlers.items()]})

    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.calls.append((self.headers["Authorization"], self.headers["Content-Type"], body))
        self.handlers[body["notice_type"]] = body["handler"]
        return self.reply(body)

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.scopes.append(form["scope"])
        return self.reply({"access_token": "T1", "token_type": "Bearer", "expires_in": 3600, "scope": form["scope"]})

    def reply(self, body):
        return self.answer(200, json.dumps(body).encode())


def test_a_service_that_came_with_a_parked_launch_is_told_again_once_it_is_let_in(house):
    platform = house.fresh()
    claim = {LTI + "deployment_id": "parked-first", LTI + "platformnotificationservice": {
        "service_versions": ["1.0"], "platform_notification_service_url": platform.base + "/pns", "notice_types_supported": [COPY]}}

    def launch():
        return house.laurel.launch(platform, claim, login={"lti_deployment_id": "parked-first"})[0]
    refused(house.laurel, launch(), "deployment")
    [(school,)] = house.laurel.rows("SELECT i.name FROM institution i ORDER BY i.id LIMIT 1")
    house.laurel.cli("platform", "approve", "--registration", platform.slug, "--deployment", "parked-first", "--institution", school)
    accepted(launch(), house.laurel)
    assert house.laurel.rows("SELECT notices_url, notice_types FROM deployment WHERE deployment_id = 'parked-first'") == [
        (platform.base + "/pns", COPY)]


def test_a_launch_that_brings_a_new_service_has_the_worker_ask_for_copies_once(house):
    platform = house.fresh()
    platform.server.RequestHandlerClass = Service
    claim = {LTI + "platformnotificationservice": {
        "service_versions": ["1.0"], "platform_notification_service_url": platform.base + "/pns",
        "scope": ["https://purl.imsglobal.org/spec/lti/scope/noticehandlers"], "notice_types_supported": [HELLO, COPY]}}
    for _ in range(2):
        accepted(house.laurel.launch(platform, claim)[0], house.laurel)
        house.laurel.cli("worker", "--once")
    ours = house.laurel.base + "/lti/notices"
    assert Service.calls == [("Bearer T1", "application/json", {"notice_type": COPY, "handler": ours, "max_batch_size": 10})]
    assert set(Service.scopes) == {"https://purl.imsglobal.org/spec/lti/scope/noticehandlers"}
    assert house.laurel.rows("SELECT d.notices_handler FROM deployment d JOIN registration r ON r.id = d.registration_id "
                             "WHERE r.client_id = %s", (platform.client_id,)) == [(ours,)]
