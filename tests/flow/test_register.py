"""Dynamic registration from the invitation to the first launch (attacks.md G12-G15, I10; lti.md 7)."""
import json
import re
import time
import urllib.parse

import pytest

from support import forge, laurel, web
from support.registrar import PLATFORM, SCOPES, TOOL, Registrar

SCHOOL = "Northside College"


@pytest.fixture(scope="module")
def house(cluster):
    """One installation, a Moodle and a Canvas that take registrations, and a stranger that must not be reached."""
    moodle, canvas, stranger = Registrar(), Registrar("canvas"), Registrar()
    place = laurel.Laurel(cluster, allow=[moodle.port, canvas.port, stranger.port])
    place.moodle, place.canvas, place.stranger = moodle, canvas, stranger
    place.prepare().start()
    yield place
    place.close()
    for one in (moodle, canvas, stranger):
        one.close()


@pytest.fixture(autouse=True)
def no_open_invitations(house):
    """A school has twenty open ones at most, and most tests here leave theirs open."""
    house.rows("WITH gone AS (DELETE FROM invite RETURNING 1) SELECT count(*) FROM gone")


@pytest.fixture
def moodle(house):
    house.stranger.reset()
    return house.moodle.reset()


@pytest.fixture
def canvas(house):
    return house.canvas.reset()


def invite(house, *more, institution=SCHOOL):
    school = ["--institution", institution] if institution else []
    return house.cli("platform", "invite", *school, *more, "--json").json()["url"]


def visit(house, url, platform, **changes):
    """The platform's window on the invitation."""
    values = {"openid_configuration": platform.config_url, "registration_token": platform.token, **changes}
    values = {k: v for k, v in values.items() if v is not None}
    return web.Browser().get(url + ("&" if "?" in url else "?") + urllib.parse.urlencode(values))


def registrations(house):
    return house.rows("SELECT slug, issuer, client_id, jwks_url FROM registration ORDER BY id")


def problem(house, reply, reason, status):
    """Said in words, with one log line, framed by whoever may."""
    seen = [line.get("reason") for line in house.logged(reply.header("X-Request-Id"), "register_refused")]
    assert seen == [reason], f"{reply.status}, logged {seen}: {reply.text[:1500]}"
    assert reply.status == status
    assert "was not connected" in reply.text and reply.header("X-Request-Id") in reply.text
    return reply.text


class Known:
    """A registered platform as support.laurel launches from it."""

    def __init__(self, house, registrar, deployment=None):
        self.forge = forge.Platform("registered", issuer=registrar.issuer, client_id=registrar.client_id,
                                    deployment=deployment or registrar.deployment or "d-1")
        self.forge.close()
        self.forge.key = registrar.key
        self.forge.launch_url = house.base + "/lti/launch"
        self.forge.login_url = house.base + "/lti/login"


# --- the good ways


def test_moodle_registers_with_one_paste_and_launches(house, moodle):
    reply = visit(house, invite(house), moodle)
    assert reply.status == 200 and "Laurel is connected" in reply.text and SCHOOL in reply.text
    assert "Activate" in reply.text, "Moodle's administrator is told to activate the tool"
    assert f"frame-ancestors {moodle.base}" in reply.header("Content-Security-Policy")
    reply, _ = house.launch(Known(house, moodle).forge)
    assert reply.status == 303
    [(school,)] = house.rows("SELECT i.name FROM deployment d JOIN institution i ON i.id = d.institution_id"
                             " JOIN registration r ON r.id = d.registration_id WHERE r.client_id = %s", [moodle.client_id])
    assert school == SCHOOL


