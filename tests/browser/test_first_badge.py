"""The whole story in a browser: a teacher grades in the LMS, the student's page in the frame shows the badge by itself,
and the LMS's gradebook shows it too."""
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from support import laurel

BADGES = [{"key": "task-one", "name": "First Task Done", "gradebook": True, "rule": {"item": "Task 1", "min_percent": 80}},
          {"key": "both-tasks", "name": "Both Tasks Done", "rule": {"all": [{"item": "Task 1", "min_percent": 80}, {"item": "Task 2"}]}}]
WITHIN_S = 10


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=7) as (place, lms):
        place.start()
        place.start_worker()
        teacher = lms.user("editingteacher")
        assert lms.launch(teacher["id"])[0].status == 303
        laurel.import_badges(place, lms, BADGES)
        yield place, lms


def enter(driver, lms, user):
    """The start page of the LMS, as this person."""
    driver.get(lms.issuer + "/")
    driver.add_cookie({"name": "lmsid", "value": lms.control("login", user=user["id"])["cookie"], "path": "/"})


def open_tool(driver, lms, course):
    driver.get(f"{lms.issuer}/course/{course['id']}/tool/{course['links'][0]['instance']}")
    into_frame(driver)


def into_frame(driver):
    driver.switch_to.default_content()
    driver.switch_to.frame(driver.find_element(By.NAME, "tool"))
    WebDriverWait(driver, WITHIN_S).until(lambda d: "/app/l/" in d.execute_script("return location.href"))


def text(driver):
    return driver.find_element(By.TAG_NAME, "body").text


def mark_in_the_page(driver, lms, course, title, student, grade):
    cmid = next(item["cmid"] for item in course["items"] if item["title"] == title)
    driver.get(f"{lms.issuer}/course/{course['id']}/marking/{cmid}")
    cell = driver.find_element(By.CSS_SELECTOR, f"input[aria-label='{title}, {student['name']}']")
    cell.clear()
    cell.send_keys(str(grade))
    driver.find_element(By.CSS_SELECTOR, "button.primary").click()
    WebDriverWait(driver, WITHIN_S).until(lambda d: "1 grade saved" in text(d))


def overflow(driver):
    """How many pixels the page is wider than its window."""
    return driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_first_badge(school, window, pictures):
    place, lms = school
    course, student, teacher = lms.facts["courses"][0], lms.user("student"), lms.user("editingteacher")
    pupil, desk = window(), window()

    enter(pupil.driver, lms, student)
    open_tool(pupil.driver, lms, course)
    before = text(pupil.driver)
    assert "First Task Done" in before, "a badge of the course is shown before it is earned, with what is missing"
    pupil.driver.save_screenshot(str(pictures / "student-before-1280.png"))

    enter(desk.driver, lms, teacher)
    mark_in_the_page(desk.driver, lms, course, "Task 1", student, 92)

    # The student does nothing but look: reload the activity, as people do.
    def earned(driver):
        open_tool(driver, lms, course)
        return "First Task Done" in text(driver) and text(driver) != before and place.cli("award", "list", "--json").json()
    [award] = WebDriverWait(pupil.driver, WITHIN_S, poll_frequency=1).until(earned)
    assert award["learner"]["sub"] == str(student["id"]) and award["badge"]["key"] == "task-one"
    pupil.driver.save_screenshot(str(pictures / "student-after-1280.png"))
    pupil.driver.set_window_size(360, 780)
    pupil.driver.refresh()
    into_frame(pupil.driver)
    assert overflow(pupil.driver) <= 0, "the page is wider than a phone"
    pupil.driver.save_screenshot(str(pictures / "student-after-360.png"))

    def in_gradebook(driver):
        driver.get(f"{lms.issuer}/course/{course['id']}/gradebook")
        return "First Task Done" in text(driver)
    WebDriverWait(desk.driver, WITHIN_S, poll_frequency=1).until(in_gradebook)
    desk.driver.save_screenshot(str(pictures / "gradebook-1280.png"))

    for one in (pupil, desk):
        assert one.complaints() == []


def test_the_teacher_sees_who_is_close(school, window, pictures):
    _, lms = school
    course, teacher = lms.facts["courses"][0], lms.user("editingteacher")
    for width in (1280, 360):
        one = window(width=width)
        enter(one.driver, lms, teacher)
        open_tool(one.driver, lms, course)
        for badge in BADGES:
            assert badge["name"] in text(one.driver)
        assert overflow(one.driver) <= 0
        one.driver.save_screenshot(str(pictures / f"teacher-{width}.png"))
        assert one.complaints() == []


@pytest.fixture(scope="module")
def two_sites(cluster):
    """The LMS is http://localhost, the tool http://127.0.0.1: two sites to a browser."""
    with laurel.school(cluster, seed=8, lms_host="localhost") as (place, lms):
        place.start()
        yield place, lms


@pytest.mark.parametrize("blocked", [False, True], ids=["allowed", "blocked"])
def test_the_launch_in_a_frame_of_another_site(two_sites, window, pictures, blocked):
    """Where the cookie is withheld, the tool says so in a sentence and offers a way on; it never loops or stays blank."""
    place, lms = two_sites
    course, student = lms.facts["courses"][0], lms.user("student", 1)
    one = window(block_third_party=blocked)
    enter(one.driver, lms, student)
    one.driver.get(f"{lms.issuer}/course/{course['id']}/tool/{course['links'][0]['instance']}")
    one.driver.switch_to.frame(one.driver.find_element(By.NAME, "tool"))
    WebDriverWait(one.driver, WITHIN_S).until(lambda d: d.execute_script("return location.origin") == place.base and text(d))
    one.driver.save_screenshot(str(pictures / f"other-site-{'blocked' if blocked else 'allowed'}-1280.png"))
    arrived = "/app/l/" in one.driver.execute_script("return location.href")
    ways_on = one.driver.find_elements(By.CSS_SELECTOR, "a[target=_blank], form[target=_blank] button")
    assert arrived or ways_on, text(one.driver)
