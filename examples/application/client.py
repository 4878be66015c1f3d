"""Call the application every second over a new connection, and print whenever the answer changes.

python client.py https://pay.example.com/
"""

import sys
import time
import urllib.error
import urllib.request


def answer(url: str) -> str:
    """What the application says, or why it says nothing."""
    try:
        with urllib.request.urlopen(url, timeout=3) as response:
            return str(response.read(1000).decode())
    except (urllib.error.URLError, OSError) as exc:
        return f"no answer: {exc}"


def main(url: str) -> None:
    """Watch until Ctrl-C."""
    last, since = "", time.monotonic()
    while True:
        now = answer(url)
        if now != last:
            moment = time.monotonic()
            print(time.strftime("%H:%M:%S"), f"after {moment - since:.0f} s:", now, flush=True)
            last, since = now, moment
        time.sleep(1)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].startswith("https://"):
        sys.exit("error: give the address to call, such as https://pay.example.com/")
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
