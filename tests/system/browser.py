"""A headless Chromium for tests, by the WebDriver protocol."""
import base64
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

from noa_host import PATIENCE_S

DRIVER = shutil.which("chromedriver")

# Called back as soon as the condition holds: looked at after each change of the page.
UNTIL = """
const [condition, done] = arguments;
const holds = new Function("return (" + condition + ")");
const observer = new MutationObserver(look);
const all = {subtree: true, childList: true, attributes: true, characterData: true};
const shadows = new Set();
function look() {
  for (const {shadowRoot} of document.querySelectorAll("div, section")) {
    if (shadowRoot && !shadows.has(shadowRoot)) observer.observe(shadowRoot, all);
    shadows.add(shadowRoot);
  }
  let value = null;
  try { value = holds(); } catch (error) { value = null; }
  if (value) { observer.disconnect(); done(value); }
}
observer.observe(document, all);
look();
"""


class Browser:
    def __init__(self, width=1400, height=1000):
        self.size = (width, height)

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="noa-browser-")
        self.process = subprocess.Popen([DRIVER, "--port=0", "--log-level=SEVERE"], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in self.process.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                self.base = f"http://127.0.0.1:{found[1]}"
                break
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                            "--disable-dev-shm-usage", f"--user-data-dir={self.home}",
                            f"--window-size={self.size[0]},{self.size[1]}"]}
        session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": options}}})
        self.base += "/session/" + session["sessionId"]
        self.ask("POST", "/timeouts", {"script": PATIENCE_S * 1000, "pageLoad": PATIENCE_S * 1000})
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait(PATIENCE_S)
            self.process.stdout.close()
            shutil.rmtree(self.home, ignore_errors=True)

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method, headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S * 2) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from error

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *args):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(args)})

    def until(self, condition):
        """What an expression in JavaScript comes to, once that counts as true."""
        return self.ask("POST", "/execute/async", {"script": UNTIL, "args": [condition]})

    def keys(self, *keys):
        """Pressed one after the other: characters, or the code points of WebDriver."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def chord(self, *keys):
        """Pressed together."""
        actions = [{"type": "keyDown", "value": key} for key in keys]
        actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def click(self, x, y):
        """The mouse, at a place of the window."""
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}]})

    def resize(self, width, height):
        self.ask("POST", "/window/rect", {"width": width, "height": height})

    def screenshot(self, file):
        pathlib.Path(file).write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    def complaints(self):
        return [line["message"] for line in self.ask("POST", "/se/log", {"type": "browser"})
                if line["level"] in ("SEVERE", "WARNING")]
