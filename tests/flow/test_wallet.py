"""Badges in wallets (OpenID for Verifiable Credential Issuance 1.0): a wallet made of other people's cryptography fetches
what a learner offers, and nobody gets what was not offered."""
import base64
import concurrent.futures
import html
import json
import pathlib
import re
import secrets
import shutil
import subprocess
import time
import urllib.parse

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from support import laurel, web

from .test_credentials import BADGE, Desk

openbadges = pytest.importorskip("support.openbadges", reason="needs python3-pyld and python3-jsonschema")

GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
TRIES = 5
JSON = {"Content-Type": "application/json"}


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = openbadges.BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


class Ed25519Key:
    """Named by kid, as did:key."""
    alg = "EdDSA"

    def __init__(self):
        self.private = ed25519.Ed25519PrivateKey.generate()
        raw = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        name = "z" + base58(b"\xed\x01" + raw)
        self.did = f"did:key:{name}"
        self.header = {"kid": f"{self.did}#{name}"}

    def sign(self, data):
        return self.private.sign(data)


class P256Key:
    """Its JWK is in the header: the DID is the did:key of it."""
    alg = "ES256"

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        public, numbers = self.private.public_key(), self.private.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "x": b64url(numbers.x.to_bytes(32, "big")), "y": b64url(numbers.y.to_bytes(32, "big"))}
        point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
        self.did = "did:key:z" + base58(b"\x80\x24" + point)
        self.header = {"jwk": self.jwk}

    def sign(self, data):
        r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class DidJwkKey(P256Key):
    def __init__(self):
        super().__init__()
        self.did = "did:jwk:" + b64url(json.dumps(self.jwk).encode())
        self.header = {"kid": self.did + "#0"}


