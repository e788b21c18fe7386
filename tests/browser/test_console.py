"""Browser tests of the console, against the deployed template on the local cloud: `make test-browser`."""

import json
import re
import socket
import unittest
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import axe_playwright_python

from support import CHROMIUM, Browser, Stack, status_of, until

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
NARROW = {"width": 360, "height": 740}
# The form of a secret, and nobody's.
FORGED = "0123456789abcdef." + "A" * 43
# Ends attributes, elements, scripts and comments, and is an expression of template languages.
MARKUP = """"'></a></p></title></script><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}<!--"""
EXTERNAL = """<link rel=stylesheet href=http://127.0.0.1:9/x.css><iframe srcdoc='<script>alert(3)</script>'>"""


def setUpModule():
    if CHROMIUM is None:
        raise unittest.SkipTest("Chromium is not installed; on Debian: apt-get install chromium")
    if "console" not in Stack().description["functions"]:
        raise unittest.SkipTest("the stack has no console")


class ConsoleTest(unittest.TestCase):
    """Every test has people and, where it matters, events of its own."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.browser = Browser(cls.stack)
        cls.addClassCleanup(cls.browser.close)
        cls.intrusion = cls.stack.send("gate", "intrusion")["id"]
        cls.plate = cls.stack.send("gate", "plate")["id"]
        cls.south = cls.stack.send("nvr", "line-crossing")["id"]
        with cls.browser.member("admin") as admin:
            cls.pages = admin.pages()

    def cookie(self, value):
        return {"name": "camhook", "value": value, "url": "{0.scheme}://{0.netloc}/".format(urlsplit(self.stack.console))}

    def assert_is_clear(self, person, answer, status, title):
        """A page with the console's style that says what is wrong, and nothing of the inside or of events."""
        self.assertEqual(answer.status, status, answer.url)
        self.assertEqual(person.page.locator("h1").inner_text(), title, answer.url)
        styles = person.page.evaluate(
            "[...document.styleSheets].filter(style => { try { return style.cssRules.length } catch { return 0 } }).length")
        self.assertGreater(styles, 0, f"{answer.url} has no style")
        text = person.page.content().replace(urlsplit(self.stack.console).path, "")
        for inside in ("DynamoDB", "EventIndex", "ResourceNotFound", "aws", "panicked", self.stack.description["bucket"]):
            self.assertNotIn(inside, text, answer.url)

    def card(self, page, event):
        return page.locator(f"[data-event='{event}']")

    # ---- access

    def test_a_preview_does_not_use_the_link_and_the_link_works_once(self):
        link = self.stack.invite("previewed")
        self.assertEqual(status_of(link), 200)
        with self.browser.visitor() as scanner:
            scanner.page.goto(link)
            self.assertIn("/sign-in/", scanner.page.url)
        with self.browser.visitor(link) as person:
            self.card(person.page, self.intrusion).wait_for()
            self.assertEqual(person.problems(), [])
        with self.browser.visitor() as second:
            second.page.goto(link)
            second.page.get_by_role("button", name="Sign in").click()
            second.page.get_by_text(re.compile("link", re.I)).first.wait_for()
            self.assertEqual(second.open().status, 401)

    def test_without_a_session_nothing_is_shown(self):
        with self.browser.visitor() as stranger:
            for path in [*self.pages, f"/events/{self.intrusion}", f"/pictures/{self.intrusion}/0", "/live?since=0"]:
                self.assertEqual(stranger.open(path).status, 401, path)
                self.assertNotIn(self.intrusion, stranger.page.content(), path)
            self.assertIn(stranger.open("/sign-in/forged").status, range(400, 500))

    def test_a_forged_link_and_a_forged_cookie_do_not_sign_in(self):
        with self.browser.visitor() as stranger:
            stranger.open(f"/sign-in/{FORGED}")
            stranger.page.get_by_role("button", name="Sign in").click()
            stranger.page.get_by_text(re.compile("link", re.I)).first.wait_for()
            self.assertEqual(stranger.open().status, 401)
            stranger.context.add_cookies([self.cookie(FORGED)])
            self.assertEqual(stranger.open().status, 401)

    def test_links_that_do_not_work_say_so_and_sign_nobody_in(self):
        expired, used = self.stack.invite("late"), self.stack.invite("twice")
        self.assertEqual(self.stack.expire_link(expired), 1)
        with self.browser.visitor(used):
            pass
        forged = f"{self.stack.console}/sign-in/{FORGED}"
        for link in (expired, used, forged):
            with self.subTest(link), self.browser.visitor() as person:
                person.page.goto(link)
                with person.page.expect_navigation() as navigation:
                    person.page.get_by_role("button", name="Sign in").click()
                self.assert_is_clear(person, navigation.value, 401, "This link does not work")
                self.assertEqual(person.context.cookies(self.stack.console), [])
                self.assert_is_clear(person, person.open(), 401, "Sign in")

    def test_the_cookie_cannot_be_read_by_scripts_and_is_new_at_each_sign_in(self):
        with self.browser.member() as person:
            [first] = person.context.cookies(self.stack.console)
            self.assertEqual((first["httpOnly"], first["sameSite"]), (True, "Lax"))
            self.assertEqual(person.page.evaluate("document.cookie"), "")
            person.sign_in(self.stack.invite("again"))
            [second] = person.context.cookies(self.stack.console)
            self.assertNotEqual(first["value"], second["value"])
            # The session of before ended.
            person.context.add_cookies([first])
            self.assertEqual(person.open().status, 401)

    def test_a_fixed_session_is_not_adopted(self):
        with self.browser.visitor() as victim:
            victim.context.add_cookies([self.cookie(FORGED)])
            victim.sign_in(self.stack.invite("victim"))
            values = [cookie["value"] for cookie in victim.context.cookies(self.stack.console)]
            self.assertNotIn(FORGED, values)

    def test_a_revoked_person_is_out_at_the_next_click(self):
        with self.browser.visitor(self.stack.invite("leaving", "operator")) as person:
            self.card(person.page, self.intrusion).wait_for()
            self.stack.camhook("people", "revoke", "leaving", "--yes")
            with person.page.expect_navigation() as navigation:
                person.page.locator("nav a").last.click()
            self.assertEqual(navigation.value.status, 401)
            self.assertNotIn("gate", person.page.inner_text("body"))

    def test_signing_out_ends_the_session(self):
        with self.browser.member() as person:
            cookies = person.context.cookies(self.stack.console)
            person.page.get_by_role("button", name="Sign out").click()
            person.page.get_by_text("Signed out").first.wait_for()
            self.assertEqual(person.open().status, 401)
            person.context.add_cookies(cookies)
            self.assertEqual(person.open().status, 401)

    def test_an_area_limits_events_pictures_and_changes(self):
        with self.browser.member("operator", "south") as person:
            self.card(person.page, self.south).wait_for()
            self.assertEqual(self.card(person.page, self.intrusion).count(), 0)
            answers = {path: person.open(path).status for path in (
                f"/events/{self.south}", f"/events/{self.intrusion}", f"/pictures/{self.intrusion}/0",
                f"/thumbnails/{self.intrusion}", f"/events/{'0' * 32}", "/site", "/problems")}
            self.assertEqual(answers.pop(f"/events/{self.south}"), 200)
            # An event of another area is answered like one that does not exist.
            self.assertEqual(answers[f"/events/{self.intrusion}"], answers[f"/events/{'0' * 32}"])
            self.assertEqual([path for path, status in answers.items() if status not in (403, 404)], [])
            person.open("?area=north")
            self.assertEqual(self.card(person.page, self.intrusion).count(), 0)
            for path in person.pages():
                person.open(path)
                self.assertNotIn("gate", person.page.inner_text("main"), path)
            person.open()
            marked = person.page.evaluate(
                """async ([url, event]) => {
                  const body = new URLSearchParams({event, reviewed: 'yes', back: ''});
                  return (await fetch(url, {method: 'POST', body, redirect: 'manual'})).status;
                }""", [f"{self.stack.console}/reviewed", self.intrusion])
            self.assertIn(marked, (403, 404))
        with self.browser.member("admin") as admin:
            self.card(admin.page, self.intrusion).wait_for()
            self.assertEqual(self.card(admin.page, self.south).count(), 1)

    def test_a_change_from_another_origin_is_refused(self):
        for fields in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            with self.subTest(fields):
                self.assertIn(status_of(f"{self.stack.console}/reviewed", "POST", **fields), (400, 403))
                self.assertIn(status_of(f"{self.stack.console}/sign-out", "POST", **fields), (400, 403))

    def test_pages_cannot_be_framed(self):
        with self.browser.member() as person:
            for path in person.pages():
                fields = person.open(path).headers
                self.assertIn("frame-ancestors 'none'", fields["content-security-policy"])
                self.assertEqual(fields["x-frame-options"], "DENY")
                self.assertIn("no-store", fields["cache-control"])

    # ---- what people do

    def test_filters_find_an_event_and_are_in_the_address(self):
        with self.browser.member() as person:
            person.open("?kind=plate&plate=IB36NL")
            self.card(person.page, self.plate).wait_for()
            self.assertEqual(self.card(person.page, self.intrusion).count(), 0)
            person.open("?area=south")
            self.card(person.page, self.south).wait_for()
            self.assertEqual(self.card(person.page, self.plate).count(), 0)
            self.assertEqual(person.problems(), [])

    def test_an_event_shows_the_pixels_of_its_picture_with_its_box(self):
        with self.browser.member() as person:
            self.card(person.page, self.intrusion).get_by_role("link").first.click()
            person.page.wait_for_url(f"**/events/{self.intrusion}*")
            picture = person.page.locator(f"img[src*='pictures/{self.intrusion}/0']").first
            picture.scroll_into_view_if_needed()
            until("picture", lambda: picture.evaluate("image => image.complete && image.naturalWidth") == 1280)
            self.assertGreater(self.browser.colours(picture.screenshot()), 500)
            # The box of the person, drawn where the sample has it: 44 to 59 % across.
            frame = picture.bounding_box()
            boxes = [box.bounding_box() for box in person.page.locator("svg rect, svg polygon").all()]
            centers = [((box["x"] + box["width"] / 2 - frame["x"]) / frame["width"]) for box in boxes if box]
            self.assertTrue(any(abs(center - 0.5156) < 0.02 for center in centers), centers)
            self.assertEqual(person.problems(), [])

    def test_pictures_are_signed_for_a_minute_and_only_for_people(self):
        with self.browser.member() as person:
            answer = person.context.request.get(
                f"{self.stack.console}/pictures/{self.intrusion}/0", max_redirects=0)
            self.assertIn(answer.status, (302, 303, 307))
            self.assertIn("X-Amz-Expires=60", answer.headers["location"])
            cache = re.fullmatch(r"private, (?:no-store|max-age=(\d+))", answer.headers["cache-control"])
            self.assertLess(int(cache[1] or 0), 60)

    def test_what_one_person_marks_another_sees(self):
        event = self.stack.send("gate", "line-crossing")["id"]
        with self.browser.member("operator") as first, self.browser.member("operator") as second:
            first.open(f"/events/{event}")
            first.page.get_by_role("button", name="Mark reviewed").click()
            first.page.locator(".heading[data-reviewed='yes']").wait_for()
            second.open("?reviewed=no")
            self.card(second.page, self.intrusion).or_(second.page.locator("#empty")).first.wait_for()
            self.assertEqual(self.card(second.page, event).count(), 0)
            second.open("?reviewed=yes")
            self.card(second.page, event).wait_for()
        with self.browser.member("viewer") as viewer:
            viewer.open(f"/events/{event}")
            self.assertEqual(viewer.page.get_by_role("button", name=re.compile("review", re.I)).count(), 0)

    def test_all_shown_are_marked_and_the_mark_is_undone(self):
        event = self.stack.send("nvr", "plate", "--plate", "UN-DO 1")["id"]
        with self.browser.member("operator") as person:
            person.open("?plate=UNDO1")
            self.card(person.page, event).wait_for()
            person.page.get_by_role("button", name="Mark all shown as reviewed").click()
            person.page.locator("#undo button").click()
            person.page.locator(f"[data-event='{event}'][data-reviewed='no']").wait_for()
            person.open("?plate=UNDO1&reviewed=no")
            self.card(person.page, event).wait_for()

    def test_a_new_event_appears_without_a_reload(self):
        with self.browser.member() as person:
            person.open()
            person.page.evaluate("window.sameDocument = true")
            event = self.stack.send("nvr", "face")["id"]
            self.card(person.page, event).wait_for(timeout=30_000)
            self.assertTrue(person.page.evaluate("window.sameDocument"))
            self.assertEqual(self.card(person.page, event).count(), 1)
            self.assertEqual(person.problems(), [])

    def test_updates_are_rare_pause_while_the_tab_is_hidden_and_fill_the_gap(self):
        with self.browser.member() as person:
            page = person.page
            # The test moves the page's clock.
            page.clock.install()
            person.open()
            asked = []
            page.on("request", lambda request: "/console/live" in request.url and asked.append(request.url))
            changed = "document.dispatchEvent(new Event('visibilitychange'))"
            for count in range(1, 4):
                page.clock.run_for(9_000)
                page.evaluate(changed)
                with page.expect_response("**/console/live*"):
                    page.clock.run_for(1_000)
                page.evaluate(changed)
                self.assertEqual(len(asked), count)

            page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
            page.clock.run_for(120_000)
            missed = self.stack.send("nvr", "face")["id"]
            self.assertEqual(len(asked), 3)
            page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
            page.evaluate(changed)
            self.card(page, missed).wait_for()
            self.assertEqual(len(asked), 4)

            page.context.set_offline(True)
            page.clock.run_for(10_000)
            page.locator("#live-state", has_text="Not connected").wait_for()
            missed = self.stack.send("nvr", "face")["id"]
            page.context.set_offline(False)
            page.clock.run_for(10_000)
            self.card(page, missed).wait_for()
            page.locator("#live-state", has_text="Live").wait_for()
            self.assertEqual(person.problems(), [])

    def test_a_filtered_page_counts_what_it_shows(self):
        events = [self.stack.send("nvr", "plate", "--plate", "CO-UNT 1")["id"] for _ in range(2)]
        with self.browser.member("operator") as person:
            page = person.page
            page.clock.install()
            person.open("?plate=COUNT1")
            for event in events:
                self.card(page, event).wait_for()
            page.locator("#summary", has_text="2 events shown, 2 not reviewed").wait_for()
            with page.expect_response("**/console/live*"):
                page.clock.run_for(10_000)
            self.card(page, events[0]).get_by_role("button", name="Mark reviewed").click()
            page.locator("#summary", has_text="2 events shown, 1 not reviewed").wait_for()
            self.card(page, events[0]).get_by_text("Reviewed by").wait_for()

    def test_the_console_can_be_installed(self):
        with self.browser.member() as person:
            person.open()
            page = person.page
            manifest_url = page.locator("link[rel=manifest]").evaluate("(link) => link.href")
            manifest = page.request.get(manifest_url).json()
            self.assertEqual(manifest["display"], "standalone")
            start = urljoin(manifest_url, manifest["start_url"])
            self.assertEqual(start, self.stack.console)
            # Chromium itself reads the manifest, and names what keeps a page from being installed.
            session = page.context.new_cdp_session(page)
            read = session.send("Page.getAppManifest")
            self.assertEqual((read["url"], read["errors"]), (manifest_url, []))
            errors = [error["errorId"] for error in session.send("Page.getInstallabilityErrors")["installabilityErrors"]]
            # The contexts of the tests are private windows.
            self.assertLessEqual(set(errors), {"in-incognito"})

    def test_everything_works_without_script(self):
        event = self.stack.send("nvr", "plate", "--plate", "NO-JS 1")["id"]
        link = self.stack.invite("without-script", "operator")
        with self.browser.visitor(link, java_script_enabled=False) as person:
            person.page.goto(f"{self.stack.console}?plate=NOJS1")
            self.card(person.page, event).get_by_role("link").first.click()
            person.page.wait_for_url(f"**/events/{event}*")
            person.page.get_by_role("button", name="Mark reviewed").click()
            person.page.locator(".heading[data-reviewed='yes']").wait_for()
            person.page.goto(f"{self.stack.console}?plate=NOJS1&reviewed=yes")
            self.card(person.page, event).wait_for()

    def test_a_message_links_to_the_events_page(self):
        # The first one: later ones about the same object notify nobody.
        event = self.intrusion

        def clicks():
            fields = [entry.get("headers", {}).get("click", "") for entry in self.stack.device_requests()]
            return [link for link in fields if link.endswith(f"/events/{event}")]

        [link] = until("notification", clicks)
        with self.browser.member() as person:
            self.assertEqual(person.page.goto(link).status, 200)
            self.assertEqual(link, f"{self.stack.console}/events/{event}")

    # ---- what is missing

    def test_a_picture_that_expired_is_named_on_the_page(self):
        event = self.stack.send("gate", "intrusion")
        with self.browser.member("admin") as person:
            keys = [key for key in self.stack.keys("images/gate/") if event["id"] in key]
            self.assertTrue(keys)
            for key in {*keys, event["thumbnail"]}:
                self.stack.delete_object(key)
            self.assertEqual(person.open(f"/events/{event['id']}").status, 200)
            person.page.get_by_text("The picture is no longer stored").first.wait_for()
            person.open()
            card = self.card(person.page, event["id"])
            card.scroll_into_view_if_needed()
            card.get_by_text("No preview").wait_for()
            self.assertEqual(person.problems(), [])

    def test_an_index_that_fails_is_named_and_nothing_changes(self):
        with self.browser.member("operator") as person:
            with self.stack.index_table("camhook-gone"):
                self.assert_is_clear(person, person.open(), 503, "Temporarily unavailable")
                answer = person.open(f"/events/{self.plate}")
                self.assert_is_clear(person, answer, 503, "Temporarily unavailable")
                marked = person.context.request.post(
                    f"{self.stack.console}/reviewed", max_redirects=0,
                    headers={"Origin": "{0.scheme}://{0.netloc}".format(urlsplit(self.stack.console))},
                    form={"event": self.plate, "reviewed": "yes"})
                self.assertEqual(marked.status, 503)
            # The session is as it was, and nothing is marked.
            person.open("?reviewed=no&kind=plate")
            self.card(person.page, self.plate).wait_for()

    def test_an_index_that_is_empty_or_behind_is_explained(self):
        self.stack.empty_index("camhook-empty-index")
        with self.browser.member("operator") as person:
            with self.stack.index_table("camhook-empty-index"):
                self.assertEqual(person.open().status, 200)
                person.page.get_by_role("heading", name="No events yet").wait_for()
                person.open("?kind=plate")
                person.page.get_by_role("heading", name="No event matches the filters").wait_for()
                for path in person.pages():
                    self.assertEqual(person.open(path).status, 200, path)
                # Stored, and not in the index yet: a message may be faster with its link.
                answer = person.open(f"/events/{self.plate}")
                self.assert_is_clear(person, answer, 404, "Not found")
                self.assertIn("A new event appears a few seconds after", person.page.inner_text("main"))
                self.assertEqual(person.problems(), [])
            self.assertEqual(person.open(f"/events/{self.plate}").status, 200)

    # ---- hostile input

    def test_an_address_that_is_none_has_a_page_with_style(self):
        with self.browser.member("operator", "south") as person:
            for path in ("/events%2Fx", "/events/%2F", f"/events/{self.intrusion}%2F..", "/a%2Fb/c",
                         f"/events/{self.intrusion}", "/nothing/at/all"):
                answer = person.open(path)
                self.assert_is_clear(person, answer, 404, "Not found")
                self.assertNotIn("gate", person.page.inner_text("main"), path)
            # Leads nowhere, whoever decodes it.
            self.assertEqual(person.open("/%2e%2e%2fsite").status, 404)

    def test_what_devices_send_is_text_on_every_page(self):
        events = [self.hostile_plate(), self.hostile_face()]
        person = self.stack.invite("<b>Eve</b><script>alert(4)</script>", "admin")
        with self.browser.visitor(person) as admin:
            for path in [*self.pages, *[f"/events/{event}" for event in events], "?text=%3Cscript%3E", "?plate=XSS1"]:
                answer = admin.open(path)
                self.assertLess(answer.status, 500, path)
                admin.page.wait_for_load_state("networkidle") if path.startswith("/events/") else None
                self.assertEqual(admin.problems(), [], path)
                self.assertEqual(admin.page.locator("iframe, script:not([src]), img[src='x']").count(), 0, path)
            admin.open(f"/events/{events[0]}")
            self.assertIn("<script>alert(1)</script>", admin.page.inner_text("body"))

    def hostile_plate(self):
        request = self.stack.sample("hostile", "plate", "--plate", "XSS1")
        for value in ("Drive", "NSW"):
            request = request.replace(f"<![CDATA[{value}]]>", f"<![CDATA[{MARKUP}]]>")
        for value in ("Toyota", "Camry", "white", "saloon car"):
            request = request.replace(f">{value}<", f"><![CDATA[{EXTERNAL}{MARKUP}]]><")
        return self.stack.post("hostile", request)["id"]

    def hostile_face(self):
        request = self.stack.sample("hostile-nvr", "face")
        for value in ("Porch", "RS-CH281M8ND-DF-WA2812PW", "12"):
            request = request.replace(f'"{value}"', json.dumps(EXTERNAL + MARKUP))
        return self.stack.post("hostile-nvr", request)["id"]

    def test_hostile_addresses_get_a_clear_page(self):
        with self.browser.member("admin") as person:
            for path in ("?plate=%22%3Cscript%3Ealert(1)%3C/script%3E", "?kind=unicorn", "?cursor=%00", "?from=never",
                         "/events/%3Cscript%3E", "/pictures/x/y", "/nothing", "?day=%F0%9F",
                         "/live?since=x", f"?text={'a' * 3000}"):
                answer = person.open(path)
                self.assertLess(answer.status, 500, path)
                self.assertIn("text/html", answer.headers["content-type"], path)
                # The page of an address that is not valid may be without its style.
                problems = [problem for problem in person.problems() if "MIME type" not in problem]
                self.assertEqual(problems, [], path)
        # A browser would encode these, and the gateway hands them over as they are.
        for query in ('?q="<', '?q=%22<', '?text="<script>'):
            self.assertEqual(raw_status(f"{self.stack.console}{query}"), 400, query)

    def test_nothing_redirects_to_another_host(self):
        with self.browser.member("operator") as person:
            for back in ("https://evil.example/", "//evil.example/", "\\\\evil.example", "javascript:alert(1)"):
                answer = person.context.request.post(
                    f"{self.stack.console}/reviewed", max_redirects=0,
                    headers={"Origin": "{0.scheme}://{0.netloc}".format(urlsplit(self.stack.console))},
                    form={"event": self.intrusion, "reviewed": "no", "back": back})
                location = answer.headers.get("location", "")
                self.assertNotIn("evil", urlsplit(location).netloc, back)
                self.assertFalse(location.startswith(("//", "\\", "javascript")), location)

    # ---- how it looks

    def test_no_page_is_wider_than_a_phone(self):
        hostile = self.hostile_plate()
        with self.browser.member("admin", viewport=NARROW) as person:
            for path in [*self.pages, f"/events/{self.plate}", f"/events/{hostile}", "/nothing"]:
                person.open(path)
                width = person.page.evaluate("document.scrollingElement.scrollWidth")
                self.assertLessEqual(width, NARROW["width"], path)

    def test_pictures_do_not_move_the_page(self):
        with self.browser.member() as person:
            for path in ("", f"/events/{self.intrusion}"):
                person.page.add_init_script("""
                    window.shift = 0;
                    new PerformanceObserver((list) => {
                      for (const entry of list.getEntries()) window.shift += entry.value;
                    }).observe({type: 'layout-shift', buffered: true});
                """)
                person.open(path)
                person.page.wait_for_load_state("networkidle")
                self.assertLess(person.page.evaluate("window.shift"), 0.05, path)

    def test_pages_are_accessible(self):
        for scheme in ("light", "dark"):
            with self.browser.member("admin", color_scheme=scheme) as person:
                for path in [*self.pages, f"/events/{self.plate}"]:
                    person.open(path)
                    self.assertEqual(serious(person.page), [], f"{scheme} {path}")
        with self.browser.visitor() as stranger:
            stranger.page.goto(self.stack.invite("accessible"))
            self.assertEqual(serious(stranger.page), [], "sign in")


def serious(page):
    """What axe-core finds that keeps people from using a page."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then(result => result.violations)")
    return [f"{finding['id']}: {finding['nodes'][0]['html'][:200]} {finding['nodes'][0]['failureSummary']}"
            for finding in found if finding["impact"] in ("serious", "critical")]


def raw_status(url):
    """The status of a request whose address is sent as it is."""
    parts = urlsplit(url)
    target = url.partition(parts.netloc)[2]
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])


if __name__ == "__main__":
    unittest.main()
