"""Sealed datagrams of types 4, 5 and 6, and the window of counters that were received."""
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stranger.wire import HEADER_BYTES, Refused

TAG_BYTES = 16


def _nonce(header):
    return (bytes([header.type, 0]) + header.space.to_bytes(2, "big")
            + header.counter.to_bytes(8, "big"))


def seal(key, mode, header, payload):
    plain = header.encode()
    if mode == "sign":
        return plain + payload + AESGCM(key).encrypt(_nonce(header), b"", plain + payload)
    return plain + AESGCM(key).encrypt(_nonce(header), payload, plain)


def unseal(key, mode, header, datagram):
    """The payload. The associated data is the header as it came, not as we would write it."""
    if len(datagram) < HEADER_BYTES + TAG_BYTES:
        raise Refused("rx_truncated")
    try:
        if mode == "sign":
            AESGCM(key).decrypt(_nonce(header), datagram[-TAG_BYTES:], datagram[:-TAG_BYTES])
            return datagram[HEADER_BYTES:-TAG_BYTES]
        return AESGCM(key).decrypt(_nonce(header), datagram[HEADER_BYTES:],
                                   datagram[:HEADER_BYTES])
    except InvalidTag as error:
        raise Refused("rx_bad_seal") from error


class Window:
    """Which of the last counters were received. Only for datagrams that authenticated."""
    SIZE = 8192

    def __init__(self):
        self.highest = 0
        self._seen = set()

    def take(self, counter):
        """Raises Refused for a counter that came before or is too old to tell."""
        if counter in self._seen:
            raise Refused("rx_duplicate")
        if counter + self.SIZE <= self.highest:
            raise Refused("rx_too_old")
        self._seen.add(counter)
        if counter > self.highest:
            self.highest = counter
            if len(self._seen) > 2 * self.SIZE:
                self._seen = {one for one in self._seen if one + self.SIZE > counter}
