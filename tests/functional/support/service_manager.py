"""What systemd does for netftd: hears sd_notify(3), keeps descriptors in a store, hands them back.

As a program, `service_manager.py PATH COMMAND…` starts COMMAND as systemd starts a unit's main
process: with $NOTIFY_SOCKET and what the store of the ServiceManager at PATH holds.
"""
import fcntl
import os
import socket
import sys
import threading

FIRST_FD = 3  # SD_LISTEN_FDS_START


class ServiceManager:
    def __init__(self, path):
        self.path = str(path)
        self.messages = []
        self.store = {}  # name: descriptor
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(f"{self.path}.notify")
        self._hand = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._hand.bind(f"{self.path}.store")
        self._hand.listen()
        for work in (self._hear, self._hand_out):
            threading.Thread(target=work, daemon=True).start()

    def starter(self):
        """Words in front of a command."""
        return [sys.executable, __file__, self.path]

    def _hear(self):
        while True:
            try:
                text, fds, _, _ = socket.recv_fds(self._notify, 4096, 8)
            except OSError:
                return
            if not text:
                return
            fields = dict(line.split("=", 1) for line in text.decode().splitlines())
            self.messages.append(fields)
            name = fields.get("FDNAME")
            for fd in fds:
                if name in self.store or "FDSTORE" not in fields:
                    os.close(fd)  # systemd, too, keeps one of each file
                else:
                    self.store[name] = fd
            if "FDSTOREREMOVE" in fields and name in self.store:
                os.close(self.store.pop(name))

    def _hand_out(self):
        while True:
            try:
                client, _ = self._hand.accept()
            except OSError:
                return
            with client:
                socket.send_fds(client, [":".join(self.store).encode() or b"-"],
                                list(self.store.values()))

    def has_heard(self, **fields):
        return any(all(heard.get(key) == value for key, value in fields.items())
                   for heard in self.messages)

    def stop(self):
        """The unit is stopped: what is in the store is let go."""
        while self.store:
            os.close(self.store.popitem()[1])

    def close(self):
        self.stop()
        for one in (self._notify, self._hand):
            one.shutdown(socket.SHUT_RDWR)
            one.close()
        for end in ("notify", "store"):
            os.unlink(f"{self.path}.{end}")


def start(path, command):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(f"{path}.store")
        names, fds, _, _ = socket.recv_fds(client, 4096, 8)
    environment = {**os.environ, "NOTIFY_SOCKET": f"{path}.notify"}
    if fds:
        # Out of the way first: one of them may be where another is to go.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64) for fd in fds]
        for at, fd in enumerate(high):
            os.dup2(fd, FIRST_FD + at, inheritable=True)
        environment |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(fds)),
                        "LISTEN_FDNAMES": names.decode()}
    os.execvpe(command[0], command, environment)


if __name__ == "__main__":
    start(sys.argv[1], sys.argv[2:])
