"""The deployed console, people who look at it, and devices that send events to it."""

import contextlib
import itertools
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                 if Path(path).exists()), None)
# Nothing of the browser itself goes to the network.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
# Reached only by a broken program.
DEADLINE_SECONDS = 60
# Reports what the policy of a page blocked, and whether a script of somebody else ran.
WATCH = """
window.blocked = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.blocked.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


class Stack:
    """What `make up` deployed."""

    def __init__(self):
        self.path = os.environ["CAMHOOK_STACK"]
        self.description = json.loads(Path(self.path).read_text(encoding="utf-8"))
        self.console = self.description["api_url"] + "/console"

    def camhook(self, *words):
        """The output of a command."""
        command = [self.description["binaries"]["camhook"], *words, "--stack", self.path]
        environment = {**os.environ, "TZ": "Europe/Berlin"}
        answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if answer.returncode != 0:
            raise AssertionError(f"camhook {' '.join(words)}: {answer.stdout}{answer.stderr}")
        return answer.stdout

    def json(self, *words):
        """The lines that a command prints as JSON."""
        return [json.loads(line) for line in self.camhook(*words, "--json").splitlines() if line.strip()]

    def invite(self, name, role="viewer", *areas):
        """A link to sign in with."""
        limits = [word for area in areas for word in ("--area", area)]
        return self.json("people", "invite", name, "--role", role, *limits)[0]["link"]

    def send(self, source, case, *options):
        """Sends a sample, and returns its event once the index has it."""
        known = {event["id"] for event in self.events(source)}
        self.camhook("send", source, case, *options)
        return self.new_event(source, known)

    def post(self, source, request):
        """Posts the text of a request, and returns its event once the index has it."""
        known = {event["id"] for event in self.events(source)}
        head, body = request.replace("\r\n", "\n").split("\n\n", 1)
        fields = dict(line.split(": ", 1) for line in head.splitlines()[1:])
        kept = {name: value for name, value in fields.items() if name.lower() == "content-type"}
        url = self.description["sources"][source]
        with urllib.request.urlopen(urllib.request.Request(url, body.encode(), kept, method="POST"), timeout=30):
            pass
        return self.new_event(source, known)

    def sample(self, source, case, *options):
        """The text of the request that `send` would send."""
        return self.json("send", source, case, "--dry-run", *options)[0]["request"]

    def events(self, source):
        """The events of a source in the index."""
        return self.json("events", "--source", source, "--since", "26h", "--limit", "200")

    def new_event(self, source, known):
        def new():
            return [event for event in self.events(source) if event["id"] not in known]

        return until(f"an event of {source}", new)[0]

    def aws(self, service, method, path, body=b"", **fields):
        """What the local cloud answers to a call, past camhook's own code. It checks no signature."""
        region = self.description["region"]
        scope = f"Credential=local/20260101/{region}/{service}/aws4_request"
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        fields["Authorization"] = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
        request = urllib.request.Request(self.description["endpoint_url"] + path, body or None, fields, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def dynamodb(self, operation, **parameters):
        body = json.dumps(parameters).encode()
        return json.loads(self.aws("dynamodb", "POST", "/", body, Content_Type="application/x-amz-json-1.0",
                                   X_Amz_Target=f"DynamoDB_20120810.{operation}"))

    def keys(self, prefix):
        """The keys of at most a thousand objects."""
        query = urllib.parse.urlencode({"list-type": "2", "prefix": prefix})
        listed = self.aws("s3", "GET", f"/{self.description['bucket']}?{query}").decode()
        return re.findall("<Key>([^<]+)</Key>", listed)

    def delete_object(self, key):
        self.aws("s3", "DELETE", f"/{self.description['bucket']}/{urllib.parse.quote(key)}")

    @contextlib.contextmanager
    def index_table(self, name):
        """The console's function reads another table for the event index meanwhile."""
        function = self.description["functions"]["console"]
        path = f"/2015-03-31/functions/{function}/configuration"
        before = json.loads(self.aws("lambda", "GET", path))["Environment"]["Variables"]

        def update(variables):
            body = json.dumps({"Environment": {"Variables": variables}}).encode()
            self.aws("lambda", "PUT", path, body, Content_Type="application/json")

        update({**before, "CAMHOOK_INDEX_TABLE": name})
        try:
            yield
        finally:
            update(before)

    def empty_index(self, name):
        """Makes a table for an event index without events."""
        table = self.dynamodb("DescribeTable", TableName=self.description["index_table"])["Table"]
        indexes = [{name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
                   for index in table["GlobalSecondaryIndexes"]]
        self.dynamodb("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=table["KeySchema"],
                      AttributeDefinitions=table["AttributeDefinitions"], GlobalSecondaryIndexes=indexes)

    def expire_link(self, link):
        """Lets the 15 minutes of a sign-in link pass."""
        person = link.rsplit("/", 1)[1].split(".")[0]
        table = self.description["table"]
        items = self.dynamodb("Query", TableName=table, KeyConditionExpression="pk = :pk",
                              ExpressionAttributeValues={":pk": {"S": f"sign-in#{person}"}})["Items"]
        for item in items:
            item["expires"] = {"N": str(int(time.time()) - 60)}
            self.dynamodb("PutItem", TableName=table, Item=item)
        return len(items)

    def device_requests(self):
        """What the simulated devices received."""
        journal = Path(self.description["devices"]["requests"])
        lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
        return [json.loads(line) for line in lines]


def until(what, condition):
    """The first true result of a condition."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError(f"there is no {what}")


def status_of(url, method="GET", **fields):
    """The status of a request without a session."""
    request = urllib.request.Request(url, method=method, headers=fields, data=b"" if method == "POST" else None)
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are answers, too."""

    def redirect_request(self, *_):
        return None


class Browser:
    """Headless Chromium, with a profile of its own."""

    def __init__(self, stack):
        self.stack = stack
        self.playwright = sync_playwright().start()
        self.chromium = self.playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        self.names = itertools.count(1)

    def close(self):
        self.chromium.close()
        self.playwright.stop()

    @contextlib.contextmanager
    def visitor(self, link=None, **options):
        """A person with a browser of their own, who signs in by a link. Their dialogs and blocked loads are noted."""
        options = {"viewport": {"width": 1280, "height": 800}, "timezone_id": "UTC", **options}
        context = self.chromium.new_context(**options)
        context.set_default_timeout(20_000)
        context.add_init_script(WATCH)
        visitor = Visitor(self.stack, context)
        try:
            if link:
                visitor.sign_in(link)
            yield visitor
        finally:
            context.close()

    def member(self, role="viewer", *areas, **options):
        """A new person with this role, signed in."""
        name = f"{role}-{next(self.names)}"
        visitor = self.visitor(self.stack.invite(name, role, *areas), **options)
        return visitor

    def colours(self, png):
        """How many different colours a screenshot has, of every 4th pixel across and down."""
        context = self.chromium.new_context()
        try:
            page = context.new_page()
            return page.evaluate(
                """async (bytes) => {
                  const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)], {type: 'image/png'}));
                  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
                  const brush = canvas.getContext('2d');
                  brush.drawImage(bitmap, 0, 0);
                  const {data} = brush.getImageData(0, 0, bitmap.width, bitmap.height);
                  const colours = new Set();
                  for (let y = 0; y < bitmap.height; y += 4) {
                    for (let x = 0; x < bitmap.width; x += 4) {
                      const at = (y * bitmap.width + x) * 4;
                      colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
                    }
                  }
                  return colours.size;
                }""", list(png))
        finally:
            context.close()


class Visitor:
    """A person with a browser."""

    def __init__(self, stack, context):
        self.stack = stack
        self.context = context
        self.page = context.new_page()
        self.dialogs = []
        self.messages = []
        self.page.on("dialog", self.note_dialog)
        self.page.on("console", lambda message: self.messages.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.messages.append(f"error: {error}"))

    def note_dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def sign_in(self, link):
        self.page.goto(link)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/sign-in/" not in url)

    def open(self, path=""):
        """Opens a path below /console; the response."""
        return self.page.goto(f"{self.stack.console}{path}", wait_until="load")

    def pages(self):
        """The paths of the pages in the navigation."""
        self.open()
        targets = self.page.eval_on_selector_all("nav a", "links => links.map(link => link.href)")
        return [target.removeprefix(self.stack.console).rstrip("/") for target in targets]

    def problems(self):
        """What the page's policy blocked, dialogs, and errors of its script."""
        errors = [message for message in self.messages
                  if "Content Security Policy" in message or message.startswith("error: ")]
        # Errors of the network are those of pages that a test asks for on purpose.
        errors = [message for message in errors if "Failed to load resource" not in message]
        return self.page.evaluate("window.blocked") + self.dialogs + errors
