"""Bad launches as data: attacks.md A-C and the certification's known bad launches (lti.md 2.1), one row or more each.

A case makes the token from a platform and a fresh nonce; everything else about the launch is good, so that only the
tested defect explains the refusal. `reason` is the reason word that the log must give."""
import base64
import dataclasses
import json
import time
import typing

from support.forge import INSTRUCTOR, LTI, Null, b64url, compact, hmac_signer

from .judge import cube_root_forgery, padded_digest

LONG = "x" * 256
NO_LATER = 10 * 365 * 86400


@dataclasses.dataclass
class Case:
    id: str
    reason: str
    make: typing.Callable       # (house, nonce) -> token
    status: tuple = (401,)
    platform: str = "a"
    login: dict = dataclasses.field(default_factory=dict)   # what the login says otherwise


def delta(id, reason, changes, **more):
    """A launch whose claims differ from a good one by a merge patch; a callable gets the current time."""
    def make(house, nonce):
        patch = changes(int(time.time())) if callable(changes) else changes
        return getattr(house, more.get("platform", "a")).token(nonce, patch)
    return Case(id, reason, make, **more)


def header(id, reason, **changes):
    return Case(id, reason, lambda house, nonce: house.a.token(nonce, header=changes))


def payload(id, reason, bend, **more):
    """bend: bytes of a good payload -> bytes."""
    def make(house, nonce):
        return house.a.token(nonce, payload=bend(compact(house.a.claims(nonce))))
    return Case(id, reason, make, **more)


def text(id, reason, bend, status=(401,)):
    """bend: a good compact token -> text."""
    return Case(id, reason, lambda house, nonce: bend(house.a.token(nonce)), status)


def claim(name, value):
    """Puts raw JSON in the place of a claim: json.dumps would refuse to write it."""
    marker = b'"@raw@"'
    return lambda body: compact({**json.loads(body), name: "@raw@"}).replace(marker, value)


