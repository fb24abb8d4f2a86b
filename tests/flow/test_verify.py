"""`laurel verify`: badges made and signed by independent libraries (jwcrypto, cryptography), and the world they need:
DID documents, keys and status lists on a small server that counts what is asked of it."""
import base64
import gzip
import hashlib
import http.server
import json
import os
import subprocess
import threading

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from jwcrypto import jwk, jws

from support import laurel

V2 = "https://www.w3.org/ns/credentials/v2"
OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


class World(http.server.ThreadingHTTPServer):
    """Serves `pages` (path to bytes or status); `asked` lists every path that was asked for, with its headers."""

    def __init__(self):
        self.pages, self.asked = {}, []
        world = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                world.asked.append((self.path, dict(self.headers)))
                page = world.pages.get(self.path, 404)
                self.send_response(page if isinstance(page, int) else 200)
                if page == 302:
                    self.send_header("Location", f"http://127.0.0.1:{world.server_port}/secret")
                self.end_headers()
                if isinstance(page, bytes):
                    self.wfile.write(page)

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Issuer:
    """did:web on the small server, with an RSA key for tokens and an Ed25519 key for embedded proofs."""

    def __init__(self, world):
        self.world, self.did = world, f"did:web:127.0.0.1%3A{world.server_port}"
        self.rsa = jwk.JWK.generate(kty="RSA", size=2048)
        self.ec = jwk.JWK.generate(kty="EC", crv="P-256")
        self.ed = ed25519.Ed25519PrivateKey.generate()
        raw = self.ed.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        method = {"controller": self.did, "type": "JsonWebKey"}
        self.document = {"id": self.did, "verificationMethod": [
            {**method, "id": self.did + "#rsa", "publicKeyJwk": self.rsa.export_public(as_dict=True)},
            {**method, "id": self.did + "#ec", "publicKeyJwk": self.ec.export_public(as_dict=True)},
            {**method, "id": self.did + "#ed", "type": "Multikey", "publicKeyMultibase": "z" + base58(b"\xed\x01" + raw)}],
            "assertionMethod": [self.did + "#rsa", self.did + "#ec", self.did + "#ed"]}
        self.publish()

    def publish(self):
        self.world.pages["/.well-known/did.json"] = json.dumps(self.document).encode()

    def credential(self, **changes):
        return {"@context": [V2, OB], "id": "https://badges.example.edu/credentials/1",
                "type": ["VerifiableCredential", "OpenBadgeCredential"],
                "issuer": {"id": self.did, "type": ["Profile"], "name": "Example College"},
                "validFrom": "2024-03-01T09:00:00Z", "name": "Lion taming",
                "credentialSubject": {"id": "did:key:z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi",
                                      "type": ["AchievementSubject"], "achievement": {
                                          "id": "https://badges.example.edu/achievements/lion-taming", "type": ["Achievement"],
                                          "criteria": {"narrative": "Tame one lion, twice."}, "description": "Can tame a lion.",
                                          "name": "Lion taming"}}, **changes}

    def token(self, credential, alg="RS256"):
        claims = {**credential, "iss": self.did, "jti": credential["id"], "sub": credential["credentialSubject"]["id"],
                  "nbf": 1709283600}
        key, name = (self.rsa, "#rsa") if alg == "RS256" else (self.ec, "#ec")
        token = jws.JWS(json.dumps(claims).encode())
        token.add_signature(key, None, json.dumps({"alg": alg, "kid": self.did + name, "typ": "JWT"}))
        return token.serialize(compact=True)

    def proven(self, credential):
        """eddsa-jcs-2022; the texts are ASCII and there are no numbers, so sorted compact JSON is JCS."""
        def jcs(value):
            return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).digest()
        proof = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": "2024-03-01T09:00:05Z",
                 "verificationMethod": self.did + "#ed", "proofPurpose": "assertionMethod",
                 "@context": credential["@context"]}
        signature = self.ed.sign(jcs(proof) + jcs(credential))
        return {**credential, "proof": [{**proof, "proofValue": "z" + base58(signature)}]}

    def status(self, *revoked):
        bits = bytearray(16384)
        for index in revoked:
            bits[index // 8] |= 0x80 >> index % 8
        url = f"http://127.0.0.1:{self.world.server_port}/status/1"
        encoded = "u" + base64.urlsafe_b64encode(gzip.compress(bytes(bits))).decode().rstrip("=")
        credential = {"@context": [V2], "id": url, "type": ["VerifiableCredential", "BitstringStatusListCredential"],
                      "issuer": self.did, "validFrom": "2024-03-01T09:00:00Z", "credentialSubject": {
                          "id": url + "#list", "type": "BitstringStatusList", "statusPurpose": "revocation",
                          "encodedList": encoded}}
        self.world.pages["/status/1"] = json.dumps(self.proven(credential)).encode()
        return {"id": url + "#7", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
                "statusListIndex": "7", "statusListCredential": url}


class Bench:
    def __init__(self, folder):
        self.folder, self.world = folder, World()
        self.issuer = Issuer(self.world)
        self.config = folder / "laurel.conf"
        self.listed = [f"127.0.0.1:{self.world.server_port}"]

    def verify(self, badge, *options, listed=True, name="badge"):
        """Exit status and the report; `badge` is text, bytes or a JSON value."""
        if isinstance(badge, dict):
            badge = json.dumps(badge)
        (self.folder / name).write_bytes(badge if isinstance(badge, bytes) else badge.encode())
        return self.ask(str(self.folder / name), *options, listed=listed)

    def ask(self, what, *options, listed=True):
        self.config.write_text('database = "dbname=none";\nbase_url = "http://127.0.0.1:1";\nlisten = "unix:/nowhere";\n'
                               f'master_key_file = "/nowhere";\noutbound_allow = {json.dumps(self.listed if listed else [])};\n')
        self.world.asked.clear()
        done = subprocess.run([str(laurel.program()), "-c", str(self.config), "verify", what, "--json", *options],
                              capture_output=True, text=True, timeout=60)
        assert not any(word in done.stderr for word in laurel.SANITIZER_WORDS), done.stderr
        report = json.loads(done.stdout)
        assert report["valid"] == (done.returncode == 0)
        return done.returncode, {check["check"]: check["verdict"] for check in report["checks"]}, report


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.world.shutdown()
    bench.world.server_close()


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_a_token_that_jwcrypto_signed_is_valid(bench, alg):
    status, checks, report = bench.verify(bench.issuer.token(bench.issuer.credential(), alg))
    assert status == 0, report
    assert set(checks.values()) == {"passed"}
    assert [path for path, _ in bench.world.asked] == ["/.well-known/did.json"]


def test_a_proof_that_cryptography_signed_is_valid_and_forgery_is_not(bench):
    badge = bench.issuer.proven(bench.issuer.credential())
    assert bench.verify(badge)[0] == 0
    badge["credentialSubject"]["achievement"]["name"] = "Dragon taming"
    status, checks, _ = bench.verify(badge)
    assert status == 1 and checks["signature"] == "failed" and checks["issuer"] == "passed"


def test_the_bit_of_the_status_list_decides(bench):
    badge = bench.issuer.proven(bench.issuer.credential(credentialStatus=bench.issuer.status(6, 8)))
    assert bench.verify(badge)[0] == 0
    bench.issuer.status(7)
    status, checks, report = bench.verify(badge)
    assert status == 1 and checks["status"] == "failed"
    assert any("revoked" in check["text"] for check in report["checks"])
    bench.world.pages["/status/1"] = 500
    assert bench.verify(badge)[1]["status"] == "not_possible"


def test_the_address_is_checked_when_asked(bench):
    credential = bench.issuer.credential()
    digest = hashlib.sha256(b"ada@example.orgpepper").hexdigest()
    credential["credentialSubject"]["identifier"] = [
        {"type": "IdentityObject", "hashed": True, "identityHash": "sha256$" + digest, "identityType": "emailAddress",
         "salt": "pepper"}]
    badge = bench.issuer.token(credential)
    assert bench.verify(badge, "--email", "Ada@example.org")[0] == 0
    status, checks, _ = bench.verify(badge, "--email", "bob@example.org")
    assert status == 1 and checks["recipient"] == "failed"
    assert "recipient" not in bench.verify(badge)[1]


def test_a_url_is_fetched_and_judged(bench):
    bench.world.pages["/badge.jwt"] = bench.issuer.token(bench.issuer.credential()).encode()
    status, _, report = bench.ask(f"http://127.0.0.1:{bench.world.server_port}/badge.jwt")
    assert status == 0, report


def test_a_hosted_badge_of_2_0_is_what_its_address_shows_until_it_is_gone(bench):
    base = f"http://127.0.0.1:{bench.world.server_port}"
    pages = {"/a": {"type": "Assertion", "badge": base + "/b", "verification": {"type": "HostedBadge"},
                    "recipient": {"type": "email", "hashed": False, "identity": "ada@example.org"},
                    "issuedOn": "2024-03-01T09:00:00Z"},
             "/b": {"type": "BadgeClass", "name": "Lion taming", "description": "x", "image": base + "/i.png",
                    "criteria": {"narrative": "x"}, "issuer": base + "/i"},
             "/i": {"type": "Issuer", "name": "College", "url": base, "email": "badges@example.edu"}}
    for path, page in pages.items():
        page |= {"@context": "https://w3id.org/openbadges/v2", "id": base + path}
        bench.world.pages[path] = json.dumps(page).encode()
    status, checks, report = bench.verify(pages["/a"], "--email", "ada@example.org")
    assert status == 0 and checks["recipient"] == "passed", report
    bench.world.pages["/a"] = 410
    status, checks, report = bench.verify(pages["/a"])
    assert status == 1 and any("withdrawn" in check["text"] for check in report["checks"])


def test_offline_asks_nobody_and_passes_nothing_it_could_not_check(bench):
    status, checks, _ = bench.verify(bench.issuer.token(bench.issuer.credential()), "--offline")
    assert status == 1 and checks["signature"] == "not_possible"
    assert bench.world.asked == []


def test_this_machine_is_reached_only_where_it_is_listed(bench):
    status, checks, _ = bench.verify(bench.issuer.token(bench.issuer.credential()), listed=False)
    assert status == 1 and checks["signature"] == "not_possible"
    assert bench.world.asked == []


def test_nothing_secret_is_sent_and_redirects_are_not_followed(bench):
    bench.world.pages["/.well-known/did.json"] = 302
    status, checks, report = bench.verify(bench.issuer.token(bench.issuer.credential()))
    assert status == 1 and checks["signature"] == "not_possible"
    assert any("sends on to another address" in check["text"] for check in report["checks"])
    (path, headers), = bench.world.asked
    assert path == "/.well-known/did.json"
    assert not {"authorization", "cookie"} & {name.lower() for name in headers}


def test_an_answer_of_more_than_256_kib_is_not_taken(bench):
    bench.issuer.document["filler"] = "x" * (256 << 10)
    bench.issuer.publish()
    assert bench.verify(bench.issuer.token(bench.issuer.credential()))[1]["signature"] == "not_possible"


def test_without_configuration_it_works_and_reaches_nothing_private(bench, tmp_path):
    path = tmp_path / "badge"
    path.write_text(bench.issuer.token(bench.issuer.credential()))
    done = subprocess.run([str(laurel.program()), "verify", str(path)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LAUREL_CONF": str(tmp_path / "none.conf")})
    assert done.returncode == 1 and "It could not be checked to the end." in done.stdout and "\x1b" not in done.stdout
    assert done.stderr.startswith("laurel: ") and bench.world.asked == []


@pytest.mark.parametrize("name", ["/nonexistent", "/"])
def test_a_file_that_cannot_be_read_is_one_sentence(bench, name):
    done = subprocess.run([str(laurel.program()), "verify", name], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and not done.stdout and name in done.stderr
