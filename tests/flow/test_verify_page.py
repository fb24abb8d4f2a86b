"""/verify: what a stranger sees who checks a badge, and what our server does for strangers (DESIGN 7, verification)."""
import hashlib
import json
import re

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from flow.test_verify import Issuer, World, base58
from support import laurel, web


@pytest.fixture(scope="module")
def world():
    world = World()
    yield world
    world.shutdown()
    world.server_close()


@pytest.fixture(scope="module")
def house(cluster, world):
    """The world's port is one that platforms may live on: strangers must not be able to have it called."""
    place = laurel.Laurel(cluster, allow=[world.server_port])
    place.prepare().start()
    yield place
    place.close()


def digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).digest()


def signed_by_did_key(world, **changes):
    """A badge whose issuer's name is its key, so that nothing need be fetched (eddsa-jcs-2022, ASCII only)."""
    key = ed25519.Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    name = "z" + base58(b"\xed\x01" + raw)
    badge = Issuer(world).credential(**changes)
    badge["issuer"]["id"] = f"did:key:{name}"
    proof = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": "2024-03-01T09:00:05Z",
             "verificationMethod": f"did:key:{name}#{name}", "proofPurpose": "assertionMethod", "@context": badge["@context"]}
    return {**badge, "proof": [{**proof, "proofValue": "z" + base58(key.sign(digest(proof) + digest(badge)))}]}


def check(house, badge="", email="", file=None, **headers):
    """Sends the form as a browser does."""
    edge = "laurel-test-edge"
    parts = [("badge", None, badge), ("email", None, email)] + ([("file", "badge.bin", file)] if file is not None else [])
    body = b""
    for name, filename, value in parts:
        body += f'--{edge}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        body += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'.encode() if filename else b""
        body += b"\r\n\r\n" + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    sent = {"Content-Type": f"multipart/form-data; boundary={edge}", "Sec-Fetch-Site": "same-origin", **headers}
    return web.Browser().request("POST", house.base + "/verify", body=body + f"--{edge}--\r\n".encode(), headers=sent)


def verdicts(reply):
    return dict(re.findall(r"<strong>([^<]*):</strong> ([^<]*)<", reply.text))


def test_a_good_badge_is_said_to_be_valid_and_nothing_of_it_is_kept(house, world):
    before = house.rows("SELECT count(*) FROM pg_stat_user_tables WHERE n_tup_ins > 0")
    reply = check(house, json.dumps(signed_by_did_key(world)))
    assert reply.status == 200 and "This badge is valid" in reply.text and "Lion taming" in reply.text, reply.text
    assert set(verdicts(reply).values()) == {"Passed"}
    assert house.rows("SELECT count(*) FROM pg_stat_user_tables WHERE n_tup_ins > 0") == before
    assert reply.header("Cache-Control") == "no-store" and not reply.all("Set-Cookie")


def test_a_changed_badge_is_not_valid_and_the_page_says_which_check(house, world):
    badge = signed_by_did_key(world)
    badge["credentialSubject"]["achievement"]["name"] = "<script>alert(1)</script>"
    reply = check(house, file=json.dumps(badge))
    assert "This badge is not valid" in reply.text and "<script>alert" not in reply.text
    assert verdicts(reply)["Signature"] == "Not passed" and verdicts(reply)["Dates"] == "Passed"


def test_no_stranger_makes_our_server_call_a_private_host(house, world):
    """The world is listed in outbound_allow: for platforms, not for what a stranger names (attacks.md G)."""
    world.asked.clear()
    issuer = Issuer(world)
    for text in (issuer.token(issuer.credential()), f"http://127.0.0.1:{world.server_port}/badge.json",
                 f"https://127.0.0.1:{world.server_port}/badge.json", "https://169.254.169.254/latest/meta-data",
                 f"{house.base}/app/l/0190b0a4-7d1c-7c60-8f3e-1f4b7a0c5d11/", f"{house.base}/metrics"):
        reply = check(house, text)
        assert reply.status == 200 and "could not be checked to the end" in reply.text, text
    assert world.asked == []


def test_an_address_of_ours_is_answered_without_the_network(house):
    reply = check(house, f"{house.base}/awards/0190b0a4-7d1c-7c60-8f3e-1f4b7a0c5d11")
    assert "status 404" in reply.text


def test_the_address_is_asked_for_only_where_somebody_wants_that(house, world):
    badge = signed_by_did_key(world)
    assert "Awarded to this address" not in verdicts(check(house, json.dumps(badge)))
    reply = check(house, json.dumps(badge), email="ada@example.org")
    assert verdicts(reply)["Awarded to this address"] == "Could not be checked"
    assert 'value="ada@example.org"' in reply.text


@pytest.mark.parametrize("badge, file, words", [
    ("", None, "Choose a file"), ("x", b"y", "not both"), ("x" * (600 << 10), None, "longer than a badge"), ("", b"", "Choose a file")])
def test_a_form_that_cannot_be_used_says_what_to_do(house, badge, file, words):
    reply = check(house, badge, file=file)
    assert reply.status == 400 and words in reply.text


@pytest.mark.parametrize("text", ["[]", "{", "nonsense", "\x00" * 10 + "x", "{" * 5000, "<svg", "\x89PNG\r\n\x1a\n"])
def test_what_is_no_badge_is_refused_in_words(house, text):
    reply = check(house, file=text.encode("latin-1"))
    assert reply.status == 200 and "No badge was found in this" in reply.text


def test_a_program_may_ask_for_json(house, world):
    reply = check(house, json.dumps(signed_by_did_key(world)), Accept="application/json", **{"Sec-Fetch-Site": "none"})
    report = json.loads(reply.text)
    assert report["valid"] is True and {one["verdict"] for one in report["checks"]} == {"passed"}


def test_pages_of_other_sites_do_not_have_their_visitors_check(house):
    assert check(house, "x", **{"Sec-Fetch-Site": "cross-site"}).status == 403


def test_a_link_fills_in_the_form_and_fetches_nothing_of_others(house, world):
    world.asked.clear()
    reply = web.Browser().get(house.base + f"/verify?url=https://127.0.0.1:{world.server_port}/badge.json")
    assert reply.status == 200 and f"https://127.0.0.1:{world.server_port}/badge.json</textarea>" in reply.text
    assert "What was checked" not in reply.text and world.asked == []


def test_a_flood_from_one_address_is_slowed_down(house):
    statuses = [web.Browser().get(house.base + "/verify").status for _ in range(80)]
    assert 429 in statuses and statuses[0] == 200
