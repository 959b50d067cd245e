"""A mail server and a receiver of webhooks for tests: real sockets on this machine, as simple as the protocols allow."""

import email
import socketserver
import threading
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class PostOffice:
    """letters: what was taken in, whole, with the addresses it was for. refusals: answers to the next mails instead of taking them in."""

    def __init__(self) -> None:
        self.letters: list[tuple[list[str], EmailMessage]] = []
        self.refusals: list[str] = []
        self.port = 0


@contextmanager
def post_office():
    """Takes in mail by SMTP (RFC 5321) until the block ends."""
    office = PostOffice()

    class Counter(socketserver.StreamRequestHandler):
        def say(self, line):
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self):
            self.say("220 here")
            to = []
            for raw in self.rfile:
                word = raw.decode().strip()
                verb = word[:4].upper()
                if verb == "RCPT":
                    to.append(word.partition("<")[2].partition(">")[0])
                if verb == "DATA" and office.refusals:
                    self.say(office.refusals.pop(0))
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = []
                    for line in self.rfile:
                        if line == b".\r\n":
                            break
                        lines.append(line[1:] if line.startswith(b"..") else line)
                    office.letters.append((to, email.message_from_bytes(b"".join(lines), policy=default)))
                    to = []
                    self.say("250 taken")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Counter) as server:
        server.daemon_threads = True
        office.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield office
        server.shutdown()


class Receiver:
    """calls: headers (in small letters) and body of each. answers: statuses of the next answers; 204 when there are none."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], str]] = []
        self.answers: list[int] = []
        self.address = ""


@contextmanager
def receiver():
    """Takes in webhooks until the block ends."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(found.answers.pop(0) if found.answers else 204)
            self.end_headers()

        def log_message(self, *args):
            """Nothing is said."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found.address = f"http://127.0.0.1:{server.server_port}/hook"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()