def test_the_request_asks_for_what_laurel_needs_and_no_more(house, moodle):
    moodle.config = {"scopes_supported": [*SCOPES, "https://purl.imsglobal.org/spec/lti-ts/scope/toolsetting"]}
    visit(house, invite(house), moodle)
    request = moodle.request()
    assert sorted(request["scope"].split()) == sorted(SCOPES[:4])
    host = urllib.parse.urlsplit(house.base).netloc
    assert request[TOOL]["domain"] == host, "with its port"
    assert request[TOOL]["target_link_uri"] == f"{house.base}/lti/launch"
    assert request["redirect_uris"] == [f"{house.base}/lti/launch"]
    assert request["initiate_login_uri"] == f"{house.base}/lti/login"
    assert request["token_endpoint_auth_method"] == "private_key_jwt" and request["response_types"] == ["id_token"]
    assert sorted(request["grant_types"]) == ["client_credentials", "implicit"] and request["application_type"] == "web"
    assert [m["type"] for m in request[TOOL]["messages"]] == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    assert request[TOOL]["custom_parameters"] == {"ctx_history": "$Context.id.history"}
    assert "contacts" not in request and not [k for k in request[TOOL] if "canvas" in k]


def test_canvas_gets_its_extension_keys_in_its_own_spelling(house, canvas):
    canvas.config = {"scopes_supported": [*SCOPES, "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"]}
    assert visit(house, invite(house), canvas).status == 200
    request, prefix = canvas.request(), "https://canvas.instructure.com/lti/"
    tool = request[TOOL]
    assert "https://purl.imsglobal.org/spec/lti/scope/noticehandlers" in request["scope"].split()
    assert tool[prefix + "privacy_level"] == "public" and tool[prefix + "tool_id"]
    assert tool["custom_parameters"]["canvas_user_id"] == "$Canvas.user.id"
    assert tool["custom_parameters"]["canvas_masquerading_user_id"] == "$Canvas.masqueradingUser.id"
    link, deep = tool["messages"]
    assert link["placements"] == [prefix + "course_navigation"]
    assert link[prefix + "course_navigation/default_enabled"] is True
    assert deep["placements"] == ["ContentArea", prefix + "assignment_selection"]


def test_the_registration_has_its_own_key_at_its_own_address(house, moodle):
    before = {key["kid"] for key in json.loads(web.Browser().get(house.base + "/lti/jwks").text)["keys"]}
    visit(house, invite(house), moodle)
    own_url = moodle.request()["jwks_uri"]
    [slug] = [slug for slug, _, client, _ in registrations(house) if client == moodle.client_id]
    assert own_url == f"{house.base}/lti/jwks/{slug}"
    own = {key["kid"] for key in json.loads(web.Browser().get(own_url).text)["keys"]}
    everybody = {key["kid"] for key in json.loads(web.Browser().get(house.base + "/lti/jwks").text)["keys"]}
    assert len(everybody - before) == 1 and everybody - before < own, "one new key, and it is published at both"
    [(owner,)] = house.rows("SELECT r.slug FROM tool_key k JOIN registration r ON r.id = k.registration_id WHERE k.kid = %s",
                            list(everybody - before))
    assert owner == slug
    shown = house.cli("platform", "show", "--registration", slug, "--json").json()
    assert shown["own_jwks_url"] == own_url and shown["tool_jwks_url"] == house.base + "/lti/jwks"


def test_the_key_set_of_a_registration_has_no_others_key(house, moodle):
    visit(house, invite(house), moodle)
    first = moodle.request()["jwks_uri"]
    visit(house, invite(house), moodle.reset())
    kids = [{key["kid"] for key in json.loads(web.Browser().get(url).text)["keys"]} for url in (first, moodle.request()["jwks_uri"])]
    common = {kid for (kid,) in house.rows("SELECT kid FROM tool_key WHERE registration_id IS NULL")}
    assert kids[0] & kids[1] == common


def test_an_address_that_is_about_to_be_registered_has_the_common_keys(house):
    """A platform may look at jwks_uri before it answers: what it sees then must not stay cached."""
    reply = web.Browser().get(house.base + "/lti/jwks/000000000000")
    common = {kid for (kid,) in house.rows("SELECT kid FROM tool_key WHERE registration_id IS NULL")}
    assert {key["kid"] for key in json.loads(reply.text)["keys"]} == common
    assert reply.header("Cache-Control") == "no-cache"