def request(method, url, body=None, **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    return web.Browser().request(method, url, body=body, headers=headers)


def json_of(reply, status=200):
    assert reply.status == status, f"{reply.status} {reply.text[:300]}"
    assert reply.header("Content-Type") == "application/json" and reply.header("Access-Control-Allow-Origin") == "*"
    return json.loads(reply.text)


def refused(reply, code, status=400):
    body = json_of(reply, status)
    assert body["error"] == code, body
    # RFC 6749 5.2: what may be in a description
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", body["error_description"])
    assert reply.header("Cache-Control") == "no-store"


class Wallet:
    """Knows the offer's link and what it finds from there."""

    def __init__(self, key=None):
        self.key = key or Ed25519Key()
        self.token = None

    def read(self, link):
        assert link.startswith("openid-credential-offer://?")
        [uri] = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["credential_offer_uri"]
        self.uri = uri
        reply = request("GET", uri)
        self.offer = json_of(reply)
        assert reply.header("Cache-Control") == "no-store"
        self.issuer = self.offer["credential_issuer"]
        self.about = json_of(request("GET", self.issuer + "/.well-known/openid-credential-issuer"))
        server = json_of(request("GET", self.issuer + "/.well-known/oauth-authorization-server"))
        assert self.about["credential_issuer"] == server["issuer"] == self.issuer
        assert set(self.offer["credential_configuration_ids"]) <= self.about["credential_configurations_supported"].keys()
        self.token_url = server["token_endpoint"]
        self.grant = self.offer["grants"][GRANT]
        self.code = self.grant["pre-authorized_code"]
        return self

    def ask_token(self, code=None, **more):
        fields = {"grant_type": GRANT, "pre-authorized_code": code or self.code, **more}
        return web.Browser().post(self.token_url, {k: v for k, v in fields.items() if v is not None})

    def authorize(self, digits=None):
        reply = self.ask_token(tx_code=digits)
        self.granted = json_of(reply)
        assert reply.header("Cache-Control") == "no-store" and self.granted["token_type"] == "Bearer"
        assert 0 < self.granted["expires_in"] <= 3600
        self.token = self.granted["access_token"]
        return self

    def nonce(self):
        reply = request("POST", self.about["nonce_endpoint"])
        assert reply.header("Cache-Control") == "no-store"
        return json_of(reply)["c_nonce"]

    def proof(self, header=None, sign=None, nonce=None, **claims):
        claims = {"aud": self.issuer, "iat": int(time.time()), "nonce": nonce or self.nonce(), **claims}
        header = {"typ": "openid4vci-proof+jwt", "alg": self.key.alg, **self.key.header, **(header or {})}
        parts = [b64url(json.dumps({k: v for k, v in part.items() if v is not None}).encode()) for part in (header, claims)]
        return ".".join([*parts, b64url((sign or self.key.sign)(".".join(parts).encode()))])

    def send(self, body, where="credential_endpoint", **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content_Type": "application/json", "Authorization": f"Bearer {self.token}", **headers}
        return request("POST", self.about[where], body, **{k: v for k, v in headers.items() if v is not None})

    def ask(self, form="ob3_ldp", proof=None):
        return self.send({"credential_configuration_id": form, "proofs": {"jwt": [proof or self.proof()]}})

    def fetch(self, form="ob3_ldp"):
        [one] = json_of(self.ask(form))["credentials"]
        return one["credential"]


class Pupil:
    """A learner inside the course with an award of the desk's first badge, which is private."""

    def __init__(self, desk, user=None, badge=None):
        self.desk = desk
        if user is None:
            self.award = desk.award()
            [[user, badge]] = desk.laurel.rows("SELECT p.sub, b.public_id FROM award a JOIN person p ON p.id = a.person_id"
                                               " JOIN badge b ON b.id = a.badge_id WHERE a.public_id = %s", (self.award,))
        self.badge = badge
        reply, self.browser = desk.lms.launch(int(user))
        self.home = reply.location if reply.location.startswith("http") else desk.laurel.base + reply.location

    def page(self, path=""):
        return self.browser.get(f"{self.home}badges/{self.badge}{path}")

    def make(self, has_code=False):
        fields = {"csrf": self.page().fields()["csrf"], **({"code": "1"} if has_code else {})}
        return self.browser.post(f"{self.home}badges/{self.badge}/wallet", fields,
                                 headers={"Origin": self.desk.laurel.base, "Sec-Fetch-Site": "same-origin"})

    def link(self, has_code=False):
        """A new offer's link, and its digits."""
        reply = self.make(has_code)
        assert reply.status == 303, reply.text[:300]
        text = self.page("/wallet").text
        [link] = re.findall(r'href="(openid-credential-offer:[^"]+)"', text)
        digits = re.findall(r'offer-code" dir="ltr">(\d{6})<', text)
        assert len(digits) == has_code
        return html.unescape(link), digits[0] if digits else None

    def wallet(self, key=None, has_code=False):
        """One with a token."""
        link, digits = self.link(has_code)
        return Wallet(key).read(link).authorize(digits)

    def sql(self, change):
        assert self.desk.laurel.rows(f"UPDATE award SET {change} WHERE public_id = %s RETURNING 1", (self.award,))


@pytest.fixture(scope="module")
def desk(cluster):
    if not openbadges.is_there():
        pytest.skip("contexts and schemas are absent")
    with laurel.school(cluster, seed=20261202) as (place, lms):
        yield Desk(place, lms)


@pytest.fixture(scope="module")
def pupil(desk):
    return Pupil(desk)


@pytest.fixture(scope="module")
def other(desk):
    """Whose award tests change, and leave as it was."""
    return Pupil(desk)


# --- what is offered is got

@pytest.mark.parametrize("key", [Ed25519Key, P256Key, DidJwkKey])
def test_a_wallet_fetches_a_badge_bound_to_its_key(desk, pupil, key):
    wallet = pupil.wallet(key())
    credential = wallet.fetch("ob3_ldp")
    openbadges.check_schema(credential)
    assert openbadges.proof_is_right(credential, desk.did_document(credential["issuer"]["id"]))
    assert credential["credentialSubject"]["id"] == wallet.key.did
    assert credential["credentialSubject"]["achievement"]["name"] == BADGE["name"]
    assert credential["id"] == f"{desk.laurel.base}/awards/{pupil.award}"
    token = wallet.fetch("ob3_jwt")
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    _, payload = openbadges.token_payload(token, desk.json(desk.path(header["kid"])))
    assert payload["sub"] == payload["credentialSubject"]["id"] == wallet.key.did
    for got in (credential, token):
        status, checks, words = desk.verify(got)
        assert status == 0 and set(checks.values()) == {"passed"}, words
    # It is the learner's own copy: the award stays private, and says no more than they chose to show.
    assert desk.get(f"/awards/{pupil.award}.json").status == 404
    assert not {"identifier", "result"} & credential["credentialSubject"].keys() and "evidence" not in credential


@pytest.fixture(scope="module")
def library():
    """The folder of wallet.mjs with the packages that its lock file pins, kept for the next run."""
    source, folder = laurel.SOURCE / "tests/wallet", laurel.SOURCE / ".cache/wallet"
    lock = (source / "package-lock.json").read_bytes()
    if not (folder / "node_modules").is_dir() or (folder / "package-lock.json").read_bytes() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)
        try:
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True,
                           timeout=180, check=True)
        except (OSError, subprocess.SubprocessError) as problem:
            shutil.rmtree(folder, ignore_errors=True)
            pytest.skip(f"needs node, npm and the packages of tests/wallet: {problem}")
    shutil.copy(source / "wallet.mjs", folder)
    return folder


