"""What Laurel signs, judged by programs of others: 300 random credentials, and every way to change one."""
import copy
import gzip
import json
import random

import pytest

from support import laurel

openbadges = pytest.importorskip("support.openbadges", reason="needs python3-pyld and python3-jsonschema")
independent = pytest.importorskip("support.independent")

SEED, HOW_MANY = 20261128, 300
LIST = "https://badges.example.edu/status/0195e0c2-7c3f-7d3a-9d1e-0123456789ae"
INDEX = 94567
# Members without which nobody takes a credential.
NEEDED = {(), ("@context",), ("id",), ("type",), ("issuer",), ("issuer", "id"), ("issuer", "type"), ("validFrom",),
          ("credentialSubject",), ("credentialSubject", "id"), ("credentialSubject", "type"),
          ("credentialSubject", "achievement")} | {
              ("credentialSubject", "achievement", name) for name in ("id", "type", "criteria", "description", "name")}
# Members whose values are free text for people.
TEXTS = {"name", "description", "narrative", "role", "term", "licenseNumber", "official", "streetAddress", "addressLocality",
         "humanCode", "fieldOfStudy", "specialization", "version", "targetName", "targetDescription", "targetFramework",
         "targetCode", "tag", "value", "level", "salt", "identifier", "genre", "audience"}
LETTERS = "abc XYZ 019 .,;:!? \"'\\/<>{}[]()@#^`|~ \n äöüß éñ Ωλ ЖЯ אב عر हि 中文 かな 한글 e\u0301 \u00a0\u2028\u200d 🦁🏽‍🎓 \ufb01 \ue000"


def full(pipe):
    """A credential with nearly every member there is, of this issuer."""
    credential = json.loads((laurel.SOURCE / "tests/fixture/credential/eddsa-rdfc-2022-full.json").read_text())["unsecuredDocument"]
    credential["issuer"]["id"] = pipe.did["id"]
    # Two mentions of one thing say its type and name twice: one of them would not be missed.
    for number, path in enumerate(p for p in places(credential) if p[-1:] == ("id",) and p != ("id",) and p != ("issuer", "id")):
        if at(credential, path).startswith("data:") or path[-2] == "creator":
            at(credential, path[:-1])["id"] = f"https://badges.example.edu/things/{number}"
    credential["validFrom"], credential["validUntil"] = "2026-03-01T09:00:00Z", "2028-03-01T09:00:00Z"
    credential["credentialStatus"] = {"id": f"{LIST}#{INDEX}", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
                                      "statusListIndex": str(INDEX), "statusListCredential": LIST}
    return credential


def typical(pipe):
    """As Laurel issues one."""
    issuer, badge = pipe.did["id"], "https://badges.example.edu/badges/0195e0c2-7c3f-7d3a-9d1e-0123456789b0"
    return {"@context": full(pipe)["@context"][:2], "id": "https://badges.example.edu/awards/0195e0c2-7c3f-7d3a-9d1e-0123456789b1",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": {"id": issuer, "type": ["Profile"], "name": "Northside College", "url": "https://northside.example",
                       "email": "badges@northside.example"},
            "validFrom": "2026-03-01T09:00:00Z", "validUntil": "2028-03-01T09:00:00Z", "awardedDate": "2026-03-01T09:00:00Z",
            "name": "Safe Lab Worker", "credentialSubject": {
                "id": "urn:uuid:0195e0c2-7c3f-7d3a-9d1e-0123456789b2", "type": ["AchievementSubject"],
                "identifier": [{"type": "IdentityObject", "hashed": True, "identityHash": "sha256$" + 64 * "a", "salt": "pepper",
                                "identityType": "emailAddress"}],
                "achievement": {"id": badge, "type": ["Achievement"], "name": "Safe Lab Worker", "description": "Works safely.",
                                "criteria": {"narrative": "The quiz, and\ntwo of *three* labs."}, "achievementType": "Badge",
                                "image": {"id": badge + "/image.svg", "type": "Image", "caption": "A flask"}, "tag": ["science", "labs"],
                                "alignment": [{"type": ["Alignment"], "targetName": "Safety", "targetUrl": "https://frameworks.example/s"}]}},
            "credentialStatus": full(pipe)["credentialStatus"]}


