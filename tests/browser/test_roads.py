"""A launch in a frame of another site, by every road there is (DESIGN 7), each forced and each shown to be the one that was
taken: partitioned cookie, platform storage with a token in the window, the same without sessionStorage, a new window."""
import pytest
from selenium.webdriver.common.by import By

from browser.conftest import Window
from browser.walk import Walk, stopwatch

BREAK_STORAGE = """if (location.hostname === "tool.localhost") Object.defineProperty(window, "sessionStorage", {
    get() { throw new DOMException("refused", "SecurityError"); } });"""
HEAR = """window.heard = []; window.addEventListener("message", event => window.heard.push(JSON.stringify(event.data)));"""
OFFER = "Open in a new window"
AGAIN = "Please start from your course"


@pytest.fixture(scope="module")
def browsers():
    """One Chromium for each set of options, since starting one takes longer than a test; all end with the module."""
    started = {}
    yield started
    for one in started.values():
        one.close()


@pytest.fixture
def chromium(sites, browsers):
    """chromium(lms, person) gives a window that nobody used before, without cookies, with this person logged in."""
    def open_at(lms, user, **more):
        key = tuple(sorted(more.items()))
        if key not in browsers:
            browsers[key] = Window(pin=sites.front.authority.pin, **more)
        browsers[key].start_over()
        return Walk(browsers[key].driver, lms, user)
    return open_at


def tool_cookies(walk):
    """Every cookie of the tool this browser holds, partitioned or not, as the browser itself lists them."""
    found = walk.driver.execute_cdp_cmd("Storage.getCookies", {})["cookies"]
    return [cookie for cookie in found if cookie["domain"].endswith("tool.localhost")]


# ---- 1: the partitioned cookie

def test_a_partitioned_cookie_carries_the_session_where_third_party_cookies_are_blocked(sites, chromium):
    student = sites.canvas.user("student")
    walk = chromium(sites.canvas, student, block_third_party=True).open_tool()
    walk.sees_in_frame("First Course")
    walk.driver.execute_async_script("fetch('/_probe').finally(arguments[0])")
    cookies = tool_cookies(walk)
    assert "probe" not in {c["name"] for c in cookies}, "a cookie that is not partitioned is refused: they are blocked"
    assert cookies and all(c.get("partitionKey") for c in cookies), cookies
    assert not walk.is_shell() and walk.kept_tokens() == [], "no script carries this session"
    walk.reload_frame().sees_in_frame("First Course")


# ---- 2: platform storage and a token in the window

def through_storage(sites, chromium, lms, user, **more):
    """The way every test of this road begins: no cookie ever reaches the browser."""
    sites.front.strip(True)
    return chromium(lms, user, **more)


def assert_this_road(walk, tokens=1):
    assert walk.is_shell() and len(walk.kept_tokens()) == tokens
    assert tool_cookies(walk) == [], "not one cookie of the tool"


def test_storage_and_a_token_show_the_students_page_and_survive_a_reload(sites, chromium, pictures):
    walk = through_storage(sites, chromium, sites.canvas, sites.canvas.user("student")).open_tool()
    walk.sees_in_frame("First Course")
    assert_this_road(walk)
    walk.reload_frame().sees_in_frame("First Course")
    assert_this_road(walk)
    walk.driver.save_screenshot(str(pictures / "road-storage-1280.png"))


def test_storage_of_the_page_itself_serves_as_well(sites, chromium):
    """`lti_storage_target=_parent`, where the authentication request goes to the page's own origin."""
    sites.moodle.control("set_quirk", name="storage", value="parent")
    walk = through_storage(sites, chromium, sites.moodle, sites.moodle.user("student")).open_tool()
    walk.sees_in_frame("Safe Hands")
    assert_this_road(walk)


