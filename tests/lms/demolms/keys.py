"""The platform's signing key, and the tool's keys as Moodle fetches, caches and uses them."""
import base64
import hmac
import json
import secrets
import urllib.error
import urllib.request
from datetime import datetime, timezone
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from jwcrypto import jwk, jws
from jwcrypto.common import JWException

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class PlatformKey:
    """An RSA key with Moodle's way of naming it."""

    def __init__(self):
        self.kid = secrets.token_hex(10)
        self.jwk = jwk.JWK.generate(kty="RSA", size=2048)
        self._private = self.jwk.get_op_key("sign")

    def public(self):
        numbers = json.loads(self.jwk.export_public())
        return {"kty": "RSA", "alg": "RS256", "kid": self.kid, "e": numbers["e"], "n": numbers["n"], "use": "sig"}

    def verifies(self, token):
        """Whether this key signed `token`."""
        try:
            envelope = jws.JWS()
            envelope.deserialize(token)
            envelope.verify(self.jwk, "RS256")
            return True
        except (JWException, ValueError, TypeError):
            return False

    def sign(self, claims, header_delta=None):
        """A compact JWS. The header may be bent for negative tests: `none`, HS256 with the public key
        as its secret, the other RSA algorithms; whatever else is named, the signature is RS256."""
        header = merge_patch({"typ": "JWT", "alg": "RS256", "kid": self.kid}, header_delta or {})
        signed = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
        return signed + "." + b64(self._signature(str(header.get("alg", "")), signed.encode()))

    def _signature(self, alg, data):
        if alg.lower() == "none":
            return b""
        if alg == "HS256":
            return hmac.new(self.jwk.export_to_pem(), data, sha256).digest()
        hash_type = HASHES.get(alg[2:], hashes.SHA256)
        if alg.startswith("PS"):
            scheme = padding.PSS(padding.MGF1(hash_type()), hash_type.digest_size)
        else:
            scheme = padding.PKCS1v15()
        return self._private.sign(data, scheme, hash_type())


def merge_patch(target, patch):
    """RFC 7396: null deletes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def seal(secret, claims):
    """A parameter only this platform can have made: an HS256 token."""
    signed = b64(b'{"typ":"JWT","alg":"HS256"}') + "." + b64(json.dumps(claims).encode())
    return signed + "." + b64(hmac.new(secret, signed.encode(), sha256).digest())


def read_sealed(secret, token):
    """What `seal` put in; None when it was somebody else's, or changed. `exp` is the caller's to check."""
    signed, _, mac = token.rpartition(".")
    good = b64(hmac.new(secret, signed.encode(), sha256).digest())
    return json.loads(unb64(signed.partition(".")[2])) if hmac.compare_digest(mac.encode(), good.encode()) else None


class KeysetUnavailable(Exception):
    """The tool's JWKS could not be fetched or read: Moodle answers with an HTML page and 404."""


class TokenRefused(Exception):
    """The tool's JWT was refused; the text is Moodle's (php-jwt's) own."""


def decode_unverified(token):
    """(header, claims), or None when it is no JWT at all."""
    try:
        head, body, _ = token.split(".")
        header, claims = json.loads(unb64(head)), json.loads(unb64(body))
        return (header, claims) if isinstance(header, dict) and isinstance(claims, dict) else None
    except (ValueError, UnicodeDecodeError):
        return None


class ToolKeys:
    """Verifies the tool's tokens. The keyset is cached; any failure downloads it again and retries."""

    def __init__(self, school):
        self.school = school
        self._cached = {}       # JWKS address -> keys
        self.fetches = 0

    def verify(self, token, tool):
        """The claims of a good token of this registration. Raises TokenRefused or KeysetUnavailable. Call it without the lock."""
        url = tool.jwks_url
        if url in self._cached:
            try:
                return self._decode(token, self._cached[url])
            except TokenRefused:
                pass
        self._cached[url] = self._fetch(url)
        return self._decode(token, self._cached[url])

    def _fetch(self, url):
        quirks = self.school.quirks
        if quirks.ssrf_filter and quirks.version == "4.5":
            raise KeysetUnavailable("fix_jwks_alg(): Argument #1 ($jwks) must be of type array, null given")
        headers = {}
        if quirks.version == "4.5":
            headers = {"User-Agent": f"MoodleBot/4.5 (+{self.school.public_url})", "Accept": "*/*"}
        request = urllib.request.Request(url, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.addheaders = []
        self.fetches += 1
        try:
            with opener.open(request, timeout=10) as reply:
                keys = json.loads(reply.read(1 << 20))["keys"]
                return {key["kid"]: key for key in keys if isinstance(key, dict) and "kid" in key}
        except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError) as problem:
            raise KeysetUnavailable(str(problem)) from problem

    def _decode(self, token, keys):
        modern = self.school.quirks.version == "4.5"
        parts = decode_unverified(token)
        if parts is None:
            raise TokenRefused("Wrong number of segments")
        header, claims = parts
        kid = header.get("kid")
        if kid is None:
            raise TokenRefused("error/Error: kid must be provided in JWT header." if modern
                               else '"kid" empty, unable to lookup correct key')
        if header.get("alg") not in ("RS256", "RS384", "RS512", "ES256", "ES384", "HS256", "HS384", "HS512", "EdDSA"):
            raise TokenRefused("Algorithm not supported")
        if kid not in keys:
            raise TokenRefused('"kid" invalid, unable to lookup correct key')
        key = dict(keys[kid])
        if not modern and "alg" not in key:
            raise TokenRefused('JWK must contain an "alg" parameter')
        if header["alg"] != key.get("alg", "RS256") or header["alg"] != "RS256":
            raise TokenRefused("Incorrect key for this algorithm")
        try:
            envelope = jws.JWS()
            envelope.deserialize(token)
            envelope.verify(jwk.JWK(**key), "RS256")
        except (JWException, ValueError, TypeError) as problem:
            raise TokenRefused("Signature verification failed") from problem
        self._check_times(claims, modern)
        return claims

    def _check_times(self, claims, modern):
        now = self.school.now()
        for name in ("nbf", "iat"):
            if name in claims and (not isinstance(claims[name], (int, float)) or claims[name] > now):
                when = datetime.fromtimestamp(int(claims[name]), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+0000")
                raise TokenRefused(f"Cannot handle token with {name} prior to {when}" if modern
                                   else f"Cannot handle token prior to {when}")
        if "exp" in claims and now >= claims["exp"]:
            raise TokenRefused("Expired token")
