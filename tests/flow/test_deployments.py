"""Deployments that are not known: parked, approved, refused, or let in by policy (attacks.md E3)."""
import json

import pytest

from support import forge, laurel, web

NORTH, SOUTH = "Northside College", "South Hill School"


@pytest.fixture(scope="module")
def house(cluster):
    place = laurel.Laurel(cluster)
    place.platforms = [forge.Platform(f"school-{n}") for n in range(8)]
    place.allow.extend(f"127.0.0.1:{p.port}" for p in place.platforms)
    place.write_config()
    place.prepare()
    for platform in place.platforms:
        place.add_platform(platform)
    place.start()
    yield place
    place.close()
    for platform in place.platforms:
        platform.close()


@pytest.fixture
def platform(house):
    return house.platforms.pop()


def launch(house, platform, deployment, **forged):
    delta = {forge.LTI + "deployment_id": deployment}
    return house.launch(platform, delta, login={"lti_deployment_id": deployment}, **forged)[0]


def shown(house, platform):
    return house.cli("platform", "show", "--registration", platform.slug, "--json").json()


def approve(house, platform, deployment, *more, check=True):
    return house.cli("platform", "approve", "--registration", platform.slug, "--deployment", deployment, *more, check=check)


def test_an_unknown_deployment_waits_until_it_is_approved(house, platform):
    before = house.counts()
    for _ in range(2):
        assert launch(house, platform, "new").status == 401
    assert house.counts() == before, "a refused launch wrote a row"
    [waiting] = shown(house, platform)["parked"]
    assert (waiting["deployment_id"], waiting["title"], waiting["launches"]) == ("new", "Lab skills", 2)
    assert "new  waits for" in house.cli("platform", "show", "--registration", platform.slug).out
    assert "1 wait for approval" in house.cli("platform", "list").out
    approve(house, platform, "new", "--institution", NORTH)
    assert launch(house, platform, "new").status == 303
    now = shown(house, platform)
    assert not now["parked"] and {d["deployment_id"]: d["institution"] for d in now["deployments"]}["new"] == NORTH
    assert house.rows("SELECT count(*) FROM audit WHERE action = 'deployment_approved'") != [(0,)]


def test_only_what_waits_can_be_approved(house, platform):
    before = house.counts()
    result = approve(house, platform, "never-seen", "--institution", NORTH, check=False)
    assert result.status == 1 and "never-seen" in result.err and house.counts() == before


def test_approving_needs_a_school(house, platform):
    launch(house, platform, "whose")
    result = approve(house, platform, "whose", check=False)
    assert result.status == 2 and "--institution" in result.err
    assert approve(house, platform, "whose", "--institution", "Nowhere", check=False).status == 1


def test_a_refused_deployment_is_not_asked_about_again(house, platform):
    launch(house, platform, "unwanted")
    house.cli("platform", "refuse", "--registration", platform.slug, "--deployment", "unwanted")
    for _ in range(2):
        assert launch(house, platform, "unwanted").status == 401
    [one] = shown(house, platform)["parked"]
    assert one["is_refused"] and one["launches"] == 1, "it was counted on, as if it waited"
    assert "wait for approval" not in next(line for line in house.cli("platform", "list").out.splitlines() if platform.slug in line)
    house.cli("admin", "list", "--institution", NORTH)
    approve(house, platform, "unwanted", "--institution", NORTH)
    assert launch(house, platform, "unwanted").status == 303, "a change of mind"


def test_what_was_let_in_by_hand_waits_no_more(house, platform):
    """Else somebody could "refuse" a deployment that goes on launching."""
    assert launch(house, platform, "by-hand").status == 401
    house.add_platform(platform, "--institution", NORTH, deployments=["by-hand"])
    assert launch(house, platform, "by-hand").status == 303 and not shown(house, platform)["parked"]
    refused = house.cli("platform", "refuse", "--registration", platform.slug, "--deployment", "by-hand", check=False)
    assert refused.status == 1 and "by-hand" in refused.err


def test_the_policy_lets_new_deployments_join_the_registrations_school(house, platform):
    refused = house.cli("platform", "edit", "--registration", platform.slug, "--new-deployments", "approve", check=False)
    assert refused.status == 2 and "--institution" in refused.err
    house.cli("platform", "edit", "--registration", platform.slug, "--new-deployments", "approve", "--institution", NORTH)
    assert launch(house, platform, "second").status == 303
    now = shown(house, platform)
    assert now["new_deployments"] == "approve" and not now["parked"]
    assert {d["deployment_id"]: d["institution"] for d in now["deployments"]}["second"] == NORTH
    house.cli("platform", "edit", "--registration", platform.slug, "--new-deployments", "ask")
    assert launch(house, platform, "third").status == 401


def test_no_more_than_fifty_wait(house, platform):
    for n in range(52):
        assert launch(house, platform, f"flood-{n}").status == 401
    assert len(shown(house, platform)["parked"]) == 50


def test_two_schools_under_one_client_id_stay_apart(house, platform):
    """E3: Canvas's global keys. The same sub and course id at both: two people, two courses, two awards."""
    house.add_platform(platform, "--institution", SOUTH, deployments=["south-1"])
    for deployment in (platform.deployment, "south-1"):
        assert launch(house, platform, deployment, sub="same-person", context="same-course").status == 303
    people = house.rows("SELECT p.id, i.name FROM person p JOIN institution i ON i.id = p.institution_id WHERE p.sub = 'same-person'")
    courses = house.rows("SELECT c.id, i.name FROM context c JOIN institution i ON i.id = c.institution_id"
                         " WHERE c.context_id = 'same-course'")
    assert sorted(name for _, name in people) == sorted(name for _, name in courses) == sorted([NORTH, SOUTH])
    path = house.folder / "south.json"
    path.write_text(json.dumps({
        "issuer": {"key": "south", "name": SOUTH, "url": "https://south.example"},
        "badges": [{"key": "seen", "name": "Seen in the south", "description": "D", "rule": {"manual": "seen"}, "courses": [
            {"issuer": platform.issuer, "client_id": platform.client_id, "deployment_id": "south-1", "context_id": "same-course"}]}]}))
    house.cli("badge", "import", path)
    awarded = 0
    for deployment, is_there in ((platform.deployment, False), ("south-1", True)):
        browser = web.Browser()
        delta = {forge.LTI + "deployment_id": deployment}
        reply, _ = house.launch(platform, delta, browser=browser, login={"lti_deployment_id": deployment},
                                roles=(forge.INSTRUCTOR,), context="same-course", sub="teacher")
        home = f"{house.base}/app/l/{laurel.launch_id(reply)}"
        grid = browser.get(home + "/grid").text
        assert ("Seen in the south" in grid) == is_there
        if is_there:
            why = house.base + next(part for part in grid.split('"') if "/why/" in part)
            page = browser.get(why)
            fields = {"csrf": page.fields()["csrf"], "reason": "Seen with my own eyes."}
            done = browser.post(why + "/award", fields, headers={"Origin": house.base})
            assert done.status == 303, done.text[:1000]
            awarded += 1
    assert awarded == 1
    owners = house.rows("SELECT i.name FROM award a JOIN institution i ON i.id = a.institution_id"
                        " JOIN person p ON p.institution_id = a.institution_id AND p.id = a.person_id WHERE p.sub = 'same-person'")
    assert owners == [(SOUTH,)]