def test_what_was_not_granted_is_said(house, moodle):
    """attacks.md F6."""
    moodle.granted = SCOPES[:1]
    text = visit(house, invite(house), moodle).text
    rows = re.findall(r"icon-(met|none)\".*?<span>([^<]*): <strong>([^<]*)", text)
    assert [state for state, _, _ in rows] == ["met", "none", "none", "none", "none"]
    assert rows[1][2] == "not granted" and rows[4][2] == "not offered by this platform"


def test_the_window_closes_with_the_platforms_message(house, moodle):
    text = visit(house, invite(house), moodle).text
    [script] = re.findall(r'src="([^"]*register\.js)"', text)
    code = web.Browser().get(house.base + script).text
    assert 'subject: "org.imsglobal.lti.close"' in code and "data-close" in text
    assert moodle.token not in text


def test_by_the_invitations_policy_the_first_launch_joins(house, canvas):
    visit(house, invite(house), canvas)
    assert house.launch(Known(house, canvas).forge)[0].status == 401, "it waits for approval"
    reply = visit(house, invite(house, "--new-deployments", "approve"), canvas.reset())
    assert "joins by itself" in reply.text
    assert house.launch(Known(house, canvas).forge)[0].status == 303


# --- invitations (G12)


def test_an_invitation_works_once(house, moodle):
    url = invite(house)
    assert visit(house, url, moodle).status == 200
    before, asked = registrations(house), len(moodle.asked)
    problem(house, visit(house, url, moodle), "invite_used", 403)
    assert registrations(house) == before and len(moodle.asked) == asked, "nobody was called"


@pytest.mark.parametrize("name", ["missing", "unknown", "short", "expired", "by-hand"])
def test_without_a_good_invitation_nobody_is_called(house, moodle, name):
    url, changes, reason = invite(house), {}, "invite_unknown"
    if name == "missing":
        url, reason = house.base + "/lti/register", "invite_missing"
    elif name == "unknown":
        url = house.base + "/lti/register?invite=" + "A" * 43
    elif name == "short":
        url = url[:-1]
    elif name == "expired":
        house.rows("UPDATE invite SET expires_at = now() - interval '1 second' WHERE used_at IS NULL RETURNING 1")
        reason = "invite_expired"
    else:
        changes, reason = {"openid_configuration": None, "registration_token": None}, "by_hand"
    before = registrations(house)
    problem(house, visit(house, url, moodle, **changes), reason, 400 if name == "by-hand" else 403)
    assert not moodle.asked and registrations(house) == before


def test_only_the_codes_hash_is_stored(house):
    code = invite(house).split("invite=")[1]
    assert len(code) >= 22, "128 bits"
    stored = house.rows("SELECT invite::text FROM invite")
    assert stored and not any(code in row for (row,) in stored)
    assert house.rows("SELECT 1 FROM invite WHERE code_hash = sha256(%s)", [code.encode()])


# --- bad configurations (G13) and slow, large, moved and strange answers


FOREIGN = "http://127.0.0.1:1"
BAD_CONFIGURATIONS = {
    "no-issuer": {"issuer": None}, "issuer-number": {"issuer": 5}, "issuer-http": {"issuer": "http://lms.example"},
    "issuer-elsewhere": {"issuer": "https://lms.example"}, "issuer-other-port": {"issuer": FOREIGN},
    "canvas-cloud": {"issuer": "https://canvas.instructure.com"},
    "no-auth": {"authorization_endpoint": None}, "auth-list": {"authorization_endpoint": ["x"]},
    "auth-elsewhere": {"authorization_endpoint": "https://evil.example/auth"},
    "token-elsewhere": {"token_endpoint": "https://evil.example/token"}, "token-script": {"token_endpoint": "javascript:alert(1)"},
    "jwks-elsewhere": {"jwks_uri": "https://evil.example/jwks"}, "jwks-file": {"jwks_uri": "file:///etc/passwd"},
    "no-registration": {"registration_endpoint": None}, "registration-metadata": {"registration_endpoint": "http://169.254.169.254/x"},
    "hs256-only": {"id_token_signing_alg_values_supported": ["HS256"]},
    "secret-only": {"token_endpoint_auth_methods_supported": ["client_secret_post"]},
    "scopes-text": {"scopes_supported": "openid"}, "platform-text": {PLATFORM: "moodle"},
    "messages-object": {PLATFORM: {"messages_supported": {"type": "x"}}},
}


