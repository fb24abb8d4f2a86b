"""The registration inside the platform's window: shown in its frame only, and closed by its message."""
import urllib.parse

import pytest
from selenium.webdriver.common.by import By

from support import laurel
from support.laurel import wait_until
from support.registrar import Registrar

PAGE = """<!doctype html><title>open</title><script>
addEventListener("message", function (e) { if (e.data && e.data.subject === "org.imsglobal.lti.close") document.title = "closed"; });
</script><iframe src="%s" width="900" height="700"></iframe>"""


@pytest.fixture(scope="module")
def house(cluster):
    registrars = Registrar(), Registrar()
    place = laurel.Laurel(cluster, allow=[r.port for r in registrars])
    place.prepare().start()
    place.moodle, place.stranger = registrars
    yield place
    place.close()
    for registrar in registrars:
        registrar.close()


def frame_of(house, platform):
    """The address of the platform's frame, as Moodle builds it."""
    invite = house.cli("platform", "invite", "--institution", "Northside College", "--json").json()["url"]
    return invite + "&" + urllib.parse.urlencode({"openid_configuration": platform.config_url, "registration_token": platform.token})


def shows(window, framing, source):
    framing.window = PAGE % source.replace("&", "&amp;")
    window.driver.get(framing.base + "/window")
    window.driver.switch_to.frame(window.driver.find_element(By.TAG_NAME, "iframe"))
    return window.driver.find_element(By.TAG_NAME, "body").text


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_in_the_frame_says_what_was_connected_and_closes_it(house, window, pictures, width):
    browser = window(width=width)
    text = shows(browser, house.moodle.reset(), frame_of(house, house.moodle))
    assert "Laurel is connected" in text and "Activate" in text
    browser.driver.save_screenshot(str(pictures / f"register-{width}.png"))
    browser.driver.find_element(By.CSS_SELECTOR, "[data-close]").click()
    browser.driver.switch_to.default_content()
    wait_until(lambda: browser.driver.title == "closed", 5, "the platform was told to close the window")
    assert not browser.complaints()


def test_what_went_wrong_is_said_inside_the_frame_and_closes_it_too(house, window):
    browser = window()
    house.moodle.reset().config = {"issuer": "https://elsewhere.example"}
    assert "was not connected" in shows(browser, house.moodle, frame_of(house, house.moodle))
    browser.driver.find_element(By.CSS_SELECTOR, "[data-close]").click()
    browser.driver.switch_to.default_content()
    wait_until(lambda: browser.driver.title == "closed", 5, "the platform was told to close the window")


def test_another_site_cannot_frame_it(house, window):
    """I10: the page that registers is for the configuration's origin."""
    browser = window()
    house.moodle.reset()
    assert "Laurel is connected" not in shows(browser, house.stranger.reset(), frame_of(house, house.moodle))
    assert any("frame-ancestors" in line for line in browser.complaints())
