"""Runs the stranger on a node of a lab, in the place of its netftd; for the tests."""
import base64
import json
import pathlib
import subprocess
import threading
import tomllib

from lab.shell import LabError, wait_until
from lab.spec import address_of
from stranger import addresses

from support.registry import Skip

PYTHON = "/usr/bin/python3"  # Debian's, for Debian's python3-dissononce
HERE = pathlib.Path(__file__).resolve().parent


def run_selftest():
    """Gives unittest's report."""
    _need_dissononce()
    done = subprocess.run([PYTHON, "-B", HERE / "selftest.py"], capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stderr


def _need_dissononce():
    if subprocess.run([PYTHON, "-c", "import dissononce"], capture_output=True,
                      check=False).returncode:
        raise Skip("python3-dissononce is not installed")


def cluster_keys_of(config):
    """What [security] key_file lists, first the one that answers; none: no cluster key."""
    path = tomllib.loads(config.read_text(encoding="utf-8"))["security"].get("key_file")
    if not path:
        return []
    lines = pathlib.Path(config.parent, path).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def public_keys_of(config):
    nodes = tomllib.loads(config.read_text(encoding="utf-8"))["node"]
    return {one["name"]: one["public_key"] for one in nodes}


def key_bytes_of(lab, name):
    return base64.b64decode(public_keys_of(lab.config)[name])


def settings_of(lab, name, peers, **more):
    """As the cluster.toml of the lab says."""
    public = public_keys_of(lab.config)
    virtual = addresses.assign([base64.b64decode(key) for key in public.values()])
    ipv4, ipv6 = virtual[base64.b64decode(public[name])]
    paths = {peer: [[address_of(lab.spec, name, network)[0], address_of(lab.spec, peer, network)[0]]
                    for network in lab.spec.network_names()] for peer in peers}
    key = (lab[name].directory / "node.key").read_text(encoding="utf-8").strip()
    return {"name": name, "key": key, "cluster": "lab", "mode": lab.spec.security,
            "cluster_keys": cluster_keys_of(lab.config), "ipv4": ipv4, "ipv6": ipv6,
            "mac": f"02:73:74:72:00:{lab.spec.node_names().index(name) + 1:02x}", "mtu": 1400,
            "peers": [{"name": peer, "public_key": public[peer], "paths": paths[peer]}
                      for peer in peers], **more}


class Stranger:
    """The running program; its events are kept in order."""

    def __init__(self, lab, name, peers, program="node.py", **more):
        _need_dissononce()
        file = lab[name].directory / "stranger.json"
        file.write_text(json.dumps(settings_of(lab, name, peers, **more)), encoding="utf-8")
        self.events = []
        self._process = lab[name].popen(PYTHON, "-B", HERE / program, file,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.wait("ready")

    def _read(self):
        for line in self._process.stdout:
            self.events.append(json.loads(line))

    def all(self, event, **fields):
        return [one for one in list(self.events) if one["event"] == event
                and all(one.get(key) == value for key, value in fields.items())]

    def wait(self, event, seconds=15, since=0, **fields):
        """The last such event, as soon as there are more than `since`."""
        found = wait_until(lambda: self.all(event, **fields)[since:], seconds)
        if not found:
            raise LabError(f"stranger: no {event} {fields} after {seconds} s; it said: "
                           + "\n".join(map(str, self.events[-15:])))
        return found[-1]

    def do(self, command, **fields):
        self._process.stdin.write(json.dumps({"do": command, **fields}) + "\n")

    def show(self):
        before = len(self.all("show"))
        self.do("show")
        return self.wait("show", since=before)

    def ping(self, peer, sequence, payload, body=1400):
        """The echo's event; `body`: the bytes of the train that a datagram carries."""
        self.do("ping", peer=peer, sequence=sequence, payload=payload.hex(), body=body)
        return self.wait("echo", sequence=sequence, payload=payload.hex())

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join(5)
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
