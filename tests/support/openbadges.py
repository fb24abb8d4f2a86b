"""An issuer's documents judged by other people's programs: PyLD's JSON-LD and RDF canonicalisation, cryptography's
Ed25519, jwcrypto's tokens, jsonschema with 1EdTech's schema. The contexts and the schema are not in this repository:
$LAUREL_SHARED_DATA, else ../shared/data."""
import base64
import gzip
import hashlib
import json
import os
import pathlib
import sys

import jsonschema
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from jwcrypto import jwk, jws
from pyld import jsonld

FOLDER = pathlib.Path(os.environ.get("LAUREL_SHARED_DATA") or pathlib.Path(__file__).parents[3] / "shared/data") / "openbadges"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def is_there():
    """Whether contexts and schemas can be read; says loudly when not."""
    if FOLDER.is_dir():
        return True
    print(f"\n{'*' * 64}\nNOT RUN: {FOLDER} is absent.\nSet LAUREL_SHARED_DATA to the folder that holds openbadges/.\n{'*' * 64}\n",
          file=sys.stderr)
    return False


def loader(url, options=None):
    """Contexts from the folder; nothing is fetched."""
    index = json.loads((FOLDER / "contexts/index.json").read_text())
    entry = index[url]
    name = entry if isinstance(entry, str) else entry["file"]
    return {"contextUrl": None, "documentUrl": url, "contentType": "application/ld+json",
            "document": json.loads((FOLDER / "contexts" / name).read_text())}


def check_schema(credential):
    """1EdTech's strict schema, dates included."""
    schema = json.loads((FOLDER / "schemas/ob_v3p0_achievementcredential_schema.json").read_text())
    jsonschema.Draft201909Validator(schema, format_checker=jsonschema.FormatChecker()).validate(credential)


def unbase58(text):
    number = 0
    for letter in text:
        number = number * 58 + BASE58.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def canonical_hash(document):
    lines = jsonld.normalize(document, {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": loader})
    return hashlib.sha256(lines.encode()).digest()


def key_of(document, name):
    """The Ed25519 key of a DID document's verification method, if it is listed for credentials."""
    assert name in document["assertionMethod"]
    [method] = [m for m in document["verificationMethod"] if m["id"] == name]
    assert method["controller"] == document["id"] and method["type"] == "Multikey"
    raw = unbase58(method["publicKeyMultibase"][1:])
    assert raw[:2] == b"\xed\x01"
    return ed25519.Ed25519PublicKey.from_public_bytes(raw[2:])


def proof_is_right(credential, did_document):
    """eddsa-rdfc-2022 (Data Integrity EdDSA Cryptosuites 3.2)."""
    document = {k: v for k, v in credential.items() if k != "proof"}
    [proof] = credential["proof"]
    options = {"@context": document["@context"], **{k: v for k, v in proof.items() if k != "proofValue"}}
    assert proof["cryptosuite"] == "eddsa-rdfc-2022" and proof["proofPurpose"] == "assertionMethod"
    try:
        key_of(did_document, proof["verificationMethod"]).verify(
            unbase58(proof["proofValue"][1:]), canonical_hash(options) + canonical_hash(document))
        return True
    except InvalidSignature:
        return False


def token_payload(token, key):
    """Header and payload of a token that jwcrypto verified with the bare JWK."""
    signed = jws.JWS()
    signed.deserialize(token)
    signed.verify(jwk.JWK.from_json(json.dumps(key)))
    return json.loads(signed.jose_header if isinstance(signed.jose_header, str) else json.dumps(signed.jose_header)), \
        json.loads(signed.payload)


def bits(status_list):
    """The indices that are set, and how many there are (Bitstring Status List 1.0, 3.3)."""
    text = status_list["credentialSubject"]["encodedList"]
    assert text[0] == "u"
    data = gzip.decompress(base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)))
    return {i * 8 + n for i, byte in enumerate(data) for n in range(8) if byte & (0x80 >> n)}, len(data) * 8
