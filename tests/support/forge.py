"""A forge of LTI 1.3 launches: a small platform that signs whatever a test asks for, good or bad.

A Platform owns RSA keys, serves its key set over HTTP on loopback (with counters and bad moods) and builds the
claims of a good launch, to which a test applies a delta (JSON merge patch: null deletes) or bytes of its own."""
import base64
import copy
import hashlib
import hmac
import http.server
import json
import secrets
import threading
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
LEARNER, INSTRUCTOR = MEMBERSHIP + "Learner", MEMBERSHIP + "Instructor"
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def merge(document, delta):
    """RFC 7396 on a copy."""
    if not isinstance(delta, dict):
        return copy.deepcopy(delta)
    result = copy.deepcopy(document) if isinstance(document, dict) else {}
    for name, value in delta.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


class Null:
    """A JSON null that a merge patch keeps, since None there means: delete."""


def unnull(value):
    if value is Null:
        return None
    if isinstance(value, dict):
        return {k: unnull(v) for k, v in value.items()}
    if isinstance(value, list):
        return [unnull(v) for v in value]
    return value


class Key:
    """An RSA key pair with a kid."""

    def __init__(self, kid=None, bits=2048, exponent=65537):
        self.private = rsa.generate_private_key(public_exponent=exponent, key_size=bits)
        self.kid = kid or "k-" + secrets.token_hex(6)

    def jwk(self, **changes):
        public = self.private.public_key().public_numbers()
        return {name: value for name, value in {
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": number(public.n), "e": number(public.e),
            **changes}.items() if value is not None}

    def private_jwk(self):
        numbers = self.private.private_numbers()
        return self.jwk(d=number(numbers.d), p=number(numbers.p), q=number(numbers.q))

    def public_bytes(self, encoding="PEM"):
        return self.private.public_key().public_bytes(
            getattr(serialization.Encoding, encoding), serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data, alg="RS256"):
        if alg.startswith("PS"):
            digest = HASHES[alg[2:]]()
            return self.private.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return self.private.sign(data, padding.PKCS1v15(), HASHES[alg[2:]]())


class EcKey:
    def __init__(self, kid=None):
        self.private, self.kid = ec.generate_private_key(ec.SECP256R1()), kid or "ec-" + secrets.token_hex(6)

    def jwk(self):
        public = self.private.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
                "x": b64url(public.x.to_bytes(32, "big")), "y": b64url(public.y.to_bytes(32, "big"))}

    def sign(self, data, _alg="ES256"):
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class EdKey:
    def __init__(self, kid=None):
        self.private, self.kid = ed25519.Ed25519PrivateKey.generate(), kid or "ed-" + secrets.token_hex(6)

    def jwk(self):
        raw = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": b64url(raw)}

    def sign(self, data, _alg="EdDSA"):
        return self.private.sign(data)


def jws(header, payload, sign):
    """header and payload are objects or ready bytes; sign(bytes) gives the signature's bytes."""
    parts = [b64url(part if isinstance(part, bytes) else compact(part)) for part in (header, payload)]
    signed = ".".join(parts)
    return f"{signed}.{b64url(sign(signed.encode()))}"


def hmac_signer(secret, digest=hashlib.sha256):
    return lambda data: hmac.new(secret, data, digest).digest()


class KeysetHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        platform = self.server.platform
        if self.path != "/jwks":
            platform.strangers.append(self.path)
            return self.answer(404, b"")
        platform.fetches += 1
        if platform.down:
            return self.answer(503, b"<html>down</html>")
        if platform.slow_s:
            time.sleep(platform.slow_s)
        return self.answer(200, compact(platform.keyset()))

    do_POST = do_GET

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.server.platform.clock_off_s)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Platform:
    """One registration at one platform. `keys` are published; `key` signs. Set `jwks` to publish a list as it is."""

    def __init__(self, name="forge", *, issuer=None, client_id=None, deployment="dep-1", kid=None, serve_as=None):
        self.name, self.deployment = name, deployment
        self.key = Key(kid)
        self.keys = [self.key]
        self.jwks = None
        self.fetches, self.strangers, self.down, self.slow_s = 0, [], False, 0
        self.clock_off_s = 0    # of the Date header
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), KeysetHandler)
        self.server.daemon_threads = True
        self.server.platform = self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.port = self.server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.issuer = issuer or self.base
        self.client_id = client_id or f"client-{name}"
        self.slug = None     # of the registration, known once it is added
        self.login_url = self.launch_url = None

    auth_url = property(lambda self: self.base + "/auth")
    token_url = property(lambda self: self.base + "/token")
    jwks_url = property(lambda self: self.base + "/jwks")

    def keyset(self):
        return {"keys": self.jwks if self.jwks is not None else [key.jwk() for key in self.keys]}

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def header(self, **delta):
        return merge({"typ": "JWT", "alg": "RS256", "kid": self.key.kid}, delta)

    def claims(self, nonce, delta=None, *, sub=None, roles=(LEARNER,), context="course-1"):
        """A good resource link launch for the registered target, changed by the delta."""
        now = int(time.time())
        sub = sub or "person-" + secrets.token_hex(8)
        good = {
            "iss": self.issuer, "aud": self.client_id, "sub": sub, "iat": now, "exp": now + 300, "nonce": nonce,
            "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "email": "ada@school.example",
            "locale": "en",
            LTI + "version": "1.3.0", LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "deployment_id": self.deployment, LTI + "target_link_uri": self.launch_url,
            LTI + "resource_link": {"id": f"link-{context}", "title": "Badges"},
            LTI + "roles": list(roles),
            LTI + "context": {"id": context, "label": "LAB", "title": "Lab skills",
                              "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"]},
            LTI + "tool_platform": {"guid": f"guid-{self.name}", "name": self.name, "product_family_code": "forge"},
            LTI + "launch_presentation": {"document_target": "iframe", "locale": "en"},
        }
        return unnull(merge(good, delta or {}))

    def token(self, nonce, delta=None, *, header=None, key=None, alg="RS256", sign=None, payload=None, **more):
        """A signed token. payload: bytes or object instead of the claims; header: delta, or bytes as they are."""
        if payload is None:
            payload = self.claims(nonce, delta, **more)
        head = header if isinstance(header, bytes) else unnull(self.header(**{"alg": alg, **(header or {})}))
        signer = sign or (lambda data: (key or self.key).sign(data, alg))
        return jws(head, payload, signer)
