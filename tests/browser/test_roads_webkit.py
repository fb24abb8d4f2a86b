"""The same walk in WebKitGTK, the engine of Safari, which keeps no cookies of another site's frame: not even partitioned
ones (2.50). So the first road does not exist here, and none of the others needs cookies to be taken away. Its driver gives
pages no scripts and lists no cookies of other sites; where Chromium's tests do that, the terminator does it here, or the
test goes by what the tool was asked."""
import os
import subprocess

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.webkitgtk.options import Options

from browser.walk import Walk, stopwatch

MINI_BROWSER = "/usr/lib/{}/webkit2gtk-4.1/MiniBrowser"
OFFER = "Open in a new window"
AGAIN = "Please start from your course"


def mini_browser():
    machine = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout.strip()
    return MINI_BROWSER.format(machine + "-linux-gnu")


@pytest.fixture(scope="module")
def display():
    """A screen that nobody sees."""
    reader, writer = os.pipe()
    screen = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"],
                              pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    number = os.read(reader, 16).decode().strip()
    assert number, "Xvfb did not start"
    yield ":" + number
    screen.terminate()
    screen.wait(10)
    os.close(reader)


@pytest.fixture
def webkit(sites, display, monkeypatch):
    """webkit(lms, person) opens a browser with this person logged in. Each has its own cookies, for one session."""
    for name, value in (("DISPLAY", display), ("GDK_BACKEND", "x11"), ("WEBKIT_DISABLE_DMABUF_RENDERER", "1")):
        monkeypatch.setenv(name, value)
    opened = []

    def open_at(lms, user):
        options = Options()
        options.binary_location = mini_browser()
        options.add_argument("--automation")
        options.set_capability("acceptInsecureCerts", True)
        opened.append(webdriver.WebKitGTK(executable_path="/usr/bin/WebKitWebDriver", options=options, service_log_path=os.devnull))
        opened[-1].set_page_load_timeout(30)
        opened[-1].set_script_timeout(30)
        return Walk(opened[-1], lms, user)
    yield open_at
    for driver in opened:
        driver.quit()


def launches(sites):
    """How the tool answered the launches of browsers so far."""
    lines = sites.front.log.read_text().splitlines()
    return [line.split()[3] for line in lines if line.startswith("tool.localhost POST /lti/launch ")]


def assert_this_road(walk):
    assert walk.is_shell() and len(walk.kept_tokens()) == 1


def test_webkit_storage_carries_the_session_since_the_frame_keeps_no_cookie(sites, webkit):
    """Nothing is stripped: the tool sets its cookies, and the launch comes back without them all the same."""
    before = len(launches(sites))
    walk = webkit(sites.canvas, sites.canvas.user("student")).open_tool()
    walk.sees_in_frame("First Course")
    assert launches(sites)[before:] == ["401", "200"], "no cookie came; what storage kept came by the page's script"
    assert_this_road(walk)
    walk.reload_frame().sees_in_frame("First Course")
    assert_this_road(walk)


def test_webkit_lies_about_the_stored_value_are_not_heard(sites, webkit):
    sites.canvas.control("set_quirk", name="storage_liar", value=True)
    walk = webkit(sites.canvas, sites.canvas.user("student")).open_tool()
    walk.sees_in_frame("First Course")
    assert_this_road(walk)


def test_webkit_a_teacher_goes_through_the_pages_and_sends_a_form(sites, webkit):
    sites.moodle.control("set_quirk", name="storage", value="frame")
    walk = webkit(sites.moodle, sites.moodle.user("editingteacher")).open_tool()
    walk.sees_in_frame("Safe Hands").check_now()
    assert_this_road(walk)
    walk.follow(".grid tbody td a").until(lambda: "/why/" in walk.path(), "the page of one learner's badge")
    walk.driver.execute_script("history.back()")
    walk.until(lambda: walk.into_frame() and "/why/" not in walk.path() and walk.driver.find_elements(By.CSS_SELECTOR, ".grid"),
               "back at the grid")
    assert_this_road(walk)


def test_webkit_two_tabs_with_two_courses_never_mix(sites, webkit):
    one, other = (course["title"] for course in sites.canvas.facts["courses"][:2])
    walk = webkit(sites.canvas, sites.canvas.user("editingteacher")).open_tool(0)
    walk.sees_in_frame(one)
    first = walk.driver.current_window_handle
    walk.driver.switch_to.new_window("tab")
    second = walk.driver.current_window_handle
    walk.open_tool(1).sees_in_frame(other)
    for handle, own, foreign in ((first, one, other), (second, other, one)):
        walk.driver.switch_to.window(handle)
        walk.into_frame().reload_frame().sees_in_frame(own)
        assert foreign not in walk.text()
        assert_this_road(walk)


def test_webkit_without_session_storage_it_works_until_the_reload(sites, webkit):
    """The driver cannot break sessionStorage: the terminator puts something in its place that throws."""
    sites.front.forget(True)
    walk = webkit(sites.canvas, sites.canvas.user("student")).open_tool()
    walk.sees_in_frame("First Course")
    assert walk.is_shell() and walk.kept_tokens() == []
    walk.reload_frame().sees_in_frame(AGAIN)


def test_webkit_the_button_opens_a_working_window_once(sites, webkit):
    walk = webkit(sites.moodle, sites.moodle.user("student")).open_tool()
    walk.sees_in_frame(OFFER)
    page = walk.driver.current_window_handle
    walk.press_open().sees("Safe Hands")
    walk.driver.switch_to.window(page)
    walk.into_frame().press_open().sees("could not be opened")
    assert "Safe Hands" not in walk.text()


def test_webkit_a_silent_storage_leads_to_the_button_and_the_window_needs_no_cookie(sites, webkit):
    sites.canvas.control("set_quirk", name="storage_silent", value=True)
    sites.front.strip(True)
    walk = webkit(sites.canvas, sites.canvas.user("student"))
    seconds = stopwatch()
    walk.open_tool().sees_in_frame(OFFER)
    assert seconds() < 12
    walk.press_open().sees("First Course")
    assert_this_road(walk)
