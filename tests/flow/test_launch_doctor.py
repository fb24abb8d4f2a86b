"""A launch that an administrator can mend: the page says which setting and how, and the registration remembers it."""
import html
import json
import re
import time

import pytest

from support import web
from support.forge import LTI
from support.laurel import wait_until

from .judge import BROWSER_COOKIE, nothing_written, refused


def words(reply):
    """The page's text, as a person reads it."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", reply.text)))


def for_the_administrator(reply):
    text = words(reply)
    assert "For the administrator" in text
    return text.split("For the administrator")[1]


def problems(laurel, platform):
    [(found,)] = laurel.rows("SELECT problems FROM registration WHERE slug = %s", (platform.slug,))
    return found


@pytest.fixture(scope="module")
def platform(house):
    return house.fresh()


def seconds(text):
    return int(re.search(r"(\d+) seconds", text).group(1))


CLOCKS = {
    # name: what the token says about its times, and how far the page must say they are off
    "iat": (lambda now: {"iat": now + 200, "exp": now + 500}, "ahead", 200),
    "exp": (lambda now: {"iat": now - 400, "exp": now - 100}, "ran out", 100),
    "nbf": (lambda now: {"nbf": now + 120}, "valid only in", 120),
    "iat-old": (lambda now: {"iat": now - 5000, "exp": now + 300}, "too old", 5000),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_that_is_off_is_said_with_its_seconds(house, platform, name):
    times, direction, off = CLOCKS[name]
    reply, _ = house.laurel.launch(platform, times(int(time.time())))
    refused(house.laurel, reply, name.split("-")[0])
    said = for_the_administrator(reply)
    assert direction in said and "NTP" in said
    assert abs(seconds(said) - off) <= 3


def test_a_deployment_that_is_not_known_waits_and_is_named(house, platform):
    before = house.laurel.counts()
    reply, _ = house.laurel.launch(platform, {LTI + "deployment_id": "new <place>"}, login={"lti_deployment_id": None})
    refused(house.laurel, reply, "deployment")
    said = for_the_administrator(reply)
    assert 'deployment "new <place>" is not known here yet and waits for approval' in said
    assert "Connection page" in said and "laurel platform approve" in said and platform.client_id in said
    nothing_written(house.laurel, before)


def test_a_deployment_that_is_switched_off_says_so(house, platform):
    house.laurel.rows("UPDATE deployment SET is_active = false WHERE deployment_id = %s AND registration_id ="
                      " (SELECT id FROM registration WHERE slug = %s) RETURNING 1", (platform.deployment, platform.slug))
    try:
        reply, _ = house.laurel.launch(platform)
    finally:
        house.laurel.rows("UPDATE deployment SET is_active = true WHERE deployment_id = %s RETURNING 1", (platform.deployment,))
    refused(house.laurel, reply, "deployment")
    assert "is switched off here" in for_the_administrator(reply)


def test_another_client_id_is_shown_beside_ours(house, platform):
    reply, _ = house.laurel.launch(platform, {"aud": "client-<b>old</b>"})
    refused(house.laurel, reply, "aud")
    said = for_the_administrator(reply)
    assert 'it says client id "client-<b>old</b>"' in said and f'has "{platform.client_id}"' in said
    assert "<b>" not in reply.text


def test_a_target_of_another_address_names_both_and_what_to_register(house, platform):
    reply, _ = house.laurel.launch(platform, {LTI + "target_link_uri": "https://old.example/lti/launch?secret=1"})
    refused(house.laurel, reply, "target_link_uri", secrets=["secret=1"])
    said = for_the_administrator(reply)
    assert "https://old.example/lti/launch instead of" in said
    assert "https://badges.forge.example/lti/launch" in said and "https://badges.forge.example/lti/jwks" in said


def test_a_login_for_another_address_goes_on_and_is_noted(house, platform):
    house.laurel.begin(platform, target_link_uri="https://old.example/start?secret=1")
    note = problems(house.laurel, platform)["login_target"]
    assert "https://old.example/start instead of" in note["text"] and "secret" not in note["text"]


def test_a_browser_without_cookies_is_noted_where_the_platform_offers_no_storage(house):
    bare, storing = house.fresh(), house.fresh()
    for platform, target in ((bare, None), (storing, "_parent")):
        reply = house.laurel.login(platform, web.Browser(), **({"lti_storage_target": target} if target else {}))
        location = reply.location or json.loads(re.search(r'id="login">(.*?)</script>', reply.text, re.S).group(1))["next"]
        asked = dict(web.urllib.parse.parse_qsl(web.urllib.parse.urlsplit(location).query))
        reply = web.Browser().post(asked["redirect_uri"], {"id_token": platform.token(asked["nonce"]), "state": asked["state"]})
        assert reply.status == 401 and "Open in a new window" in reply.text
    assert "kept no cookie" in problems(house.laurel, bare)["no_cookie"]["text"]
    assert "no_cookie" not in problems(house.laurel, storing)
    assert "in a new window" in house.laurel.cli("doctor", check=False).out


def test_an_answer_of_the_platform_that_an_administrator_can_mend_is_noted(house):
    platform = house.fresh()
    for code in ("login_required", "unauthorized_client"):
        pending = house.laurel.begin(platform)
        reply = house.laurel.present(pending, None, fields={"error": code, "state": pending.state})
        assert reply.status == 401
    assert set(problems(house.laurel, platform)) == {"unauthorized_client"}


def test_a_launch_at_another_registrations_address_says_which_is_its_own(house):
    pending = house.laurel.begin(house.twin_1)
    pending.redirect_uri = house.laurel.base + web.urllib.parse.urlsplit(house.twin_2.launch_url).path
    reply = house.laurel.present(pending, house.twin_1.token(pending.nonce))
    refused(house.laurel, reply, "state")
    assert web.urllib.parse.urlsplit(house.twin_1.launch_url).path in for_the_administrator(reply)
    assert "state" in problems(house.laurel, house.twin_1)


def test_a_state_that_is_nobodys_is_no_administrators_business(house, platform):
    pending = house.laurel.begin(platform)
    pending.state = "garbage"
    reply = house.laurel.present(pending, platform.token(pending.nonce))
    refused(house.laurel, reply, "state")
    assert "For the administrator" not in reply.text


def test_keys_that_cannot_be_read_name_the_address_and_the_reason(house):
    platform = house.fresh()
    platform.down = True
    reply, _ = house.laurel.launch(platform)
    refused(house.laurel, reply, "keyset", status=503)
    said = for_the_administrator(reply)
    assert platform.jwks_url in said and "503" in said and "outbound_allow" in said


def test_a_key_that_is_not_published_names_the_key_set(house, platform):
    reply, _ = house.laurel.launch(platform, header={"kid": "rotated-away"})
    refused(house.laurel, reply, "kid")
    assert platform.jwks_url in for_the_administrator(reply)


def test_a_platform_that_is_not_registered_is_shown_as_it_came(house):
    reply = house.laurel.login(house.attacker, web.Browser(), url=house.a.login_url, target_link_uri="https://x.example/",
                               iss="https://<script>.example", client_id="x" * 1000)
    assert reply.status == 400
    said = for_the_administrator(reply)
    assert "https://<script>.example" in said and "<script>" not in reply.text
    assert "x" * 300 in said and "x" * 301 not in said
    assert "laurel platform add" in said and "laurel platform invite" in said


def test_platforms_that_share_both_names_are_told_their_login_addresses(house):
    reply = house.laurel.login(house.twin_1, web.Browser(), url=house.a.login_url)
    assert reply.status == 400
    said = for_the_administrator(reply)
    for twin in (house.twin_1, house.twin_2):
        assert f"/lti/login/{twin.slug}" in said


def test_refusals_are_counted_and_written_once_in_ten_seconds(house):
    platform = house.fresh()
    before = house.laurel.counts()
    for _ in range(3):
        refused(house.laurel, house.laurel.launch(platform, {"aud": "another"})[0], "aud")
    assert problems(house.laurel, platform)["aud"]["count"] == 1

    def later():
        house.laurel.launch(platform, {"aud": "another"})
        return problems(house.laurel, platform)["aud"]["count"] > 1
    began = time.monotonic()
    wait_until(later, 20, "the pause is over")
    assert time.monotonic() - began > 8
    sent = len([line for line in house.laurel.logs() if line["event"] == "launch_refused" and
                platform.client_id in line.get("text", "")])
    assert problems(house.laurel, platform)["aud"]["count"] == sent
    nothing_written(house.laurel, before)


def test_a_launch_that_ran_into_no_known_registration_writes_nothing(house, platform):
    before = problems(house.laurel, platform)
    pending = house.laurel.begin(platform)
    pending.browser.cookies[BROWSER_COOKIE] = "A" * 22
    house.laurel.present(pending, platform.token(pending.nonce))
    assert problems(house.laurel, platform) == before


def findings(laurel, platform, check):
    """What `laurel doctor` says of this platform: (level, text)."""
    said = laurel.cli("doctor", "--json", check=False).out
    return [(row["level"], row["text"]) for row in json.loads(said) if row["check"] == check and platform.issuer in row["text"]]


@pytest.mark.parametrize("off, level", [(0, None), (20, "warning"), (-20, "warning"), (200, "problem")])
def test_the_doctor_measures_the_platforms_clock(house, platform, off, level):
    platform.clock_off_s = off
    try:
        found = findings(house.laurel, platform, "clock")
    finally:
        platform.clock_off_s = 0
    assert [kind for kind, _ in found] == ([] if level is None else [level])
    if level is not None:
        assert abs(seconds(found[0][1].split("clock is")[1]) - abs(off)) <= 2
        assert ("behind" if off < 0 else "ahead of") in found[0][1]


def test_the_doctor_tells_refused_launches_with_what_to_do(house):
    platform = house.fresh()
    house.laurel.launch(platform, {"aud": "another"})
    [(level, text)] = findings(house.laurel, platform, "launches")
    assert level == "problem" and "1 time, last 20" in text and "register the new client id" in text
    house.laurel.launch(platform)
    [(level, text)] = findings(house.laurel, platform, "launches")
    assert level == "warning" and "Launches have worked since" in text


def test_the_doctor_names_deployments_that_wait(house):
    platform = house.fresh()
    house.laurel.launch(platform, {LTI + "deployment_id": "site-9"}, login={"lti_deployment_id": None})
    [(level, text)] = findings(house.laurel, platform, "deployments")
    assert level == "warning" and '"site-9" waits for approval (1 launch' in text


def test_the_doctor_says_that_a_platform_gives_no_token(house, platform):
    [(level, text)] = findings(house.laurel, platform, "token")
    assert level == "problem" and platform.token_url in text
