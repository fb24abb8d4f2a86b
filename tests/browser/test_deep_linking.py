"""A teacher adds badges to a course from the LMS's own page, in a browser: the choice in the frame, the answer that goes on
by itself under the page's policy, the form the LMS shows then."""
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from support import laurel

from .test_first_badge import WITHIN_S, enter, into_frame, overflow, text

NAMES = ["First Task Done", "Second Task Done", "Élan", *(f"Module {n} mastered, and everything that belongs to it" for n in range(1, 9))]
BADGES = [{"key": f"badge-{n}", "name": name, "gradebook": n < 2, "rule": {"item": "Task 1", "min_percent": 80}}
          for n, name in enumerate(NAMES)]


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=9) as (place, lms):
        place.start()
        assert lms.launch(lms.user("editingteacher")["id"])[0].status == 303
        laurel.import_badges(place, lms, BADGES)
        yield place, lms


def select_content(one, lms):
    driver = one.driver
    enter(driver, lms, lms.user("editingteacher"))
    driver.get(f"{lms.issuer}/course/{lms.facts['courses'][0]['id']}/add-badge-activity")
    into_frame(driver)
    WebDriverWait(driver, WITHIN_S).until(lambda d: "Choose what to add" in text(d))


def option(driver, name):
    return driver.find_element(By.XPATH, f"//label[.//span[text()='{name}']]")


def choose(driver, name):
    """As a person does: scrolled to where the bar with the buttons does not lie over it."""
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", option(driver, name))
    option(driver, name).click()


def confirm(driver):
    return driver.find_element(By.CSS_SELECTOR, "button[value=add]")


def in_the_lms(driver, words):
    driver.switch_to.default_content()
    driver.switch_to.frame("tool")
    return words in text(driver)


@pytest.mark.parametrize("width, name", [(1280, NAMES[0]), (360, NAMES[1])])
def test_a_teacher_adds_badges(school, window, pictures, width, name):
    _, lms = school
    one = window(width=width)
    driver = one.driver
    select_content(one, lms)
    assert overflow(driver) <= 0 and confirm(driver).text == "Add to the course"
    choose(driver, name)
    assert confirm(driver).text == "Add 1 item"

    box = driver.find_element(By.ID, "filter")
    box.send_keys("elan\n")         # Enter in the box sends nothing
    assert option(driver, "Élan").is_displayed() and option(driver, name).is_displayed(), "what is chosen stays in sight"
    assert not option(driver, NAMES[3]).is_displayed()
    choose(driver, "Élan")
    choose(driver, "My badges")
    assert confirm(driver).text == "Add 3 items"
    box.clear()
    box.send_keys("nothing is called that")
    assert "No badge has these letters" not in text(driver), "two are chosen and shown"
    driver.save_screenshot(str(pictures / f"pick-{width}.png"))
    confirm(driver).click()
    WebDriverWait(driver, WITHIN_S).until(lambda d: in_the_lms(d, "3 things chosen."))
    assert all(words in text(driver) for words in (name, "Élan", "My badges", "Gets a column of 1 point."))
    assert one.complaints() == []


def test_cancel_goes_back_with_nothing(school, window):
    _, lms = school
    one = window()
    select_content(one, lms)
    one.driver.find_element(By.CSS_SELECTOR, "button[value=cancel]").click()
    WebDriverWait(one.driver, WITHIN_S).until(lambda d: in_the_lms(d, "Nothing was chosen."))
    assert one.complaints() == []
