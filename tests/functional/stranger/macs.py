"""mac1 and mac2 of handshake messages."""
import hashlib
import hmac

from stranger.wire import Refused

MAC_BYTES = 16


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def _mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()[:MAC_BYTES]


def mac1(receiver, message):
    return _mac(sha256(b"netft1 mac1", receiver), message)


def with_macs(message, receiver, cookie=None):
    """The complete datagram: the message, mac1, and mac2 or zeros."""
    message += mac1(receiver, message)
    return message + (_mac(cookie, message) if cookie else bytes(MAC_BYTES))


def check_mac1(datagram, own_public):
    end = len(datagram) - 2 * MAC_BYTES
    if not hmac.compare_digest(mac1(own_public, datagram[:end]), datagram[end:end + MAC_BYTES]):
        raise Refused("rx_bad_mac")


def has_mac2(datagram, cookie):
    return hmac.compare_digest(_mac(cookie, datagram[:-MAC_BYTES]), datagram[-MAC_BYTES:])
