"""What a listener hears on a node's interfaces: how many packets, and how many that hold a text.

  wire.py TEXT   prints "ready", listens until SIGTERM, then prints one JSON object:
                 interface -> {"packets": N, "readable": those that hold TEXT}
"""
import collections
import json
import signal
import socket
import sys

ETH_P_ALL = 3
SHORT = 0.2  # how long a signal may wait for a packet


def listen(text):
    heard = collections.defaultdict(lambda: {"packets": 0, "readable": 0})
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as wire:
        wire.settimeout(SHORT)
        print("ready", flush=True)
        while not stopped:
            try:
                packet, sender = wire.recvfrom(1 << 16)
            except TimeoutError:
                continue
            heard[sender[0]]["packets"] += 1
            heard[sender[0]]["readable"] += text in packet
    return heard


if __name__ == "__main__":
    print(json.dumps(listen(sys.argv[1].encode())), flush=True)