def test_a_teacher_goes_through_the_pages_and_sends_a_form(sites, chromium):
    sites.moodle.control("set_quirk", name="storage", value="frame")
    walk = through_storage(sites, chromium, sites.moodle, sites.moodle.user("editingteacher")).open_tool()
    walk.sees_in_frame("Safe Hands")
    walk.check_now()
    assert_this_road(walk)
    walk.until(lambda: walk.driver.find_elements(By.CSS_SELECTOR, ".grid tbody td a"), "the grid has learners")
    walk.follow(".grid tbody td a").until(lambda: "/why/" in walk.path(), "the page of one learner's badge")
    walk.sees("Safe Hands")
    walk.driver.back()          # in front is the page around the frame now
    walk.until(lambda: walk.into_frame() and "/why/" not in walk.path() and walk.driver.find_elements(By.CSS_SELECTOR, ".grid"),
               "back at the grid")
    assert walk.path().partition("?")[0].endswith("/grid")
    assert_this_road(walk)


def test_two_tabs_with_two_courses_never_mix(sites, chromium):
    walk = through_storage(sites, chromium, sites.canvas, sites.canvas.user("editingteacher")).open_tool(0)
    one, other = (course["title"] for course in sites.canvas.facts["courses"][:2])
    walk.sees_in_frame(one)
    first = walk.driver.current_window_handle
    walk.driver.switch_to.new_window("tab")
    second = walk.driver.current_window_handle
    walk.open_tool(1).sees_in_frame(other)
    for handle, own, foreign in ((first, one, other), (second, other, one)) * 2:
        walk.driver.switch_to.window(handle)
        walk.into_frame().reload_frame().sees_in_frame(own)
        assert foreign not in walk.text()
        assert_this_road(walk)


def test_one_window_goes_from_course_to_course(sites, chromium):
    """The second launch leaves the first one's token where it is, and neither is taken for the other."""
    walk = through_storage(sites, chromium, sites.canvas, sites.canvas.user("editingteacher")).open_tool(0)
    one, other = (course["title"] for course in sites.canvas.facts["courses"][:2])
    walk.sees_in_frame(one)
    walk.open_tool(1).sees_in_frame(other)
    assert one not in walk.text()
    assert_this_road(walk, tokens=2)


def test_D15_another_person_in_the_window_ends_what_was_kept_there(sites, chromium):
    """As the cookie of another person's launch does: nobody goes back to the pages of whoever sat here before."""
    walk = through_storage(sites, chromium, sites.canvas, sites.canvas.user("editingteacher")).open_tool(0)
    walk.sees_in_frame(sites.canvas.facts["courses"][0]["title"])
    [before], pages = walk.kept_tokens(), walk.path()
    walk.log_in(sites.canvas.user("student"))
    walk.open_tool(0).sees_in_frame("First Course")
    walk.until(lambda: walk.into_frame() and walk.is_shell(), "the shell is there")
    assert_this_road(walk)
    assert walk.kept_tokens() != [before]
    walk.driver.execute_script("location.assign(arguments[0])", pages)
    walk.sees_in_frame(AGAIN)


# ---- D17: answers that are not the platform's

def test_lies_about_the_stored_value_are_not_heard(sites, chromium):
    """A wrong origin, a wrong frame of the right origin and a wrong message_id answer before the truth does (D17)."""
    sites.canvas.control("set_quirk", name="storage_liar", value=True)
    walk = through_storage(sites, chromium, sites.canvas, sites.canvas.user("student"))
    walk.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HEAR})
    walk.open_tool().sees_in_frame("First Course")
    assert_this_road(walk)


# ---- D18: nothing to "*"

def test_only_the_authentication_origin_is_spoken_to(sites, chromium):
    """The platform names `_parent`, but that page is not where the authentication request goes: it hears nothing."""
    sites.canvas.control("set_quirk", name="storage", value="parent")
    walk = through_storage(sites, chromium, sites.canvas, sites.canvas.user("student"))
    walk.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HEAR})
    walk.open_tool().sees_in_frame(OFFER)
    walk.driver.switch_to.default_content()
    heard = walk.driver.execute_script("return window.heard")
    assert heard, "the page does hear the frame: it says how high it wants to be"
    assert all("lti.frameResize" in text for text in heard), heard


# ---- 3: the same without sessionStorage

