"""A badge admin connects Canvas from inside the LMS's frame, in a window of its own: with a cookie, without any, and in the
engine of Safari, which says of such a form that it is cross-site."""
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser.test_roads import browsers, chromium  # noqa: F401 - fixtures
from browser.test_roads_webkit import display, webkit  # noqa: F401 - fixtures


@pytest.fixture
def school(sites):
    """Grades of the demo Canvas come by its developer key, which nobody has connected yet."""
    lms, place = sites.canvas, sites.place
    where = ["--issuer", lms.issuer, "--client-id", lms.client_id, "--deployment", lms.deployment]
    secret = place.folder / "secret"
    secret.write_text(lms.facts["api_secret"], encoding="utf-8")
    place.cli("admin", "grant", *where[:4], "--sub", lms.user("admin")["sub"], "--institution", "Northside College")
    place.cli("source", "set", *where, "--kind", "canvas", "--base-url", lms.local, "--oauth-client-id",
              lms.facts["api_client_id"], "--oauth-secret-file", secret)
    yield sites
    place.cli("source", "set", *where, "--kind", "ags")


def open_page(walk):
    walk.open_tool().follow("nav.tabs a[href$='/connection']")
    return walk.sees("Not connected yet")


def press(walk, selector):
    """By the keyboard; then in front of the window that opens."""
    before = set(walk.driver.window_handles)
    walk.until(lambda: walk.driver.find_element(By.CSS_SELECTOR, selector).send_keys(Keys.ENTER) or True, f"there is {selector}")
    walk.until(lambda: set(walk.driver.window_handles) - before, "a window opens")
    [new] = set(walk.driver.window_handles) - before
    walk.driver.switch_to.window(new)
    return walk


def connect(walk, pictures=None):
    frame = walk.driver.current_window_handle
    press(walk, "form[action='/oauth/canvas/start'] button").sees("asks for access")
    assert walk.driver.execute_script("return document.referrer") == ""
    walk.follow("button[value=allow]").sees("Canvas is connected")
    if pictures:
        for width in (1280, 360):
            walk.driver.set_window_size(width, 700)
            walk.driver.save_screenshot(str(pictures / f"oauth-connected-{width}.png"))
        walk.driver.set_window_size(1280, 900)
    walk.driver.close()
    walk.driver.switch_to.window(frame)
    return walk.into_frame()


def test_a_window_connects_canvas_and_the_page_says_so(school, chromium, pictures):
    walk = open_page(chromium(school.canvas, school.canvas.user("admin"), block_third_party=True))
    assert not walk.is_shell()
    walk.driver.save_screenshot(str(pictures / "oauth-waiting-1280.png"))
    connect(walk, pictures)
    walk.follow("nav.tabs a[aria-current]").sees("Laurel reads grades as")
    for width in (1280, 360):
        walk.driver.set_window_size(width, 900)
        walk.driver.save_screenshot(str(pictures / f"oauth-connection-{width}.png"))
        wide = walk.driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{wide} pixels too wide at {width}"
    walk.driver.set_window_size(1280, 900)
    walk.follow("form[action$='/connection/revoke'] button").sees("Canvas is disconnected")


def test_a_page_without_any_cookie_opens_the_same_window(school, chromium):
    """The frame keeps nothing; a window of its own keeps its cookies, as browsers do."""
    school.front.strip(True)
    walk = open_page(chromium(school.canvas, school.canvas.user("admin")))
    assert walk.is_shell()
    school.front.strip(False)
    connect(walk).follow("nav.tabs a[aria-current]").sees("Laurel reads grades as")
    assert walk.is_shell()


def test_webkit_opens_it_too(school, webkit):
    walk = open_page(webkit(school.canvas, school.canvas.user("admin")))
    assert walk.is_shell()
    connect(walk).follow("nav.tabs a[aria-current]").sees("Laurel reads grades as")


def test_another_site_frames_neither_the_way_there_nor_back(school, chromium):
    walk = chromium(school.canvas, school.canvas.user("admin"))
    walk.driver.get_log("browser")
    walk.driver.execute_script("""const frame = document.createElement("iframe"); frame.name = "tool"; frame.src = arguments[0];
                                  document.body.append(frame)""", school.place.base + "/oauth/canvas?state=x&code=y")
    said = []
    walk.until(lambda: said.extend(line["message"] for line in walk.driver.get_log("browser")) or
               any("frame-ancestors" in line for line in said), "the browser refuses the frame")