@pytest.mark.parametrize("name", BAD_CONFIGURATIONS)
def test_a_bad_configuration_is_refused_before_anything_is_sent(house, moodle, name):
    moodle.config = BAD_CONFIGURATIONS[name]
    before, url = registrations(house), invite(house)
    problem(house, visit(house, url, moodle), "openid_configuration", 400)
    assert not moodle.to("/register") and registrations(house) == before
    moodle.config = {}
    assert visit(house, url, moodle).status == 200, "the invitation is still good"


BAD_REPLIES = {
    "html": (200, {"Content-Type": "text/html"}, b"<html>sign in</html>"), "empty": (200, {}, b""), "array": (200, {}, []),
    "duplicate": (200, {}, b'{"issuer": "a", "issuer": "b"}'), "deep": (200, {}, b"[" * 5000),
}


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_what_is_no_configuration_is_refused(house, moodle, name):
    moodle.config_reply = BAD_REPLIES[name]
    problem(house, visit(house, invite(house), moodle), "openid_configuration", 400)


@pytest.mark.parametrize("status,reason", [(302, "http_302"), (401, "http_401"), (404, "http_404"), (500, "http_500")])
def test_a_configuration_that_is_not_there_is_said(house, moodle, status, reason):
    """attacks.md G4, G11."""
    moodle.config_reply = (status, {"Location": house.stranger.base + "/openid-configuration"}, b"SECRET-OF-THE-HOST")
    text = problem(house, visit(house, invite(house), moodle), reason, 502)
    assert "SECRET-OF-THE-HOST" not in text
    assert not house.stranger.asked, "a redirect was followed"


def test_a_configuration_of_a_gigabyte_is_cut_off(house, moodle):
    """attacks.md G7."""
    moodle.config_reply = (200, {}, b'{"issuer": "' + b"x" * 70000 + b'"}')
    problem(house, visit(house, invite(house), moodle), "size", 502)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://127.0.0.1:1/x", "https://127.0.0.1/x", "https://[::1]/x",
                                 "https://10.0.0.1/x", "https://2130706433/x", "https://0x7f.1/x"])
def test_a_private_address_is_not_called(house, moodle, url):
    """attacks.md G1, G2."""
    reply = visit(house, invite(house), moodle, openid_configuration=url)
    assert reply.status in (400, 502) and "was not connected" in reply.text


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://lms.example/x", "javascript:alert(1)", "http://lms.example/x",
                                 "https://user:pass@lms.example/x", "https://lms.example/x#y", "lms.example"])
def test_an_address_that_is_none_is_refused(house, moodle, url):
    """attacks.md G5, G6."""
    problem(house, visit(house, invite(house), moodle, openid_configuration=url), "openid_configuration", 400)


def test_platforms_that_hang_do_not_hold_every_thread(house, moodle):
    """24 threads: four wait outside at once, the others are told to come back."""
    urls = [invite(house) for _ in range(8)]
    moodle.slow_s = 2
    replies = laurel.Crowd.run(8, lambda n: visit(house, urls[n], moodle, registration_token=None))
    busy = [reply for reply in replies if reply.status == 503]
    assert len(busy) == 4 and all(reply.header("Retry-After") for reply in busy)


