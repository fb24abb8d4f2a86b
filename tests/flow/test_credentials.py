"""Every award is a signed credential that other people's programs accept (DESIGN 3.2, "/awards/ID" and what it leads to)."""
import base64
import copy
import json
import re

import pytest

from support import laurel, web
from support.laurel import wait_until

openbadges = pytest.importorskip("support.openbadges", reason="needs python3-pyld and python3-jsonschema")

BADGE = {"key": "task-one", "name": "First Task Done 🦁", "description": "Did the\nfirst task.", "image_alt": "A lion",
         "criteria": "Do **task one** well.", "tags": ["science", "lions"], "valid_for_days": 730,
         "alignments": [{"name": "Lions", "url": "https://frameworks.example/lions", "framework": "Zoo", "code": "L1"}],
         "rule": {"item": "Task 1", "min_percent": 80}}
PLAIN = {"key": "task-plain", "name": "Plain Task", "rule": {"item": "Task 2"}}
PROMPT_S = 60


class Desk:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.teacher = lms.user("editingteacher")["id"]
        self.course = lms.facts["courses"][0]
        self.cmid = {item["title"]: item["cmid"] for item in self.course["items"]}
        place.allow.append(f"127.0.0.1:{place.port}")
        place.write_config()
        place.start()
        place.start_worker()
        lms.launch(self.teacher)
        laurel.import_badges(place, lms, [BADGE, PLAIN])
        self.next = {"task-one": 0, "task-plain": 0}

    def award(self, badge="task-one"):
        """A new award of another student, once it is signed: its id."""
        user = self.lms.user("student", self.next[badge])["id"]
        self.next[badge] += 1
        self.lms.mark(self.teacher, self.course["id"], self.cmid["Task 1" if badge == "task-one" else "Task 2"], user, 92)
        self.lms.launch(user)
        return wait_until(lambda: self.signed(user, badge), PROMPT_S, "the signed award")

    def signed(self, user, badge):
        rows = self.laurel.rows("SELECT a.public_id FROM award a JOIN person p ON p.id = a.person_id JOIN badge b ON"
                                " b.id = a.badge_id WHERE p.sub = %s AND b.key = %s AND a.signed_at IS NOT NULL", (str(user), badge))
        return rows[0][0] if rows else None

    def shared(self, badge="task-one"):
        award = self.award(badge)
        self.laurel.rows("UPDATE award SET shared_at = now() WHERE public_id = %s RETURNING 1", (award,))
        return award

    def sign_again(self, award):
        """What a change of an award adds; returns when it is done."""
        self.laurel.rows("INSERT INTO job (institution_id, kind, dedupe, payload) SELECT institution_id, 'sign', 'sign:test',"
                         " jsonb_build_object('awards', jsonb_build_array(id)) FROM award WHERE public_id = %s RETURNING 1", (award,))
        wait_until(lambda: self.laurel.rows("SELECT 1 FROM job WHERE kind = 'sign'") == [], PROMPT_S, "no job to sign is left")

    def get(self, path, method="GET", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        return web.Browser().request(method, self.laurel.base + path, headers=headers)

    def json(self, path, **headers):
        reply = self.get(path, **headers)
        assert reply.status == 200, f"{path}: {reply.status}"
        assert reply.header("Access-Control-Allow-Origin") == "*"
        return json.loads(reply.text)

    def path(self, url):
        assert url.startswith(self.laurel.base), url
        return url[len(self.laurel.base):]

    def did_document(self, did):
        """Where did:web says that it is."""
        host, *path = did.removeprefix("did:web:").split(":")
        return self.json(self.path("http://" + "/".join([host.replace("%3A", ":"), *path, "did.json"])))

    def verify(self, badge, is_url=False):
        """Exit status, verdicts by check, and the words, of `laurel verify`."""
        if not is_url:
            file = self.laurel.folder / "badge"
            file.write_text(badge if isinstance(badge, str) else json.dumps(badge))
            badge = file
        done = self.laurel.cli("verify", badge, "--json", check=False)
        report = done.json()
        return done.status, {c["check"]: c["verdict"] for c in report["checks"]}, " ".join(c["text"] for c in report["checks"])


@pytest.fixture(scope="module")
def desk(cluster):
    if not openbadges.is_there():
        pytest.skip("contexts and schemas are absent")
    with laurel.school(cluster, seed=20261201) as (place, lms):
        yield Desk(place, lms)


@pytest.fixture(scope="module")
def one(desk):
    """A shared award that no test changes."""
    return desk.shared()


def without_id(reply):
    return re.sub(r"\b[0-9a-f]{16}\b", "", reply.text)


def test_private_and_unknown_look_the_same(desk):
    private, unknown = desk.award("task-plain"), "0195e0c2-7c3f-7d3a-9d1e-0123456789ab"
    for ending in ("", ".json", ".jwt"):
        for headers in ({}, {"Accept": "application/vc+ld+json"}):
            here, there = (desk.get(f"/awards/{id}{ending}", **headers) for id in (private, unknown))
            assert here.status == there.status == 404
            assert without_id(here) == without_id(there)
    assert [a["url"] for a in desk.laurel.cli("award", "list", "--json").json() if a["id"] == private] == [None]


def test_a_shared_award_passes_the_schema_and_an_independent_verifier(desk, one):
    credential = desk.json(f"/awards/{one}.json")
    openbadges.check_schema(credential)
    assert credential["id"] == f"{desk.laurel.base}/awards/{one}"
    assert openbadges.proof_is_right(credential, desk.did_document(credential["issuer"]["id"]))
    achievement = credential["credentialSubject"]["achievement"]
    assert achievement["name"] == BADGE["name"] and achievement["criteria"]["narrative"] == BADGE["criteria"]
    assert achievement["tag"] == BADGE["tags"] and achievement["image"]["caption"] == "A lion"
    assert achievement["alignment"] == [{"type": ["Alignment"], "targetName": "Lions", "targetFramework": "Zoo",
                                         "targetUrl": "https://frameworks.example/lions", "targetCode": "L1"}]
    assert desk.get(desk.path(achievement["image"]["id"])).header("Content-Type") == "image/svg+xml"
    # Nothing of the learner, who has not asked for it.
    assert credential["credentialSubject"]["id"].startswith("urn:uuid:")
    assert not {"identifier", "result"} & credential["credentialSubject"].keys() and "evidence" not in credential
    status, checks, words = desk.verify(f"{desk.laurel.base}/awards/{one}.json", is_url=True)
    assert status == 0 and set(checks.values()) == {"passed"}, words
    [url] = [a["url"] for a in desk.laurel.cli("award", "list", "--json").json() if a["id"] == one]
    assert url == credential["id"]


def test_the_token_is_verified_with_one_bare_key(desk, one):
    reply = desk.get(f"/awards/{one}.jwt")
    assert reply.header("Content-Type").startswith("text/plain")
    header = json.loads(base64.urlsafe_b64decode(reply.text.split(".")[0] + "=="))
    assert header["alg"] == "RS256" and set(header) == {"alg", "kid", "typ"}
    key = desk.json(desk.path(header["kid"]))
    assert key["kid"] == header["kid"] and key["kty"] == "RSA" and "d" not in key
    _, payload = openbadges.token_payload(reply.text, key)
    credential = desk.json(f"/awards/{one}.json")
    claims = {name: payload.pop(name) for name in ("iss", "jti", "sub", "nbf", "exp")}
    assert payload == {k: v for k, v in credential.items() if k != "proof"}
    assert (claims["iss"], claims["jti"], claims["sub"]) == (payload["issuer"]["id"], payload["id"], payload["credentialSubject"]["id"])
    assert desk.verify(reply.text)[0] == 0
    # The same key where the issuer lists his keys.
    published = {k["kid"]: k for k in desk.json("/.well-known/jwks.json")["keys"]}
    assert published[header["kid"]]["n"] == key["n"] and published[header["kid"]]["iss"] == claims["iss"]
    document = desk.did_document(claims["iss"])
    assert [m["publicKeyJwk"]["n"] for m in document["verificationMethod"] if m["type"] == "JsonWebKey"] == [key["n"]]


@pytest.mark.parametrize("accept, type", [
    ("application/vc+ld+json", "application/vc+ld+json"), ("application/ld+json", "application/ld+json"),
    ("application/json", "application/json"), ("application/vc", "application/vc"),
    ("text/html;q=0.1, application/json", "application/json"), ("application/vc+jwt", "application/vc+jwt"),
    ("application/jwt", "application/jwt"), ("text/plain", "text/plain; charset=utf-8"),
    ("application/vc;q=0, application/json", "application/json"), ("application/*", "application/vc+ld+json"),
    ("application/vc+jwt;q=0.1, application/json", "application/json"), ("APPLICATION/JSON", "application/json"),
    ("application/json;q=0.1, application/vc+jwt", "application/vc+jwt"),
    ("application/json, text/plain, */*", "application/json"),    # what axios asks for
    ("application/ld+json;q=0.4, application/vc;q=0.6", "application/vc")])
def test_who_asks_gets_the_form_they_ask_for(desk, one, accept, type):
    reply = desk.get(f"/awards/{one}", Accept=accept)
    assert reply.status == 200 and reply.header("Content-Type") == type
    assert reply.text.startswith("ey" if "jwt" in type or "plain" in type else "{")


def test_no_form_of_an_award_is_for_search_engines(desk, one):
    for ending in ("", ".json", ".jwt", ".png", ".svg", ".pdf", ".jwt.png"):
        assert desk.get(f"/awards/{one}{ending}").header("X-Robots-Tag") == "noindex", ending


def test_what_did_not_change_is_not_sent_again(desk, one):
    path = f"/awards/{one}.json"
    whole, head = desk.get(path), desk.get(path, method="HEAD")
    assert head.status == 200 and head.body == b"" and head.header("ETag") == whole.header("ETag")
    again = desk.get(path, If_None_Match=whole.header("ETag"))
    assert again.status == 304 and again.body == b""
    tag = whole.header("ETag")
    for known, status in ((f"W/{tag}", 304), (f'"x", {tag}', 304), ("*", 304), ('"x"', 200), (tag.strip('"'), 200), (",", 200)):
        assert desk.get(path, If_None_Match=known).status == status, known
    assert whole.header("Cache-Control") == "no-cache"
    assert "max-age=300" in desk.get("/.well-known/jwks.json").header("Cache-Control")


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, child in value.items():
            yield from leaves(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from leaves(child, (*path, index))
    else:
        yield path


def test_a_change_of_any_field_is_noticed(desk, one):
    credential = desk.json(f"/awards/{one}.json")
    known = desk.did_document(credential["issuer"]["id"])
    for path in leaves(credential):
        forged = copy.deepcopy(credential)
        *way, last = path
        place = forged
        for step in way:
            place = place[step]
        place[last] = place[last] + "x" if "@context" not in path else "https://example.org/other"
        if path[-1] in ("validFrom", "validUntil", "awardedDate", "created"):
            place[last] = credential["awardedDate"].replace("20", "19", 1)
        status, checks, words = desk.verify(forged)
        assert status == 1, f"{path} may be changed: {words}"
    assert openbadges.proof_is_right(credential, known)
    header, payload, signature = desk.get(f"/awards/{one}.jwt").text.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["name"] = "Dragon tamer"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert desk.verify(f"{header}.{forged}.{signature}")[0] == 1


def status_of(desk, credential):
    entry = credential["credentialStatus"]
    listed = desk.json(desk.path(entry["statusListCredential"]), Accept="application/vc+ld+json")
    assert openbadges.proof_is_right(listed, desk.did_document(credential["issuer"]["id"]))
    assert listed["id"] == entry["statusListCredential"] and listed["credentialSubject"]["statusPurpose"] == entry["statusPurpose"]
    marked, length = openbadges.bits(listed)
    assert length >= 131072
    return int(entry["statusListIndex"]) in marked


def test_a_revoked_award_is_refused_wherever_a_copy_is(desk):
    award = desk.shared()
    copies = [desk.json(f"/awards/{award}.json"), desk.get(f"/awards/{award}.jwt").text]
    assert not status_of(desk, copies[0]) and all(desk.verify(c)[0] == 0 for c in copies)
    desk.laurel.cli("award", "revoke", award, "--reason", "Not the lion's own work.")
    assert status_of(desk, copies[0])
    for kept in copies:
        status, checks, words = desk.verify(kept)
        assert status == 1 and checks["status"] == "failed" and "revoked" in words
        assert checks["signature"] == "passed"
    assert desk.json(f"/awards/{award}.json")["id"] == copies[0]["id"], "a revoked award is still shown"
    issuer = copies[0]["issuer"]["id"].split(":")[-1]
    assert {"id": copies[0]["id"], "revoked": True} in desk.json(f"/revocations/{issuer}")["revokedCredential"]
    listed = desk.get(desk.path(copies[0]["credentialStatus"]["statusListCredential"]), Accept="application/vc+jwt")
    assert listed.text.startswith("ey") and listed.header("Content-Type") == "application/vc+jwt"


def test_a_suspended_award_is_refused_until_it_is_restored(desk):
    award = desk.shared()
    kept = desk.json(f"/awards/{award}.json")
    desk.laurel.rows("UPDATE award SET state = 3, suspended_at = now() WHERE public_id = %s RETURNING 1", (award,))
    assert desk.verify(kept)[0] == 1, "a copy from before passes"
    desk.sign_again(award)
    served = desk.json(f"/awards/{award}.json")
    openbadges.check_schema(served)
    status, checks, words = desk.verify(served)
    assert status == 1 and checks["status"] == "failed" and "suspended" in words
    assert status_of(desk, served) and served["credentialStatus"]["statusPurpose"] == "suspension"
    assert served["id"] == kept["id"] and served["validFrom"] > kept["validFrom"]
    desk.laurel.rows("UPDATE award SET state = 2, suspended_at = NULL WHERE public_id = %s RETURNING 1", (award,))
    desk.sign_again(award)
    assert desk.verify(kept)[0] == 0 and desk.verify(desk.json(f"/awards/{award}.json"))[0] == 0


def test_a_copy_made_while_suspended_is_refused_when_the_award_is_revoked(desk):
    """It names the list of suspensions, and no other: that is what a grade that drops leads to, when nobody mends it."""
    award = desk.shared()
    desk.laurel.rows("UPDATE award SET state = 3, suspended_at = now() WHERE public_id = %s RETURNING 1", (award,))
    desk.sign_again(award)
    copies = [desk.json(f"/awards/{award}.json"), desk.get(f"/awards/{award}.jwt").text]
    assert copies[0]["credentialStatus"]["statusPurpose"] == "suspension"
    desk.laurel.cli("award", "revoke", award, "--reason", "The grade stayed low.")
    assert status_of(desk, copies[0])
    for kept in copies:
        status, checks, words = desk.verify(kept)
        assert status == 1 and checks["status"] == "failed", words
    served = desk.json(f"/awards/{award}.json")
    assert status_of(desk, served) and desk.verify(served)[0] == 1


def test_what_keys_signed_stays_valid_when_others_follow(desk, one):
    before = desk.json(f"/awards/{one}.json"), desk.get(f"/awards/{one}.jwt").text
    desk.laurel.cli("key", "rotate", "--badge-issuer", "northside")
    assert "signs from now on" in desk.laurel.cli("key", "rotate", "--badge-issuer", "northside", "--alg", "es256").out
    newer = desk.shared("task-plain")
    credential, token = desk.json(f"/awards/{newer}.json"), desk.get(f"/awards/{newer}.jwt").text
    assert credential["proof"][0]["verificationMethod"] != before[0]["proof"][0]["verificationMethod"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert header["alg"] == "ES256"
    openbadges.token_payload(token, desk.json(desk.path(header["kid"])))
    document = desk.did_document(credential["issuer"]["id"])
    for kept in (before[0], credential):
        assert openbadges.proof_is_right(kept, document)
    for kept in (*before, credential, token):
        assert desk.verify(kept)[0] == 0
    listed = [k for k in desk.laurel.cli("key", "list", "--json").json() if k.get("badge_issuer") == "northside"]
    assert sorted(k["use"] for k in listed) == ["published for ever"] * 3 + ["signs"] * 2
    assert {k["kid"] for k in listed} == {k["kid"] for k in desk.json("/.well-known/jwks.json")["keys"]}
    assert "no badge issuer" in desk.laurel.cli("key", "rotate", "--badge-issuer", "nobody", check=False).err


def test_a_badge_with_other_words_is_signed_again(desk, one):
    before = desk.json(f"/awards/{one}.json")
    laurel.import_badges(desk.laurel, desk.lms, [{**BADGE, "description": "Did the first task, twice."}, PLAIN])
    after = wait_until(lambda: (now := desk.json(f"/awards/{one}.json")) != before and now, PROMPT_S, "the new credential")
    assert after["credentialSubject"]["achievement"]["description"] == "Did the first task, twice."
    assert after["id"] == before["id"] and after["validFrom"] > before["validFrom"]
    assert after["awardedDate"] == before["awardedDate"]
    assert after["credentialStatus"] == before["credentialStatus"]
    assert desk.verify(after)[0] == 0 and desk.verify(before)[0] == 0
    document = desk.json(desk.path(after["credentialSubject"]["achievement"]["id"]), Accept="application/ld+json")
    assert document["description"] == "Did the first task, twice." and document["@context"]
    # Nothing changes: nothing is signed.
    desk.sign_again(one)
    assert desk.json(f"/awards/{one}.json") == after
    laurel.import_badges(desk.laurel, desk.lms, [BADGE, PLAIN])


def test_results_are_shown_when_the_learner_shows_them(desk):
    award = desk.shared()
    desk.laurel.rows("INSERT INTO award_share (institution_id, award_id, shows_results) SELECT institution_id, id, true"
                     " FROM award WHERE public_id = %s RETURNING 1", (award,))
    desk.sign_again(award)
    credential = desk.json(f"/awards/{award}.json")
    openbadges.check_schema(credential)
    assert openbadges.proof_is_right(credential, desk.did_document(credential["issuer"]["id"]))
    [result], [description] = (credential["credentialSubject"]["result"],
                               credential["credentialSubject"]["achievement"]["resultDescription"])
    assert result["value"] == "92" and result["resultDescription"] == description["id"]
    assert (description["resultType"], description["requiredValue"], description["valueMax"]) == ("Percent", "80", "100")
    assert description["name"] == "Task 1"


def test_an_award_that_is_not_shared_any_more_is_gone_at_once(desk):
    award = desk.shared("task-plain")
    assert desk.get(f"/awards/{award}.json").status == 200
    desk.laurel.rows("UPDATE award SET shared_at = NULL WHERE public_id = %s RETURNING 1", (award,))
    assert [desk.get(f"/awards/{award}{e}").status for e in ("", ".json", ".jwt")] == [404] * 3


def test_awards_of_earlier_releases_get_their_credentials(desk):
    award = desk.shared("task-plain")
    desk.laurel.rows("DELETE FROM credential WHERE award_id = (SELECT id FROM award WHERE public_id = %s) RETURNING 1", (award,))
    desk.laurel.rows("UPDATE award SET signed_at = NULL, status_list_id = NULL WHERE public_id = %s RETURNING 1", (award,))
    assert desk.get(f"/awards/{award}.json").status == 404
    desk.laurel.cli("worker", "--once")
    credential = wait_until(lambda: desk.get(f"/awards/{award}.json").status == 200 and desk.json(f"/awards/{award}.json"),
                            PROMPT_S, "the credential")
    assert desk.verify(credential)[0] == 0


def test_an_issuer_is_described_and_unknown_things_are_not(desk, one):
    did = desk.json(f"/awards/{one}.json")["issuer"]["id"]
    profile = desk.json("/issuers/" + did.split(":")[-1], Accept="application/json")
    assert profile["id"] == did and profile["type"] == ["Profile"] and profile["name"] == "Northside College"
    for path in ("/badges/{}", "/badges/{}/image.svg", "/issuers/{}", "/issuers/{}/did.json", "/keys/{}", "/status/{}",
                 "/revocations/{}"):
        # An award's id names nothing else, and what is no id at all is no error of ours.
        assert desk.get(path.format(one)).status == desk.get(path.format("x")).status == 404


@pytest.mark.parametrize("field, value, words", [
    ("name", "Bell\x07", "control characters"), ("criteria", "tear\x0b", "control characters"),
    ("description", "no character \uffff", "control characters"), ("name", "none \U0001fffe either", "control characters"),
    ("criteria", "字" * 17000, "bytes"), ("tags", ["🦁", "Ａ"], "sort")])
def test_texts_that_cannot_be_signed_are_refused_at_import(desk, field, value, words):
    path = desk.laurel.folder / "bad.json"
    path.write_text(json.dumps({
        "issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
        "badges": [{"key": "bad", "name": "Bad", "description": "d", "rule": {"manual": "x"}, field: value}]}))
    done = desk.laurel.cli("badge", "import", path, "--institution", "Northside College", check=False)
    assert done.status == 1 and words in done.err and "badges[0]" in done.err


def test_half_a_character_is_no_text(desk):
    path = desk.laurel.folder / "bad.json"
    path.write_text('{"issuer": {"key": "northside", "name": "Northside \\ud83e", "url": "https://n.example"}, "badges": []}')
    done = desk.laurel.cli("badge", "import", path, check=False)
    assert done.status == 1 and "line 1" in done.err