def status_list(pipe, *marked):
    bits = bytearray(16384)
    for index in marked:
        bits[index // 8] |= 0x80 >> index % 8
    return {"@context": [full(pipe)["@context"][0]], "id": LIST, "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": pipe.did["id"], "validFrom": "2026-03-01T09:00:00Z", "credentialSubject": {
                "id": LIST + "#list", "type": "BitstringStatusList", "statusPurpose": "revocation",
                "encodedList": "u" + independent.pad(gzip.compress(bytes(bits), mtime=0))}}


def places(value, path=()):
    """Paths of everything inside, the outer before the inner."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield path
    for key, child in inside:
        yield from places(child, (*path, key))


def at(value, path):
    for step in path:
        value = value[step]
    return value


def changed(value, path, new):
    """A copy with something else at the path; `new` None: without it."""
    value = copy.deepcopy(value)
    *way, last = path
    if new is None:
        del at(value, way)[last]
    else:
        at(value, way)[last] = new
    return value


def vary(chance, value, path=()):
    """The value with members left out, lists shuffled, repeated and cut, texts and numbers made up."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if (*path, k) in NEEDED or k in ("id", "type") or chance.random() < 0.8}
        names = list(kept)
        chance.shuffle(names)
        return {name: vary(chance, kept[name], (*path, name)) for name in names}
    if isinstance(value, list) and path[-1] not in ("@context", "type"):
        some = [vary(chance, one, (*path, i)) for i, one in enumerate(value) if i == 0 or chance.random() < 0.7]
        if chance.random() < 0.2:
            some.append(copy.deepcopy(chance.choice(some)))
        if path[-1] != "allowedValue":
            chance.shuffle(some)
        return some
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if isinstance(value, str) and name in TEXTS and chance.random() < 0.5:
        return "".join(chance.choice(LETTERS) for _ in range(chance.randrange(1, 60)))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return chance.choice([value, chance.randrange(-9, 99), round(chance.uniform(-90, 90), chance.randrange(0, 9))])
    return value


@pytest.fixture(scope="module")
def pipe():
    if not independent.is_there():
        pytest.skip("the independent verifier cannot run here")
    pipe = independent.Pipe()
    yield pipe
    pipe.close()


def test_random_credentials_are_canonised_and_verified_alike(pipe):
    chance = random.Random(SEED)
    unsigned = [vary(chance, full(pipe)) for _ in range(HOW_MANY)]
    made = [pipe.sign(credential) for credential in unsigned]
    # Refused are only those that programs read in two ways.
    refused = [m["error"] for m in made if "error" in m]
    assert len(refused) < HOW_MANY / 4 and all("sort in two ways" in e or "too much alike" in e for e in refused), refused
    made = [m for m in made if "error" not in m]
    answers = independent.judge(pipe.did, [job for m in made for job in (
        {"verify": m["secured"]}, {"canonise": {k: v for k, v in m["secured"].items() if k != "proof"}})])
    for m, judged, canonised in zip(made, answers[::2], answers[1::2]):
        assert judged["verified"], judged
        assert canonised["nquads"] == m["nquads"]
        header, payload = openbadges.token_payload(m["token"], pipe.rsa)
        assert all(payload[name] == value for name, value in m["secured"].items() if name != "proof")


def other(value, path):
    """Something else of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if path[-1] in ("validFrom", "validUntil", "awardedDate", "created"):
        return value.replace("20", "19", 1) if path[-1] != "validUntil" else value.replace("2028", "2038")
    return value[:-1] + ("1" if value[-1] != "1" else "2")


def tampered(secured, is_brief):
    """(what was done, the credential afterwards): each leaf changed, each member left out, each list shortened; unless
    is_brief, each member called otherwise, and things put in."""
    for path in places(secured):
        value = at(secured, path)
        if not isinstance(value, (dict, list)):
            yield f"{path} changed", changed(secured, path, other(value, path))
        if path and isinstance(path[-1], str) and not is_brief:
            yield f"{path} called otherwise", changed(changed(secured, path, None), (*path[:-1], path[-1] + "x"), value)
        if path:
            yield f"{path} left out", changed(secured, path, None)
        if isinstance(value, dict) and path and not is_brief:
            yield f"{path} with more", changed(secured, path, {**value, "image": {"id": "https://evil.example/x.png", "type": "Image"}})
    for moment in ("validFrom", "validUntil", "awardedDate"):
        for to in ("2026-03-01T09:00:01Z", "2027-01-01T00:00:00Z"):
            yield f"{moment} is {to}", changed(secured, (moment,), to)


def both_refuse(pipe, cases, sources):
    """None of the cases is taken by anybody."""
    answers = independent.judge(pipe.did, [{"verify": credential} for _, credential in cases])
    for (what, credential), judged in zip(cases, answers):
        assert not pipe.verify(credential, sources)["valid"], f"ours takes it: {what}"
        assert not judged["verified"], f"theirs takes it: {what}"


@pytest.fixture(scope="module")
def web(pipe):
    """What verifiers find."""
    return {pipe.did_url: pipe.did, LIST: pipe.sign(status_list(pipe, 5))["secured"], pipe.kid: pipe.rsa}


@pytest.mark.parametrize("make", [typical, full])
def test_a_change_anywhere_is_refused_by_both(pipe, web, make):
    secured = pipe.sign(make(pipe))["secured"]
    report = pipe.verify(secured, web)
    assert report["valid"], report
    assert independent.judge(pipe.did, [{"verify": secured}])[0]["verified"]
    cases = list(tampered(secured, is_brief=make is full))
    assert len(cases) > 100
    both_refuse(pipe, cases, web)


def test_another_key_is_refused_by_both(pipe, web):
    secured = pipe.sign(typical(pipe))["secured"]
    stranger = independent.Pipe()
    try:
        foreign = copy.deepcopy(pipe.did)
        foreign["verificationMethod"][0]["publicKeyMultibase"] = stranger.did["verificationMethod"][0]["publicKeyMultibase"]
        forged = {**secured, "proof": [stranger.sign(typical(pipe))["proof"]]}
    finally:
        stranger.close()
    assert forged["proof"][0]["verificationMethod"] == secured["proof"][0]["verificationMethod"]
    for did, credential in ((foreign, secured), (pipe.did, forged)):
        assert not independent.judge(did, [{"verify": credential}])[0]["verified"]
        assert not pipe.verify(credential, {**web, pipe.did_url: did})["valid"]
    unlisted = {**pipe.did, "assertionMethod": pipe.did["assertionMethod"][1:]}
    assert not independent.judge(unlisted, [{"verify": secured}])[0]["verified"]
    assert not pipe.verify(secured, {**web, pipe.did_url: unlisted})["valid"]


def test_the_bit_decides_and_cannot_be_turned_back(pipe, web):
    secured, token = (made := pipe.sign(typical(pipe)))["secured"], made["token"]
    revoked = pipe.sign(status_list(pipe, 5, INDEX))["secured"]
    for badge in (secured, token):
        assert pipe.verify(badge, web)["valid"]
        assert not pipe.verify(badge, {**web, LIST: revoked})["valid"]
    assert independent.judge(pipe.did, [{"verify": revoked}])[0]["verified"] and INDEX in openbadges.bits(revoked)[0]
    # The same list with the bit taken out, or all of an older list under the newer proof.
    cleared = changed(revoked, ("credentialSubject", "encodedList"), status_list(pipe, 5)["credentialSubject"]["encodedList"])
    assert INDEX not in openbadges.bits(cleared)[0]
    assert not independent.judge(pipe.did, [{"verify": cleared}])[0]["verified"]
    assert not pipe.verify(secured, {**web, LIST: cleared})["valid"]
    # One bit of any other place as well.
    for index in (0, 6, INDEX - 1, INDEX + 1, 131071):
        other_bit = changed(web[LIST], ("credentialSubject", "encodedList"),
                            status_list(pipe, 5, index)["credentialSubject"]["encodedList"])
        assert not independent.judge(pipe.did, [{"verify": other_bit}])[0]["verified"]
        assert not pipe.verify(secured, {**web, LIST: other_bit})["valid"]


def test_a_change_of_a_token_is_refused_by_both(pipe, web):
    token = pipe.sign(typical(pipe))["token"]
    header, payload, signature = token.split(".")
    assert pipe.verify(token, web)["valid"] and openbadges.token_payload(token, pipe.rsa)
    cases = []
    for part in (0, 1):
        claims = json.loads(independent.unpad((header, payload)[part]))
        for path in places(claims):
            if path:
                forms = [changed(claims, path, None)]
                if not isinstance(at(claims, path), (dict, list)):
                    forms.append(changed(claims, path, other(at(claims, path), path)))
                for form in forms:
                    text = independent.pad(json.dumps(form, separators=(",", ":")).encode())
                    cases.append((path, f"{text}.{payload}.{signature}" if part == 0 else f"{header}.{text}.{signature}"))
    flipped = bytearray(independent.unpad(signature))
    flipped[100] ^= 1
    cases += [("signature", f"{header}.{payload}.{independent.pad(bytes(flipped))}"), ("unsigned", f"{header}.{payload}."),
              ("none", f"{independent.pad(b'{}')}.{payload}.{signature}")]
    for what, forged in cases:
        assert not pipe.verify(forged, web)["valid"], f"ours takes it: {what}"
        with pytest.raises(Exception, match="(?i)verif|invalid|sign|alg|format"):
            openbadges.token_payload(forged, pipe.rsa)