def test_the_token_goes_to_the_configurations_origin_only(house, moodle):
    """G15: a registration endpoint elsewhere is refused; the right one and the configuration get the token."""
    moodle.config = {"registration_endpoint": house.stranger.base + "/register"}
    problem(house, visit(house, invite(house), moodle), "openid_configuration", 400)
    assert not house.stranger.asked
    moodle.config = {}
    visit(house, invite(house), moodle)
    for path in ("/openid-configuration", "/register"):
        assert moodle.to(path)[-1][2]["Authorization"] == f"Bearer {moodle.token}"


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "\u00e9", "x" * 8193])
def test_a_token_that_would_break_the_header_is_refused(house, moodle, token):
    problem(house, visit(house, invite(house), moodle, registration_token=token), "registration_token", 400)
    assert not moodle.asked


def test_without_a_token_no_authorization_is_sent(house, moodle):
    visit(house, invite(house), moodle, registration_token=None)
    assert all("Authorization" not in headers for _, _, headers, _ in moodle.asked) and moodle.to("/register")


# --- answers to the registration


@pytest.mark.parametrize("status,body,words", [
    (401, b"token_already_used", "used already"), (400, b"domain_targetlinkuri_mismatch <script>alert(1)</script>", "base_url"),
    (400, b'{"error": "invalid_client_metadata"}', "by hand"), (500, b"Fatal error in /var/www/x.php", "few minutes"),
    (404, b"<html>", "nothing at the address")])
def test_a_refusal_is_told_in_our_words(house, moodle, status, body, words):
    moodle.register_reply = (status, {"Content-Type": "text/html"}, body)
    before, url = registrations(house), invite(house)
    text = problem(house, visit(house, url, moodle), "registration_refused", 502)
    assert words in text and "alert(1)" not in text and "/var/www" not in text
    assert registrations(house) == before
    moodle.register_reply = None
    assert visit(house, url, moodle).status == 200, "the invitation is still good"


@pytest.mark.parametrize("answer", [b"<html>", [], {}, {"client_id": 5}, {"client_id": ""}, {"client_id": "x" * 256}, {"client_id": "\u00e9"}],
                         ids=lambda a: str(a)[:30])
def test_an_answer_without_a_client_id_is_refused(house, moodle, answer):
    moodle.register_reply = (200, {}, answer)
    before = registrations(house)
    problem(house, visit(house, invite(house), moodle), "registration_response", 400)
    assert registrations(house) == before


def test_a_redirected_registration_is_not_followed(house, moodle):
    """attacks.md G4, G15."""
    moodle.register_reply = (307, {"Location": house.stranger.base + "/register"}, b"")
    problem(house, visit(house, invite(house), moodle), "registration_refused", 502)
    assert not house.stranger.asked


@pytest.mark.parametrize("deployment", [None, 7, "", "d" * 256])
def test_a_deployment_id_that_is_none_is_learned_at_the_first_launch(house, moodle, deployment):
    moodle.deployment = deployment
    assert visit(house, invite(house), moodle).status == 200
    assert not house.rows("SELECT 1 FROM deployment d JOIN registration r ON r.id = d.registration_id WHERE r.client_id = %s",
                          [moodle.client_id])


# --- registering again (G14)


def test_registering_again_never_overwrites(house, moodle):
    visit(house, invite(house), moodle)
    before, keys, url = registrations(house), house.rows("SELECT count(*) FROM tool_key"), invite(house)
    moodle.config = {"jwks_uri": moodle.base + "/other-keys"}
    text = problem(house, visit(house, url, moodle), "registered", 409)
    assert "--update" in text
    assert registrations(house) == before and house.rows("SELECT count(*) FROM tool_key") == keys
    moodle.client_id = "another"
    assert visit(house, url, moodle).status == 200, "the invitation was not used up"


@pytest.fixture
def registered(house, moodle):
    visit(house, invite(house), moodle)
    moodle.asked.clear()
    [slug] = [slug for slug, _, client, _ in registrations(house) if client == moodle.client_id]
    return slug


def confirm(house, asked, **changes):
    fields = {**asked.fields(), **changes}
    return web.Browser().post(house.base + asked.action(), {k: v for k, v in fields.items() if v is not None},
                              headers={"Origin": changes.pop("origin", house.base), "Sec-Fetch-Site": "same-origin"})


