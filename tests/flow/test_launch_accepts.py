"""Good launches must work: the certification's valid ones (lti.md 2.2) and attacks.md's positive controls.
P11 (Safari with cookies blocked) needs a browser; tests/browser launches in a frame of another site, with third-party
cookies allowed and blocked."""
import time

import pytest

from support import forge, web
from support.forge import AGS, INSTITUTION, INSTRUCTOR, LEARNER, LTI, MEMBERSHIP, NRPS, SYSTEM, Null
from support.laurel import Crowd

from .judge import accepted, page

NO_NAMES = {"name": None, "given_name": None, "family_name": None}
GUEST, LEARNS, TEACHES = 0, 1, 3        # model_lti.h, enum model_role
PEOPLE = {"student": (LEARNER, "Learner", LEARNS), "teacher": (INSTRUCTOR, "Instructor", TEACHES)}
# Variant -> (claims delta, roles of (full role, short role), the role that is expected when it is not the person's)
VARIANTS = {
    "V1-plain": ({}, lambda full, short: [full], None),
    "V2-roles": ({}, lambda full, short: [SYSTEM + "User", INSTITUTION + "Other", full, MEMBERSHIP + "Member"], None),
    "V3-short-role": ({}, lambda full, short: [short], None),
    "V4-unknown-role": ({}, lambda full, short: ["http://purl.imsglobal.org/vocab/lis/v2/uknownrole/unknown#Helper"], GUEST),
    "V5-no-role": ({}, lambda full, short: [], GUEST),
    "V6-email-only": (NO_NAMES, lambda full, short: [full], None),
    "V7-names-only": ({"email": None}, lambda full, short: [full], None),
    "V8-no-pii": ({**NO_NAMES, "email": None}, lambda full, short: [full], None),
    "V9-no-context": ({**NO_NAMES, LTI + "context": None}, lambda full, short: [full], None),
}


def works(laurel, reply, pending):
    """The launch is taken, and the page it leads to is there, private and not to be framed by strangers."""
    launch = accepted(reply, laurel)
    shown = pending.browser.get(laurel.base + reply.location if reply.location.startswith("/") else reply.location)
    assert shown.status == 200, f"the page: {shown.status}"
    assert shown.header("Cache-Control") == "no-store"
    assert shown.header("X-Content-Type-Options") == "nosniff"
    assert shown.header("Referrer-Policy") in ("no-referrer", "same-origin")
    policy = shown.header("Content-Security-Policy")
    assert "default-src 'none'" in policy and "frame-ancestors" in policy and "unsafe-inline" not in policy
    return launch, shown


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("variant", VARIANTS)
def test_certification_valid_launch(house, variant, who):
    delta, roles, expected = VARIANTS[variant]
    full, short, own = PEOPLE[who]
    reply, pending = house.laurel.launch(house.a, delta, roles=roles(full, short))
    launch, _ = works(house.laurel, reply, pending)
    [(role,)] = house.laurel.rows("SELECT role FROM session WHERE launch_id = %s", (launch,))
    assert role == (own if expected is None else expected)


def test_the_page_may_be_framed_by_its_platform_only(house):
    reply, pending = house.laurel.launch(house.a)
    _, shown = works(house.laurel, reply, pending)
    [ancestors] = [part for part in shown.header("Content-Security-Policy").split(";") if "frame-ancestors" in part]
    assert set(ancestors.split()[1:]) == {house.a.base}


def canvas(platform):
    """attacks.md P2: nulls for empty texts, an errors object, vendor claims."""
    return {
        "azp": platform.client_id, "picture": "https://canvas.example/images/thumbnails/1/x", "errors": {"errors": {}},
        LTI + "resource_link": {"id": "6f1c0b", "title": Null, "description": Null, "validation_context": Null, "errors": {"errors": {}}},
        LTI + "context": {"id": "4dde05e8ca1973bcca9bffc13e1548820eee93a3", "label": "BIO-1", "title": "Biology", "validation_context": Null,
                          "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"], "errors": {"errors": {}}},
        LTI + "tool_platform": {"guid": "g", "name": "School", "version": "cloud", "product_family_code": "canvas", "validation_context": Null},
        LTI + "launch_presentation": {"document_target": "iframe", "height": 400, "width": "800", "locale": "en",
                                      "return_url": "https://canvas.example/courses/1/external_content/success"},
        LTI + "lti11_legacy_user_id": "e0f1", LTI + "lti1p1": {"user_id": "e0f1"},
        LTI + "lis": {"person_sourcedid": "$Person.sourcedId", "course_offering_sourcedid": ""},
        LTI + "custom": {"canvas_user_id": "871", "unexpanded": "$Canvas.user.globalId"},
        "https://www.instructure.com/placement": "course_navigation", "unknown": [{"a": Null}]}


def moodle(now):
    """attacks.md P3: no azp, a bare context type, a minute's life, empty texts."""
    return {
        "exp": now + 60, "iat": now, "locale": None, "email": "",
        LTI + "context": {"id": "2", "label": "", "title": "Badge pilot course", "type": ["CourseSection"]},
        LTI + "lis": {"person_sourcedid": "", "course_section_sourcedid": ""}, LTI + "roles": [LEARNER, ""],
        LTI + "ext": {"user_username": "student01", "lms": "moodle-2"},
        LTI + "custom": {"user_name": "student01", "ctx_history": "", "link_setting_url": "http://127.0.0.1/links/{link_id}/custom"},
        AGS + "endpoint": {"scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"], "lineitem": "",
                           "lineitems": "http://127.0.0.1:1/mod/lti/services.php/2/lineitems?type_id=1"},
        NRPS + "namesroleservice": {"context_memberships_url": "", "service_versions": ["1.0", "2.0"]}}