@pytest.mark.parametrize("form", ["ob3_ldp", "ob3_jwt"])
def test_a_wallet_of_other_peoples_making_fetches_it(desk, pupil, library, form):
    link, digits = pupil.link(has_code=True)
    done = subprocess.run(["node", "wallet.mjs", link, digits, form], cwd=library, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["version"] == "V1", "taken for a draft"
    [credential] = [one["credential"] for one in said["response"]["credentials"]]
    status, checks, words = desk.verify(credential)
    assert status == 0 and set(checks.values()) == {"passed"}, words
    if form == "ob3_jwt":
        credential = json.loads(base64.urlsafe_b64decode(credential.split(".")[1] + "=="))
    x, y = (base64.urlsafe_b64decode(said["jwk"][name] + "==") for name in "xy")
    assert credential["credentialSubject"]["id"] == "did:key:z" + base58(b"\x80\x24" + bytes([2 + y[31] % 2]) + x)


def test_what_the_learner_shows_is_in_the_wallets_copy(desk, other):
    desk.laurel.rows("INSERT INTO award_share (institution_id, award_id, shows_results) SELECT institution_id, id, true"
                     " FROM award WHERE public_id = %s RETURNING 1", (other.award,))
    credential = other.wallet().fetch()
    openbadges.check_schema(credential)
    assert [r["value"] for r in credential["credentialSubject"]["result"]] == ["92"]


def test_a_revoked_badge_is_revoked_in_the_wallet_too(desk):
    pupil = Pupil(desk)
    wallet = pupil.wallet()
    credential, early = wallet.fetch(), Wallet().read(pupil.link()[0])
    assert desk.verify(credential)[0] == 0
    desk.laurel.cli("award", "revoke", pupil.award, "--reason", "Not the lion's own work.")
    status, checks, _ = desk.verify(credential)
    assert status == 1 and checks["status"] == "failed" and checks["signature"] == "passed"
    refused(wallet.ask(), "credential_request_denied")
    refused(early.authorize().ask(), "credential_request_denied")
    assert pupil.page("/wallet").status == 404 and 'name="code"' not in pupil.page().text


def test_metadata_says_what_is_supported(pupil):
    wallet = Wallet().read(pupil.link()[0])
    assert list(wallet.offer["grants"]) == [GRANT] and "tx_code" not in wallet.grant
    ldp, jwt = (wallet.about["credential_configurations_supported"][name] for name in ("ob3_ldp", "ob3_jwt"))
    assert (ldp["format"], jwt["format"]) == ("ldp_vc", "jwt_vc_json")
    assert ldp["credential_signing_alg_values_supported"] == ["eddsa-rdfc-2022"]
    assert jwt["credential_signing_alg_values_supported"] == ["RS256", "ES256"]    # some issuer may have either key
    for one in (ldp, jwt):
        assert one["credential_definition"]["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
        assert set(one["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"]) == {"EdDSA", "ES256"}


def test_a_wallet_of_an_older_draft_is_understood(pupil):
    """Up to draft 13: the nonce comes with the token, `proof` is one, `credential` is at the top."""
    wallet = pupil.wallet()
    assert wallet.granted["c_nonce_expires_in"] == 300
    proof = wallet.proof(nonce=wallet.granted["c_nonce"])
    body = json_of(wallet.send({"format": "jwt_vc_json", "proof": {"proof_type": "jwt", "jwt": proof}}))
    assert body["credential"].startswith("ey") and body["credential"] == body["credentials"][0]["credential"]


# --- the learner's page

def test_the_page_offers_shows_and_tells(desk, other):
    pupil = other
    desk.laurel.rows("DELETE FROM wallet_offer RETURNING 1")
    assert "Put it into your wallet" in pupil.page().text
    empty = pupil.page("/wallet")
    assert empty.status == 200 and "Your offer is ready" not in empty.text and "This offer" not in empty.text
    link, digits = pupil.link(has_code=True)
    page = pupil.page("/wallet")
    assert "Your offer is ready" in page.text and "for 10 minutes" in page.text and page.header("Refresh") == "10"
    wallet = Wallet().read(link)
    assert wallet.grant["tx_code"]["length"] == 6 and wallet.grant["tx_code"]["input_mode"] == "numeric"
    wallet.authorize(digits)
    assert "A wallet has taken the offer" in pupil.page("/wallet").text
    wallet.fetch()
    done = pupil.page("/wallet")
    assert "Your wallet has fetched it" in done.text and "openid-credential-offer" not in done.text and done.header("Refresh") == ""
    assert request("GET", wallet.uri).status == 404
    # The audit has ids only.
    [[what]] = desk.laurel.rows("SELECT object::text FROM audit WHERE action = 'award_to_wallet' ORDER BY id DESC LIMIT 1")
    assert list(json.loads(what)) == ["award"]


def test_the_qr_code_is_the_link(pupil, tmp_path):
    if not shutil.which("zbarimg"):
        pytest.skip("needs zbar-tools")
    link, _ = pupil.link()
    text = pupil.page("/wallet").text
    [(x, y, side)] = re.findall(r'class="qr" viewBox="(-\d+) (-\d+) (\d+) \3"', text)
    [path] = re.findall(r'<path d="([^"]+)"/>', text)
    dark = {(int(column), int(row)) for column, row in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}
    rows = [[0 if (column // 8 + int(x), row // 8 + int(y)) in dark else 255 for column in range(8 * int(side))]
            for row in range(8 * int(side))]
    picture = tmp_path / "qr.pgm"
    picture.write_bytes(f"P5 {8 * int(side)} {8 * int(side)} 255\n".encode() + bytes(sum(rows, [])))
    assert subprocess.run(["zbarimg", "-q", "--raw", picture], capture_output=True, text=True, check=True).stdout.strip() == link


def test_only_the_learner_offers_the_badge(desk, pupil):
    stranger = Pupil(desk, desk.lms.user("student", -1)["id"], pupil.badge)
    assert 'name="code"' not in stranger.page().text
    fields = {"csrf": pupil.page().fields()["csrf"]}
    assert stranger.page("/wallet").status == 404
    own = wait_csrf(stranger)
    for csrf, status in ((fields["csrf"], 403), (own, 404)):
        reply = stranger.browser.post(f"{stranger.home}badges/{pupil.badge}/wallet", {"csrf": csrf},
                                      headers={"Origin": desk.laurel.base, "Sec-Fetch-Site": "same-origin"})
        assert reply.status == status
    teacher = Pupil(desk, desk.teacher, pupil.badge)
    assert teacher.page("/wallet").status == 404


def wait_csrf(pupil):
    return laurel.wait_until(lambda: pupil.browser.get(pupil.home).fields().get("csrf"), 30, "a form on the page")


def test_a_new_offer_ends_the_one_before(pupil):
    first = Wallet().read(pupil.link()[0])
    second = Wallet().read(pupil.link()[0])
    assert request("GET", first.uri).status == 404
    refused(first.ask_token(), "invalid_grant")
    assert second.authorize().fetch()


# --- tokens

def test_an_offer_ends_after_ten_minutes(desk, pupil):
    wallet = Wallet().read(pupil.link()[0])
    [[seconds]] = desk.laurel.rows("UPDATE wallet_offer SET expires_at = now() - interval '1 second' WHERE used_at IS NULL"
                                   " RETURNING extract(epoch FROM now() - created_at)::int")
    assert seconds < 60
    refused(request("GET", wallet.uri), "invalid_request", 404)
    refused(wallet.ask_token(), "invalid_grant")
    page = pupil.page("/wallet").text
    assert "This offer is over" in page and "within ten minutes" in page and "openid-credential-offer" not in page


def test_five_wrong_codes_end_an_offer(pupil):
    link, digits = pupil.link(has_code=True)
    wallet = Wallet().read(link)
    wrong = f"{(int(digits) + 1) % 1000000:06}"
    refused(wallet.ask_token(), "invalid_request")          # forgotten: no guess
    for guess in [wrong] * (TRIES - 1):
        refused(wallet.ask_token(tx_code=guess), "invalid_grant")
    assert request("GET", wallet.uri).status == 200
    refused(wallet.ask_token(tx_code=" " + digits), "invalid_grant")
    refused(wallet.ask_token(tx_code=digits), "invalid_grant")
    assert request("GET", wallet.uri).status == 404
    assert "wrong five times" in pupil.page("/wallet").text


def test_the_right_code_is_taken_after_four_wrong_ones(pupil):
    link, digits = pupil.link(has_code=True)
    wallet = Wallet().read(link)
    for _ in range(TRIES - 1):
        refused(wallet.ask_token(tx_code="x" * 6), "invalid_grant")
    assert wallet.authorize(digits).fetch()


def at_once(count, call):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: call(), range(count)))


def test_fifty_at_once_get_one_token(pupil):
    wallet = Wallet().read(pupil.link()[0])
    replies = at_once(50, wallet.ask_token)
    assert sorted(r.status for r in replies) == [200] + [400] * 49
    [token] = [json_of(r)["access_token"] for r in replies if r.status == 200]
    wallet.token = token
    assert wallet.fetch()


def test_fifty_guesses_at_once_are_five(desk, pupil):
    link, digits = pupil.link(has_code=True)
    wallet = Wallet().read(link)
    replies = at_once(50, lambda: wallet.ask_token(tx_code="000000" if digits != "000000" else "000001"))
    assert {r.status for r in replies} == {400}
    assert desk.laurel.rows("SELECT tries FROM wallet_offer WHERE used_at IS NULL") == [(TRIES,)]
    refused(wallet.ask_token(tx_code=digits), "invalid_grant")


@pytest.mark.parametrize("fields, code", [
    ({}, "invalid_request"), ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
    ({"grant_type": GRANT}, "invalid_request"), ({"grant_type": GRANT, "pre-authorized_code": "x" * 43}, "invalid_grant"),
    ([("grant_type", GRANT), ("pre-authorized_code", "a"), ("pre-authorized_code", "b")], "invalid_request"),
    ({"grant_type": GRANT, "pre-authorized_code": "\u00fc\"\\"}, "invalid_grant")])
def test_a_token_request_that_is_none_is_refused(desk, fields, code):
    refused(web.Browser().post(desk.laurel.base + "/oid4vci/token", fields), code)


def test_a_token_request_is_a_form(desk, pupil):
    wallet = Wallet().read(pupil.link()[0])
    body = json.dumps({"grant_type": GRANT, "pre-authorized_code": wallet.code}).encode()
    refused(request("POST", wallet.token_url, body, **JSON), "invalid_request")
    refused(wallet.ask_token(tx_code="123456"), "invalid_request")      # none is asked for
    assert request("GET", wallet.token_url).status == 405
    assert wallet.authorize().token


# --- credentials

def test_a_token_is_wanted_and_a_good_one(desk, pupil):
    wallet = pupil.wallet()
    proof = wallet.proof()
    body = {"credential_configuration_id": "ob3_ldp", "proofs": {"jwt": [proof]}}
    for where in ("credential_endpoint", "deferred_credential_endpoint"):
        none = wallet.send(body, where, Authorization=None)
        refused(none, "invalid_token", 401)
        assert none.header("WWW-Authenticate") == "Bearer"
        for token in (secrets.token_urlsafe(32), wallet.token[:-1], wallet.code, "x y"):
            wrong = wallet.send(body, where, Authorization=f"Bearer {token}")
            refused(wrong, "invalid_token", 401)
            assert wrong.header("WWW-Authenticate").startswith('Bearer error="invalid_token"')
    assert json_of(wallet.ask(proof=proof)), "refused tokens used up the nonce"
    desk.laurel.rows("UPDATE wallet_offer SET token_until = now() - interval '1 second' WHERE token_hash = sha256(%s) RETURNING 1",
                     (wallet.token.encode(),))
    refused(wallet.ask(), "invalid_token", 401)


def test_a_nonce_is_good_once(pupil):
    wallet = pupil.wallet()
    proof = wallet.proof()
    replies = at_once(20, lambda: wallet.ask(proof=proof))
    assert sorted(r.status for r in replies) == [200] + [400] * 19
    for reply in replies:
        if reply.status == 400:
            refused(reply, "invalid_nonce")
    # Another proof with the same nonce, a nonce of nobody, and one that was changed.
    nonce = json.loads(base64.urlsafe_b64decode(proof.split(".")[1] + "=="))["nonce"]
    fresh = wallet.nonce()
    bent = ("B" if fresh[0] == "A" else "A") + fresh[1:]
    for bad in (nonce, secrets.token_urlsafe(56), bent, "x", fresh[:-4]):
        refused(wallet.ask(proof=wallet.proof(nonce=bad)), "invalid_nonce")
    assert wallet.ask(proof=wallet.proof(nonce=fresh)).status == 200


PROOFS = {
    "for another issuer": {"aud": "https://other.example"}, "without aud": {"aud": None}, "too old": {"iat": 1},
    "from tomorrow": {"iat": int(time.time()) + 86400}, "without iat": {"iat": None}, "over": {"exp": 1},
    "of another type": {"header": {"typ": "JWT"}}, "unsigned": {"header": {"alg": "none"}, "sign": lambda _: b""},
    "signed by another": {"sign": Ed25519Key().sign}, "of another algorithm": {"header": {"alg": "ES256"}},
    "with two keys": {"header": {"jwk": P256Key().jwk}}, "without a key": {"header": {"kid": None}},
    "with a symmetric key": {"header": {"kid": None, "alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}},
    "of a key on the web": {"header": {"kid": "did:web:evil.example#1"}},
    "with what is critical": {"header": {"crit": ["x"], "x": 1}},
}


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_that_proves_nothing_is_refused(shared_wallet, name):
    refused(shared_wallet.ask(proof=shared_wallet.proof(**PROOFS[name])), "invalid_proof")


@pytest.fixture(scope="module")
def shared_wallet(pupil):
    """Its token outlives the offers that other tests make."""
    return pupil.wallet()


@pytest.mark.parametrize("body, code", [
    (b"", "invalid_credential_request"), (b"{", "invalid_credential_request"), (b"[]", "invalid_credential_request"),
    (b"\xff", "invalid_credential_request"), (b"{}", "invalid_credential_request"),
    (b'{"credential_configuration_id": "ob3_ldp", "credential_configuration_id": "ob3_jwt"}', "invalid_credential_request"),
    ({"credential_configuration_id": "other"}, "unknown_credential_configuration"),
    ({"credential_configuration_id": "ob3_ldp"}, "invalid_proof"),
    ({"credential_configuration_id": "ob3_ldp", "proofs": {"jwt": []}}, "invalid_proof"),
    ({"credential_configuration_id": "ob3_ldp", "proofs": {"jwt": ["a.b.c", "d.e.f"]}}, "invalid_proof"),
    ({"credential_configuration_id": "ob3_ldp", "proofs": {"jwt": ["a.b.c"]}}, "invalid_proof"),
    ({"credential_identifier": "x"}, "unknown_credential_identifier"),
    ({"credential_configuration_id": "ob3_ldp", "credential_response_encryption": {}}, "invalid_encryption_parameters")])
def test_a_request_that_is_none_is_refused(shared_wallet, body, code):
    refused(shared_wallet.send(body), code)


def test_a_request_is_json_and_small(shared_wallet):
    good = {"credential_configuration_id": "ob3_ldp", "proofs": {"jwt": [shared_wallet.proof()]}}
    refused(shared_wallet.send(good, Content_Type="text/plain"), "invalid_credential_request")
    assert shared_wallet.send({**good, "x": "y" * 70000}).status in (400, 413)
    assert shared_wallet.send(good).status == 200


@pytest.mark.parametrize("change, back", [("state = 3, suspended_at = now()", "state = 2, suspended_at = NULL"),
                                          ("expires_at = now()", "expires_at = now() + interval '1 year'")])
def test_a_badge_that_does_not_count_now_is_not_handed_out(other, change, back):
    wallet, early = other.wallet(), Wallet().read(other.link()[0])
    other.sql(change)
    refused(wallet.ask(), "credential_request_denied")
    refused(early.authorize().ask(), "credential_request_denied")
    other.sql(back)
    assert wallet.fetch() and early.fetch()


def test_a_badge_that_is_not_signed_yet_comes_later(desk, other):
    pupil = other
    wallet = pupil.wallet()
    desk.laurel.rows("DELETE FROM credential WHERE award_id = (SELECT id FROM award WHERE public_id = %s) RETURNING 1", (pupil.award,))
    pupil.sql("signed_at = NULL")
    later = json_of(wallet.ask("ob3_jwt"), 202)
    assert set(later) == {"transaction_id", "interval"} and later["interval"] > 0
    asked = {"transaction_id": later["transaction_id"]}

    def ask(body=asked, who=wallet):
        return who.send(body, "deferred_credential_endpoint")

    assert json_of(ask(), 202) == later
    for bad in ({"transaction_id": "x"}, {"transaction_id": later["transaction_id"][:-2] + "AA"}, {"transaction_id": 1}, {},
                {"transaction_id": ""}):
        refused(ask(bad), "invalid_transaction_id")
    refused(ask(b"{"), "invalid_credential_request")
    # Another token's, although of the same badge.
    refused(ask(who=pupil.wallet()), "invalid_transaction_id")
    assert "A wallet has taken the offer" in pupil.page("/wallet").text
    desk.sign_again(pupil.award)
    replies = at_once(10, ask)
    assert sorted(r.status for r in replies) == [200] + [400] * 9
    [got] = [json_of(r) for r in replies if r.status == 200]
    token = got["credentials"][0]["credential"]
    assert desk.verify(token)[0] == 0
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["sub"] == wallet.key.did
    refused(ask(), "invalid_transaction_id")


def test_a_badge_that_cannot_be_signed_is_denied(other):
    wallet = other.wallet()
    other.sql("signed_at = NULL, sign_problem = 'the name'")
    refused(wallet.ask(), "credential_request_denied")
    other.sql("signed_at = now(), sign_problem = NULL")
    assert wallet.fetch()


# --- around it

@pytest.mark.parametrize("path", ["token", "nonce", "credential", "deferred"])
def test_wallets_in_browsers_may_ask(desk, path):
    reply = request("OPTIONS", f"{desk.laurel.base}/oid4vci/{path}", Origin="https://wallet.example",
                    Access_Control_Request_Method="POST", Access_Control_Request_Headers="authorization,content-type")
    assert reply.status == 204 and reply.body == b""
    assert reply.header("Access-Control-Allow-Origin") == "*" and reply.header("Access-Control-Allow-Methods") == "POST"
    assert {h.strip().lower() for h in reply.header("Access-Control-Allow-Headers").split(",")} == {"authorization", "content-type"}
    assert reply.header("Access-Control-Allow-Credentials") == "" and reply.all("Set-Cookie") == []


def test_no_other_page_answers_a_preflight(desk, pupil):
    for url in (desk.laurel.base + "/verify", f"{pupil.home}badges/{pupil.badge}/wallet"):
        reply = request("OPTIONS", url, Origin="https://wallet.example")
        assert reply.status == 405 and reply.header("Access-Control-Allow-Origin") == ""


def test_no_secret_is_logged_or_kept(desk, pupil):
    wallet = pupil.wallet(has_code=True)
    proof = wallet.proof()
    assert wallet.ask(proof=proof).status == 200
    refused(wallet.ask(proof=proof), "invalid_nonce")
    refused(wallet.ask_token(), "invalid_grant")
    said = [wallet.code, wallet.token, wallet.uri.rsplit("/", 1)[1], proof.split(".")[2], wallet.key.did]
    logs = "".join(p.read_text(errors="replace") for p in pathlib.Path(desk.laurel.folder).rglob("*.log"))
    assert "wallet_refused" in logs
    kept = str(desk.laurel.rows("SELECT w::text FROM wallet_offer w UNION ALL SELECT u::text FROM wallet_used u UNION ALL"
                                " SELECT object::text FROM audit"))
    for secret in said:
        assert secret not in logs and secret not in kept
