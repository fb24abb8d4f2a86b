"""What a person does at the two sites, in any browser: log in at the LMS, open the tool in its frame, look, follow links."""
import time

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

WITHIN_S = 20
SHELL = "return document.documentElement.id === 'laurel-shell'"
KEPT = "try { return Object.keys(sessionStorage).filter(key => key.startsWith('laurel-s-')) } catch (none) { return null }"


class Walk:
    """One browser window with somebody logged in at `lms`."""

    def __init__(self, driver, lms, user=None):
        self.driver, self.lms = driver, lms
        if user:
            self.log_in(user)

    def log_in(self, user):
        """On the LMS's start page, with its own form."""
        self.driver.get(self.lms.public_url + "/")
        self.driver.execute_script("document.querySelector(`form[action='/login'] [name=user][value='${arguments[0]}']`).closest('form').submit()",
                                   str(user["id"]))
        self.until(lambda: self.driver.current_url.endswith("/my"), "the person is logged in")

    def until(self, check, what):
        """Waits for something true; a page that is just being replaced is no answer yet."""
        def patient(_driver):
            try:
                return check()
            except (StaleElementReferenceException, NoSuchElementException, WebDriverException):
                return False
        return WebDriverWait(self.driver, WITHIN_S, poll_frequency=0.1).until(patient, what)

    def open_tool(self, course=0):
        facts = self.lms.facts["courses"][course]
        self.driver.get(f"{self.lms.public_url}/course/{facts['id']}/tool/{facts['links'][0]['instance']}")
        return self.into_frame()

    def into_frame(self):
        self.driver.switch_to.default_content()
        self.driver.switch_to.frame(self.driver.find_element(By.NAME, "tool"))
        return self

    def text(self):
        """What is on the page, scrolled into view or not: drivers differ about that in an element's own text."""
        return self.driver.execute_script("return document.body.innerText")

    def sees(self, words):
        """Waits until the page in front says `words`."""
        try:
            self.until(lambda: words in self.text(), f"the page says {words!r}")
        except WebDriverException as late:
            raise AssertionError(f"not {words!r} but: {self.text()[:600]!r}") from late
        return self

    def sees_in_frame(self, words):
        """The same when the frame is being loaded anew."""
        def there():
            self.into_frame()
            return words in self.text()
        self.until(there, f"the frame says {words!r}")
        return self

    def follow(self, selector):
        """Clicks on the first thing of this kind."""
        def clicked():
            self.driver.find_element(By.CSS_SELECTOR, selector).click()
            return True
        self.until(clicked, f"there is {selector}")
        return self

    def path(self):
        return self.driver.execute_script("return location.pathname + location.search")

    def reload_frame(self):
        """What "reload this frame" does; the new document must be another one than the old."""
        self.driver.execute_script("window.isOld = true; location.reload()")
        self.until(lambda: self.into_frame() and self.driver.execute_script(
            "return !window.isOld && document.readyState === 'complete'"), "the frame is loaded again")
        return self

    def is_shell(self):
        return self.driver.execute_script(SHELL)

    def kept_tokens(self):
        """Names of the sessions this window's storage keeps; None when it has no storage."""
        return self.driver.execute_script(KEPT)

    def check_now(self):
        """A form is sent. A launch has grades read by itself; the button is there again when that is over."""
        def opened_again():
            self.follow("nav.tabs a[aria-current]")
            return self.driver.find_elements(By.CSS_SELECTOR, "form[action$='/check'] button")
        self.until(opened_again, "the course's grades have been read")
        self.follow("form[action$='/check'] button")

        def is_asked():
            self.into_frame()
            return any(words in self.text() for words in ("Reading grades now", "Asked for a moment ago"))
        self.until(is_asked, "the frame says that grades are asked for")
        return self

    def press_open(self):
        """The button of the last road; then in front of the new window."""
        before = set(self.driver.window_handles)
        self.follow("[data-offer] button")
        self.until(lambda: set(self.driver.window_handles) - before, "a new window opens")
        [new] = set(self.driver.window_handles) - before
        self.driver.switch_to.window(new)
        return self

    def secrets(self):
        """Everything secret that the page in front knows: session tokens, and the hidden fields of the last road."""
        return self.driver.execute_script("""
            let found = [];
            try { found = Object.keys(sessionStorage).filter(key => key.startsWith('laurel-s-')).map(key => sessionStorage[key]) } catch (none) {}
            document.querySelectorAll('[name=id_token], [name=handoff]').forEach(field => found.push(field.value));
            return found""")

    def addresses(self):
        """Every address this document has seen: its own, where it came from, what it loaded."""
        return self.driver.execute_script(
            "return [location.href, document.referrer].concat(performance.getEntries().map(entry => entry.name))")


def stopwatch():
    """Seconds since it was made."""
    start = time.monotonic()
    return lambda: time.monotonic() - start
