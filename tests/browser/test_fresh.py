"""A page that waits for a reading comes again by itself, unless somebody is typing on it; items are found while one types."""
import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from browser.test_first_badge import enter, into_frame, open_tool, overflow, text
from support import laurel

WITHIN_S = 15
BADGES = [{"key": "task-one", "name": "First Task Done", "rule": {"item": "Task 1", "min_percent": 80}}]


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=71) as (place, lms):
        place.start()
        assert lms.launch(lms.user("editingteacher")["id"])[0].status == 303
        laurel.import_badges(place, lms, BADGES)
        place.cli("admin", "grant", "--issuer", lms.issuer, "--client-id", lms.client_id, "--sub", lms.user("admin")["id"],
                  "--institution", "Northside College")
        yield place, lms


def settle(place):
    """Read, and nobody has asked since."""
    place.cli("sync")
    place.cli("worker", "--once")
    with place.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM job WHERE kind = 'sync'")
        cursor.execute("UPDATE context SET sync_requested_at = now() - interval '9 minutes'")


def grid(window, school):
    place, lms = school
    settle(place)
    one = window()
    enter(one.driver, lms, lms.user("admin"))
    open_tool(one.driver, lms, lms.facts["courses"][0])
    settle(place)        # the launch has asked again
    one.driver.refresh()
    into_frame(one.driver)
    with place.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE context SET synced_at = now() - interval '9 minutes', sync_requested_at = NULL")
        cursor.execute("DELETE FROM job WHERE kind = 'sync'")
    go(one.driver, "nav.tabs a[href$='/grid']")
    return one


def go(driver, selector):
    driver.find_element(By.CSS_SELECTOR, selector).click()
    WebDriverWait(driver, WITHIN_S).until(lambda d: d.execute_script("return document.readyState") == "complete")


def until(driver, words):
    """A page that is just being replaced has no words yet."""
    wait = WebDriverWait(driver, WITHIN_S, ignored_exceptions=[StaleElementReferenceException, NoSuchElementException])
    wait.until(lambda d: words in text(d), words)


def test_what_was_read_comes_by_itself(school, window, pictures):
    one = grid(window, school)
    assert "Grades read 9 minutes ago." in text(one.driver)
    go(one.driver, "form[action$='/check'] button")
    until(one.driver, "Asked for a moment ago")
    one.driver.save_screenshot(str(pictures / "fresh-asked-1280.png"))
    school[0].cli("worker", "--once")
    until(one.driver, "Grades read just now.")
    assert one.complaints() == []


def test_nobody_loses_what_they_are_typing(school, window):
    one = grid(window, school)
    go(one.driver, "form[action$='/check'] button")
    box = one.driver.find_element(By.ID, "search")
    box.send_keys("Ami")
    school[0].cli("worker", "--once")
    until(one.driver, "That is over: look again")
    assert box.get_attribute("value") == "Ami"
    go(one.driver, "[data-ask]")
    until(one.driver, "Grades read just now.")


def test_items_are_found_while_one_types(school, window, pictures):
    one = grid(window, school)
    go(one.driver, "nav.tabs a[href$='/items']")
    until(one.driver, "Task 2")
    address = one.driver.execute_script("return location.href")
    one.driver.find_element(By.ID, "find").send_keys("task 1")
    WebDriverWait(one.driver, WITHIN_S).until(lambda d: "Task 2" not in text(d), "the list is narrowed")
    assert "Task 1" in text(one.driver) and one.driver.execute_script("return location.href") == address
    for page in ("items", "courses"):
        go(one.driver, f"nav.tabs a[href$='/{page}']")
        for width in (1280, 360):
            one.driver.set_window_size(width, 900)
            assert overflow(one.driver) <= 0, (page, width)
            one.driver.save_screenshot(str(pictures / f"{page}-{width}.png"))
    assert one.complaints() == []