def test_an_update_shows_the_difference_and_waits_for_a_confirmation(house, moodle, registered):
    url = invite(house, "--update", registered, institution=None)
    moodle.config = {"jwks_uri": moodle.base + "/new-keys", "authorization_server": "urn:new"}
    before = registrations(house)
    asked = visit(house, url, moodle)
    assert asked.status == 200 and f"{moodle.base}/jwks" in asked.text and f"{moodle.base}/new-keys" in asked.text
    assert f"frame-ancestors {moodle.base}" in asked.header("Content-Security-Policy")
    assert registrations(house) == before and not moodle.to("/register"), "something happened before the confirmation"
    done = confirm(house, asked)
    assert done.status == 200 and "updated" in done.text, done.text
    [(jwks, audience)] = house.rows("SELECT jwks_url, token_audience FROM registration WHERE slug = %s", [registered])
    assert (jwks, audience) == (moodle.base + "/new-keys", "urn:new")
    assert len(registrations(house)) == len(before)
    problem(house, confirm(house, asked), "invite_used", 403)


@pytest.mark.parametrize("was", ["unknown", "refused", "off"])
def test_an_update_lets_no_deployment_in(house, moodle, registered, was):
    """The platform's answer names a deployment. What an admin decided about it, or has yet to decide, stays."""
    moodle.deployment = f"d-{was}"
    if was == "refused":
        house.rows("UPDATE registration SET parked = jsonb_build_object(%s::text, '{\"refused\": true}'::jsonb) WHERE slug = %s RETURNING 1",
                   [moodle.deployment, registered])
    if was == "off":
        house.rows("INSERT INTO deployment (registration_id, institution_id, deployment_id, is_active)"
                   " SELECT id, institution_id, %s, false FROM registration WHERE slug = %s RETURNING 1", [moodle.deployment, registered])
    assert confirm(house, visit(house, invite(house, "--update", registered, institution=None), moodle)).status == 200
    assert not house.rows("SELECT 1 FROM deployment WHERE deployment_id = %s AND is_active", [moodle.deployment])
    if was == "refused":
        assert house.rows("SELECT parked FROM registration WHERE slug = %s", [registered]) == [({"d-refused": {"refused": True}},)]


def test_an_update_takes_no_decision_back_that_fell_while_the_platform_answered(house, moodle, registered):
    asked = visit(house, invite(house, "--update", registered, institution=None), moodle)
    house.rows("UPDATE registration SET trusts_admin_role = true, approves_deployments = true WHERE slug = %s RETURNING 1", [registered])

    def meanwhile():
        house.rows("UPDATE registration SET is_enabled = false, trusts_admin_role = false, approves_deployments = false"
                   " WHERE slug = %s RETURNING 1", [registered])
    moodle.meanwhile = meanwhile
    assert confirm(house, asked).status == 200
    assert house.rows("SELECT is_enabled, trusts_admin_role, approves_deployments FROM registration WHERE slug = %s",
                      [registered]) == [(False, False, False)]


def test_canvas_is_updated_by_put(house, canvas):
    visit(house, invite(house), canvas)
    [slug] = [slug for slug, _, client, _ in registrations(house) if client == canvas.client_id]
    asked = visit(house, invite(house, "--update", slug, institution=None), canvas)
    assert confirm(house, asked).status == 200
    assert [method for method, *_ in canvas.to("/register")] == ["POST", "PUT"]