ACCEPTED = {
    "P2-canvas": lambda platform, now: canvas(platform),
    "P3-moodle": lambda platform, now: moodle(now),
    "P4-aud-array": lambda platform, now: {"aud": [platform.client_id]},
    "P4-aud-array-azp": lambda platform, now: {"aud": [platform.client_id], "azp": platform.client_id},
    "P6-fractional": lambda platform, now: {"iat": now + 0.25, "exp": now + 300.5},
    "P12-clock-ahead": lambda platform, now: {"iat": now + 30, "exp": now + 330},
    "P12-clock-behind": lambda platform, now: {"iat": now - 330, "exp": now - 30},
    "B10-context-null": lambda platform, now: {LTI + "context": Null},
    "B10-odd-optionals": lambda platform, now: {
        "name": ["a"], "email": 5, "locale": {}, LTI + "custom": [1], LTI + "launch_presentation": "x", LTI + "role_scope_mentor": 5,
        LTI + "tool_platform": [], LTI + "lis": 7, AGS + "endpoint": "x", NRPS + "namesroleservice": []},
    "B10-odd-custom": lambda platform, now: {LTI + "custom": {"a": {}, "b": 5, "c": Null, "d": "x\ny"}},
    "B12-long-title": lambda platform, now: {LTI + "resource_link": {"id": "long", "title": "t" * 10000}},
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepts(house, name):
    delta = ACCEPTED[name](house.a, int(time.time()))
    reply, pending = house.laurel.launch(house.a, delta)
    works(house.laurel, reply, pending)


def test_P5_a_jwk_without_alg_and_with_padding(house):
    key = house.tolerated
    reply, pending = house.laurel.launch(house.zoo, header={"kid": key.kid}, key=key)
    works(house.laurel, reply, pending)


def test_P5_bad_keys_do_not_void_the_good_one_beside_them(house):
    reply, pending = house.laurel.launch(house.zoo)
    works(house.laurel, reply, pending)


def test_P7_a_new_key_is_fetched_once_and_used(house):
    platform = house.fresh()
    accepted(house.laurel.launch(platform)[0], house.laurel)
    old, before = platform.key, platform.fetches
    platform.key = forge.Key()
    platform.keys = [platform.key, old]
    for _ in range(2):
        accepted(house.laurel.launch(platform)[0], house.laurel)
    assert platform.fetches == before + 1
    accepted(house.laurel.launch(platform, key=old, header={"kid": old.kid})[0], house.laurel)


def test_a_platform_whose_keys_cannot_be_had_is_not_blamed_on_the_learner(house):
    platform = house.fresh()
    platform.down = True
    reply, _ = house.laurel.launch(platform)
    assert reply.status in (502, 503) and not reply.location
    platform.down = False


def test_P8_two_tabs_launch_at_once(house):
    browser = web.Browser()
    pending = [house.laurel.begin(house.a, browser) for _ in range(2)]
    tokens = [house.a.token(p.nonce, sub="p8", context=f"course-p8-{n}") for n, p in enumerate(pending)]
    replies = Crowd.run(2, lambda n: house.laurel.present(pending[n], tokens[n], browser=browser.copy()))
    launches = {accepted(reply, house.laurel) for reply in replies}
    assert len(launches) == 2
    for reply in replies:
        browser.keep(reply)
    assert all(page(house.laurel, browser, launch).status == 200 for launch in launches)


def test_P9_ids_of_255_characters(house):
    delta = {LTI + "resource_link": {"id": "l" * 255}, LTI + "context": {"id": "c" * 255}}
    reply, pending = house.laurel.launch(house.a, delta, sub="s" * 255)
    works(house.laurel, reply, pending)
    assert house.laurel.rows("SELECT count(*) FROM person WHERE sub = %s", ("s" * 255,)) == [(1,)]


NAMES = ["Seán O'Brien-Ñandú", "Ana 👩\u200d🔬 Pérez", "محمد عبد الله", "李小龍", "<b>Bobby</b> \"Tables\" & Co", "n" * 200]


@pytest.mark.parametrize("name", NAMES)
def test_P10_names_of_all_kinds(house, name):
    sub = f"p10-{NAMES.index(name)}"
    reply, pending = house.laurel.launch(house.a, {"name": name, "given_name": name}, sub=sub)
    _, shown = works(house.laurel, reply, pending)
    assert house.laurel.rows("SELECT name FROM person WHERE sub = %s", (sub,)) == [(name,)]
    assert "<b>Bobby" not in shown.text


XSS = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


@pytest.mark.parametrize("roles", [LEARNER, INSTRUCTOR], ids=["student", "teacher"])
def test_I1_markup_in_claims_is_text_on_the_page(house, roles):
    delta = {"name": XSS, "given_name": XSS, "family_name": XSS, "email": XSS, "locale": XSS, "picture": XSS,
             LTI + "context": {"id": "xss", "label": XSS, "title": XSS}, LTI + "resource_link": {"id": "xss", "title": XSS},
             LTI + "tool_platform": {"guid": "g", "name": XSS}, LTI + "custom": {XSS: XSS},
             LTI + "launch_presentation": {"return_url": "javascript:alert(1)", "locale": XSS, "document_target": XSS}}
    reply, pending = house.laurel.launch(house.a, delta, roles=[roles])
    _, shown = works(house.laurel, reply, pending)
    for raw in ("<script>alert", "<img src=x", "javascript:alert"):
        assert raw not in shown.text