def with_signature(bend):
    def change(token):
        head, body, signature = token.split(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        return ".".join((head, body, b64url(bend(raw))))
    return change


def as_learner_then_teacher(token):
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims[LTI + "roles"] = [INSTRUCTOR]
    return ".".join((head, b64url(compact(claims)), signature))


def stray_bits(token):
    """The same signature bytes, but the last character carries bits that belong to no byte."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) | 1]


def plain_base64(token):
    head, body, signature = token.split(".")
    return ".".join((head, body, signature.replace("-", "+").replace("_", "/")))


def with_secret(kind):
    def make(house, nonce):
        key = house.a.key
        secret = {"pem": key.public_bytes(), "pem-no-newline": key.public_bytes().rstrip(b"\n"),
                  "der": key.public_bytes("DER"), "jwk": compact(key.jwk())}[kind]
        return house.a.token(nonce, alg="HS256", sign=hmac_signer(secret))
    return make


def by_zoo(name, alg="RS256", sign=None):
    """Signed under the kid of one of the keys in the bad key set."""
    def make(house, nonce):
        key = house.bad_keys[name]
        return house.zoo.token(nonce, header={"kid": key.kid}, alg=alg, sign=sign, key=key)
    return make


def by_attacker(**header_delta):
    """The attacker's key, presented in the token itself under the victim's kid."""
    def make(house, nonce):
        own = {name: value(house.attacker) if callable(value) else value for name, value in header_delta.items()}
        return house.a.token(nonce, header=own, key=house.attacker.key)
    return make


def jwe(token):
    return ".".join((token.split(".")[0], "AA", "AA", "AA", "AA"))


def json_serialisation(token):
    head, body, signature = token.split(".")
    return json.dumps({"payload": body, "signatures": [{"protected": head, "signature": signature}]})


HEADER_AND_SIGNATURE = [
    # An empty part is no JWS to us, so the shape is judged first; with anything there, it is the alg.
    *[Case(f"A1-{alg}-{name}", reason, lambda house, nonce, alg=alg, junk=junk: house.a.token(nonce, alg=alg, sign=lambda _: junk))
      for alg in ("none", "None", "nOnE", "NONE") for name, reason, junk in (("bare", "jws|alg", b""), ("signed", "alg", b"none"))],
    *[Case(f"A2-{kind}", "alg", with_secret(kind)) for kind in ("pem", "pem-no-newline", "der", "jwk")],
    *[Case(f"A3-{alg}", "alg", lambda house, nonce, alg=alg: house.a.token(nonce, alg=alg))
      for alg in ("RS384", "RS512", "PS256")],
    Case("A3-ES256", "alg", by_zoo("ec", "ES256"), platform="zoo"),
    Case("A3-EdDSA", "alg", by_zoo("ed", "EdDSA"), platform="zoo"),
    header("A4-missing", "alg", alg=None),
    header("A4-number", "alg", alg=256), header("A4-array", "alg", alg=["RS256"]),
    *[Case(f"A4-twice-{second}", "header", lambda house, nonce, first=first, second=second: house.a.token(
        nonce, header=b'{"alg":"%s","kid":"shared-kid","alg":"%s"}' % (first, second.encode()), sign=house.a.key.sign))
      for first, second in ((b"RS256", "none"), (b"none", "RS256"))],
    header("A5-missing", "kid", kid=None), header("A5-empty", "kid", kid=""), header("A5-number", "kid", kid=7),
    header("A5-too-long", "kid", kid=LONG),
    *[header(f"A7-{n}", "kid", kid=kid) for n, kid in enumerate(
        ("../../../../dev/null", "file:///etc/passwd", "/proc/self/environ"))],
    *[header(f"A8-{n}", "header" if len(kid) > 8192 else "kid", kid=kid) for n, kid in enumerate(
        ("' OR 1=1 --", '"; DROP TABLE session; --', "%00", "k" * 10000, "\x01\x1b[31m\n", "\u202eabc"))],
    *[Case(f"A9-{name}", "signature", by_attacker(**{name: lambda attacker: attacker.jwks_url})) for name in ("jku", "x5u")],
    Case("A10-jwk", "signature", by_attacker(jwk=lambda attacker: attacker.key.jwk())),
    Case("A10-x5c", "signature", by_attacker(x5c=["MIIB"])),
    *[header(f"A11-{n}", "crit", **changes) for n, changes in enumerate(
        ({"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"crit": ["x-unknown"], "x-unknown": 1},
         {"crit": Null}))],
    *[text(f"A12-{name}", "jws", bend, (400, 401)) for name, bend in {
        "jwe": jwe, "json": json_serialisation, "two-parts": lambda t: t.rpartition(".")[0],
        "four-parts": lambda t: t + ".AA", "leading-dot": lambda t: "." + t, "trailing-dot": lambda t: t + ".",
        "space": lambda t: t.replace(".", " .", 1), "newline": lambda t: t + "\n", "empty-payload": lambda t: ".".join(
            (t.split(".")[0], "", t.split(".")[2]))}.items()],
    text("A13-padding", "jws", lambda t: t + "==", (400, 401)),
    text("A13-stray-bits", "jws", stray_bits, (400, 401)),
    Case("A13-alphabet", "jws", lambda house, nonce: next(
        t for t in (plain_base64(house.a.token(nonce)) for _ in range(99)) if "+" in t or "/" in t), (400, 401)),
    Case("A14-other-platforms-key", "signature", lambda house, nonce: house.a.token(nonce, key=house.b.key)),
    *[text(f"A16-{name}", "jws" if name == "stripped" else "signature", with_signature(bend)) for name, bend in {
        "stripped": lambda s: b"", "truncated": lambda s: s[:-1], "zeros": lambda s: bytes(len(s)),
        "longer": lambda s: s + b"\0", "huge": lambda s: s * 8, "flipped": lambda s: bytes([s[0] ^ 1]) + s[1:]}.items()],
    text("A17", "signature", as_learner_then_teacher),
    *[Case(f"A18-{name}", "signature" if name == "e-is-3" else "kid", by_zoo(name, sign=sign), platform="zoo") for name, sign in {
        "512-bit": None, "1024-bit": None, "e-is-1": padded_digest, "e-is-3": cube_root_forgery,
        "even-modulus": None}.items()],
    *[Case(f"A19-{name}", "kid", by_zoo(name), platform="zoo") for name in ("use-enc", "key-ops-encrypt", "alg-RS512", "oct")],
    *[Case(f"A20-{name}", "kid", by_zoo(name), platform="zoo") for name in ("double-1", "double-2")],
    *[header(f"A21-{typ}", "typ", typ=typ) for typ in ("at+jwt", "logout+jwt", "JWE", 7)],
    Case("A22", "kid", by_zoo("private-published"), platform="zoo"),
]

JSON_LEVEL = [
    payload("B1-sub", "json", lambda body: body[:-1] + b',"sub":"victim"}'),
    payload("B1-roles", "json", lambda body: body[:-1] + b',"%sroles":["%s"]}' % (LTI.encode(), INSTRUCTOR.encode())),
    payload("B1-escaped", "json", lambda body: body[:-1] + b',"\\u0073ub":"victim"}'),
    *[payload(f"B2-{name}", "json", lambda body, tail=tail: body + tail) for name, tail in {
        "word": b" x", "object": b"{}", "nul": b"\0text", "comma": b","}.items()],
    payload("B3-raw-nul", "json", claim("name", b'"a\0b"')),
    *[payload(f"B3-{name}", "json", claim(name, b'"victim\\u0000x"')) for name in ("iss", "sub", "email")],
    payload("B4-depth", "json", claim("deep", b"[" * 20000 + b"]" * 20000)),
    payload("B4-unclosed", "json", lambda body: b"[" * 20000),
    *[payload(f"B7-exp-{name}", "exp|json", claim("exp", value)) for name, value in {
        "1e400": b"1e400", "nan": b"NaN", "negative": b"-1", "string": b'"9999999999"', "true": b"true",
        "2to63": b"9223372036854775808", "2to64": b"18446744073709551616", "null": b"null"}.items()],
    payload("B7-iat-true", "iat", claim("iat", b"true")),
    *[payload(f"B8-{name}", "json", claim("name", value)) for name, value in {
        "invalid": b'"\xff"', "overlong": b'"\xc0\xaf"', "lone-surrogate": b'"\\ud800"', "surrogate-bytes": b'"\xed\xa0\x80"'}.items()],
    payload("B8-bom", "json", lambda body: b"\xef\xbb\xbf" + body),
    *[Case(f"B9-{name}", "iss", lambda house, nonce, bend=bend: house.a.token(nonce, {"iss": bend(house.a.issuer)}))
      for name, bend in {"combining": lambda i: i.replace("1", "1\u0301", 1), "full-width": lambda i: i.replace("h", "\uff48", 1),
                         "zero-width": lambda i: i + "\u200b", "upper": str.upper}.items()],
    *[delta(f"B10-{name}", reason, {claim_name: value}) for name, reason, claim_name, value in (
        ("roles-string", "roles", LTI + "roles", "Learner"), ("roles-object", "roles", LTI + "roles", {"a": "b"}),
        ("roles-numbers", "roles", LTI + "roles", [1]), ("link-array", "resource_link", LTI + "resource_link", []),
        ("link-text", "resource_link", LTI + "resource_link", "1"), ("aud-object", "aud", "aud", {"a": 1}),
        ("iss-number", "iss", "iss", 5), ("sub-number", "sub", "sub", 5), ("nonce-array", "nonce", "nonce", ["n"]),
        ("deployment-number", "deployment", LTI + "deployment_id", 1), ("target-array", "target_link_uri", LTI + "target_link_uri", []))],
    *[payload(f"B11-{name}", "json", lambda body, whole=whole: whole) for name, whole in {
        "null": b"null", "array": b"[]", "string": b'"x"', "number": b"1", "space": b" "}.items()],
    payload("B11-other-object", "iss", lambda body: b'{"hello":"world"}'),
    delta("B12-sub", "sub", {"sub": LONG}),
    delta("B12-deployment", "deployment", {LTI + "deployment_id": LONG}),
    delta("B12-link", "resource_link", {LTI + "resource_link": {"id": LONG}}),
    delta("B12-context", "context", {LTI + "context": {"id": LONG}}),
]

CLAIMS = [
    delta("C1-wrong", "iss", {"iss": "https://elsewhere.example"}), delta("C1-missing", "iss", {"iss": None}),
    *[Case(f"C1-{name}", "iss", lambda house, nonce, bend=bend: house.a.token(nonce, {"iss": bend(house.a.issuer)}))
      for name, bend in {"slash": lambda i: i + "/", "https": lambda i: i.replace("http:", "https:"),
                         "space": lambda i: i + " "}.items()],
    *[delta(f"C2-{n}", "aud", {"aud": aud}) for n, aud in enumerate(("someone-else", None, [], [1], ["client-a", 1], Null))],
    delta("C3", "aud", {"aud": ["client-a", "other"]}),
    delta("C4", "aud", {"aud": ["client-a", "other"], "azp": "client-a"}),
    delta("C5", "azp", {"azp": "other"}), delta("C5-number", "azp", {"azp": 5}),
    delta("C6-past", "exp", lambda now: {"iat": now - 400, "exp": now - 120}),
    delta("C6-missing", "exp", {"exp": None}),
    delta("C6-before-iat", "exp", lambda now: {"iat": now, "exp": now - 1}),
    delta("C7", "exp", lambda now: {"exp": now + NO_LATER}),
    delta("C8-future", "iat", lambda now: {"iat": now + 300, "exp": now + 600}),
    delta("C8-old", "iat", lambda now: {"iat": now - 3 * 3600}),
    delta("C8-missing", "iat", {"iat": None}), delta("C8-text", "iat", lambda now: {"iat": str(now)}),
    delta("C9", "nbf", lambda now: {"nbf": now + 300}), delta("C9-text", "nbf", {"nbf": "soon"}),
    delta("C13-missing", "nonce", {"nonce": None}), delta("C13-empty", "nonce", {"nonce": ""}),
    delta("C13-other", "nonce", {"nonce": "n-0123456789abcdef0123456789abcdef"}),
    *[delta(f"C14-{n}", "version", {LTI + "version": value}) for n, value in enumerate(
        ("1.3", 1.3, "1.3.0 ", "11.3", "1.1.0", "", None))],
    *[delta(f"C15-{n}", "message_type", {LTI + "message_type": value}) for n, value in enumerate(
        (None, "LtiUnknownRequest", "LtiDeepLinkingResponse", "ltiresourcelinkrequest", 1, ""))],
    delta("C16-missing", "deployment", {LTI + "deployment_id": None}),
    delta("C16-unknown", "deployment", {LTI + "deployment_id": "unknown"}),
    delta("C16-empty", "deployment", {LTI + "deployment_id": ""}),
    delta("C16-unknown-not-announced", "deployment", {LTI + "deployment_id": "unknown"}, login={"lti_deployment_id": None}),
    delta("C16-unknown-as-announced", "deployment", {LTI + "deployment_id": "unknown"}, login={"lti_deployment_id": "unknown"}),
    delta("C16-not-as-announced", "deployment", {}, login={"lti_deployment_id": "dep-other"}),
    Case("C16-of-another-registration", "deployment", lambda house, nonce: house.zoo.token(
        nonce, {LTI + "deployment_id": house.b.deployment}), platform="zoo", login={"lti_deployment_id": None}),
    delta("C17-missing", "resource_link", {LTI + "resource_link": None}),
    delta("C17-no-id", "resource_link", {LTI + "resource_link": {"id": None}}),
    delta("C17-empty", "resource_link", {LTI + "resource_link": {"id": ""}}),
    delta("C17-null", "resource_link", {LTI + "resource_link": {"id": Null}}),
    delta("C18-missing", "roles", {LTI + "roles": None}),
    delta("C19-missing", "sub", {"sub": None}), delta("C19-empty", "sub", {"sub": ""}),
    *[delta(f"C23-{n}", "target_link_uri", {LTI + "target_link_uri": target}) for n, target in enumerate((
        "https://evil.example/lti/launch", "javascript:alert(1)", "//evil.example/", "https://badges.forge.example@evil.example/",
        "https://badges.forge.example.evil.example/", "https://badges.forge.example:8443/lti/launch", "\\\\evil.example\\",
        "https://user@badges.forge.example/lti/launch", "http://badges.forge.example/lti/launch", "/lti/launch", "", None))],
]

CERTIFICATION = [       # lti.md 2.1
    header("cert-B1-no-kid", "kid", kid=None),
    header("cert-B2-incorrect-kid", "kid", kid="not-in-the-key-set"),
    delta("cert-B3-wrong-version", "version", {LTI + "version": "11.3"}),
    delta("cert-B4-no-version", "version", {LTI + "version": None}),
    payload("cert-B5-invalid-message", "iss", lambda body: b'{"name":"badger","class":"advanced_badger"}'),
    delta("cert-B6-missing-claims", "version",
          {LTI + name: None for name in ("version", "message_type", "deployment_id", "roles", "resource_link", "target_link_uri")}),
    delta("cert-B7-in-the-past", "exp", lambda now: {"iat": now - 86400, "exp": now - 82800}),
    delta("cert-B7-in-the-future", "iat", lambda now: {"iat": now + 86400, "exp": now + 90000}),
    payload("cert-B7-nonsense", "exp", lambda body: compact({**json.loads(body), "iat": 11111, "exp": 22222})),
    delta("cert-B8-no-message-type", "message_type", {LTI + "message_type": None}),
    delta("cert-B9-no-roles", "roles", {LTI + "roles": None}),
    delta("cert-B10-no-deployment", "deployment", {LTI + "deployment_id": None}),
    delta("cert-B11-no-link", "resource_link", {LTI + "resource_link": None}),
    delta("cert-B12-no-user", "sub", {"sub": None}),
]

ALL = HEADER_AND_SIGNATURE + JSON_LEVEL + CLAIMS + CERTIFICATION
assert len({case.id for case in ALL}) == len(ALL)