@pytest.mark.parametrize("name", ["seal", "no-seal", "invite", "token", "config", "changed", "cross-site"])
def test_a_confirmation_is_for_what_was_shown(house, moodle, registered, name):
    url = invite(house, "--update", registered, institution=None)
    asked, before = visit(house, url, moodle), registrations(house)
    fields, headers = asked.fields(), {"Origin": house.base}
    if name == "seal":
        fields["seal"] = fields["seal"][::-1]
    elif name == "no-seal":
        del fields["seal"]
    elif name == "invite":
        fields["invite"] = invite(house, "--update", registered, institution=None).split("invite=")[1]
    elif name == "token":
        fields["registration_token"] = "another"
    elif name == "config":
        fields["openid_configuration"] += "?x=1"
    elif name == "changed":
        moodle.config = {"token_endpoint": moodle.base + "/swapped"}
    else:
        headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    reply = web.Browser().post(house.base + asked.action(), fields, headers=headers)
    problem(house, reply, "cross_site" if name == "cross-site" else "seal", 403 if name == "cross-site" else 409)
    assert registrations(house) == before and not moodle.to("/register")


def test_an_update_cannot_turn_into_another_registration(house, moodle, registered):
    moodle.client_id, was = "somebody-else", moodle.client_id
    asked = visit(house, invite(house, "--update", registered, institution=None), moodle)
    moodle.config, before = {}, registrations(house)
    problem(house, confirm(house, asked), "client_id", 409)
    assert registrations(house) == before and was in str(before)


def test_an_invitation_for_one_platform_does_not_update_with_another(house, moodle, canvas, registered):
    url = invite(house, "--update", registered, institution=None)
    problem(house, visit(house, url, canvas), "other_platform", 403)
    assert not canvas.to("/register")


def test_a_new_invitation_needs_no_confirmation_and_takes_none(house, moodle):
    url = invite(house)
    fields = {"invite": url.split("invite=")[1], "openid_configuration": moodle.config_url, "registration_token": moodle.token}
    reply = web.Browser().post(house.base + "/lti/register", fields, headers={"Origin": house.base})
    problem(house, reply, "seal", 403)
    assert not moodle.to("/register")


def test_no_secret_of_a_registration_is_logged(house, moodle):
    url = invite(house)
    visit(house, url, moodle)
    log = house.serve_log.read_text()
    assert moodle.token not in log and url.split("invite=")[1] not in log


# --- by hand


def test_canvas_json_is_a_developer_key(house):
    reply = web.Browser().get(house.base + "/lti/canvas.json")
    key = json.loads(reply.text)
    assert reply.status == 200 and reply.header("Content-Type").startswith("application/json")
    assert key["target_link_uri"] == house.base + "/lti/launch" and key["oidc_initiation_url"] == house.base + "/lti/login"
    assert key["public_jwk_url"] == house.base + "/lti/jwks"
    assert len(key["scopes"]) == 5 and set(SCOPES[:4]) < set(key["scopes"])
    [extension] = key["extensions"]
    assert extension["platform"] == "canvas.instructure.com" and extension["domain"] == urllib.parse.urlsplit(house.base).netloc
    assert {p["placement"]: p["message_type"] for p in extension["settings"]["placements"]} == {
        "course_navigation": "LtiResourceLinkRequest", "link_selection": "LtiDeepLinkingRequest",
        "assignment_selection": "LtiDeepLinkingRequest"}
    icon = web.Browser().get(extension["settings"]["icon_url"])
    assert icon.status == 200 and icon.header("Content-Type") == "image/svg+xml"


@pytest.mark.parametrize("arguments", [[], ["--institution", SCHOOL, "--hours", "0"], ["--institution", SCHOOL, "--hours", "721"],
                                       ["--institution", SCHOOL, "--config-host", "https://x.example"],
                                       ["--institution", SCHOOL, "--new-deployments", "perhaps"]], ids=" ".join)
def test_invite_says_what_is_wrong(house, arguments):
    result = house.cli("platform", "invite", *arguments, check=False)
    assert result.status == 2 and result.err.strip()


def test_invite_for_an_unknown_registration_is_refused(house):
    result = house.cli("platform", "invite", "--update", "nothing", check=False)
    assert result.status == 1 and "platform" in result.err


def test_an_invitation_says_how_long_it_is_good(house):
    made = house.cli("platform", "invite", "--institution", SCHOOL, "--hours", "2", "--json").json()
    left = time.mktime(time.strptime(made["expires_at"], "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())
    assert 7000 < left <= 7200