def test_without_session_storage_it_works_until_the_reload_and_then_says_what_to_do(sites, chromium, pictures):
    walk = through_storage(sites, chromium, sites.moodle, sites.moodle.user("editingteacher"), one_process=True)
    sites.moodle.control("set_quirk", name="storage", value="frame")
    walk.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": BREAK_STORAGE})
    walk.open_tool().sees_in_frame("Safe Hands")
    assert walk.is_shell() and walk.kept_tokens() is None and tool_cookies(walk) == []
    walk.check_now()
    walk.reload_frame().sees_in_frame(AGAIN)
    walk.sees("Go to your course, and choose the badges link there once more.")
    walk.driver.save_screenshot(str(pictures / "road-memory-reloaded-1280.png"))


# ---- 4: a new window

def test_the_button_opens_a_working_window_once(sites, chromium, pictures):
    """No storage, no cookie in the frame. The window itself may keep cookies."""
    sites.front.strip(True)
    walk = chromium(sites.moodle, sites.moodle.user("student")).open_tool()
    walk.sees_in_frame(OFFER)
    assert len(walk.driver.find_elements(By.CSS_SELECTOR, "main:not([hidden]) button")) == 1, "one button, nothing to choose"
    walk.driver.save_screenshot(str(pictures / "road-offer-1280.png"))
    sites.front.strip(False)
    page = walk.driver.current_window_handle
    walk.press_open().sees("Safe Hands")
    assert tool_cookies(walk) and walk.path().startswith("/app/l/")
    walk.driver.switch_to.window(page)
    walk.into_frame().press_open().sees("could not be opened")
    assert "Safe Hands" not in walk.text(), "the hand-off works once (D19)"


def test_the_new_window_works_without_any_cookie(sites, chromium):
    sites.front.strip(True)
    walk = chromium(sites.moodle, sites.moodle.user("student")).open_tool()
    walk.sees_in_frame(OFFER)
    walk.press_open().sees("Safe Hands")
    assert_this_road(walk)
    walk.driver.refresh()
    walk.sees("Safe Hands")


def test_a_silent_storage_leads_to_the_button_within_seconds(sites, chromium):
    sites.canvas.control("set_quirk", name="storage_silent", value=True)
    walk = through_storage(sites, chromium, sites.canvas, sites.canvas.user("student"))
    seconds = stopwatch()
    walk.open_tool().sees_in_frame(OFFER)
    assert seconds() < 12, "two waits of two seconds, and a slow machine"
    walk.press_open().sees("First Course")


# ---- D18, D19: no token in an address, a history entry, a log or a Referer

def history(walk):
    entries = walk.driver.execute_cdp_cmd("Page.getNavigationHistory", {})["entries"]
    return [entry["url"] for entry in entries] + [entry["userTypedURL"] for entry in entries]


def test_no_token_is_in_an_address_a_history_or_a_log(sites, chromium):
    student = sites.canvas.user("student")
    walk = through_storage(sites, chromium, sites.canvas, student).open_tool()
    walk.sees_in_frame("First Course").reload_frame().sees_in_frame("First Course")
    secrets, addresses = walk.secrets(), walk.addresses() + history(walk)
    sites.canvas.control("set_quirk", name="storage", value="off")
    walk.open_tool().sees_in_frame(OFFER)
    secrets += walk.secrets()
    addresses += walk.addresses() + history(walk)
    walk.press_open().sees("First Course")
    secrets += walk.secrets()
    addresses += walk.addresses() + history(walk)
    secrets = set(secrets)
    assert len(secrets) == 4 and all(len(secret) > 20 for secret in secrets), "two sessions, an id_token, a hand-off"
    told = sites.logs()
    assert "tool.localhost GET /app/l/" in told, "the terminator writes down what it is asked for"
    for secret in secrets:
        assert not [address for address in addresses if secret in address]
        assert secret not in told
    lines = [line for line in told.splitlines() if "referer=https://tool.localhost" in line and not line.startswith("tool.localhost ")]
    assert not lines, f"the tool's addresses reach no other site's Referer: {lines[:3]}"
