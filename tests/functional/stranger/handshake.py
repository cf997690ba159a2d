"""Initiation, response and cookie: Noise_IKpsk2_25519_AESGCM_SHA256, mac1 and mac2."""
import copy
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from dissononce.cipher.aesgcm import AESGCMCipher
from dissononce.dh.x25519.private import PrivateKey
from dissononce.dh.x25519.public import PublicKey
from dissononce.dh.x25519.x25519 import X25519DH
from dissononce.exceptions.decrypt import DecryptFailedException
from dissononce.hash.sha256 import SHA256Hash
from dissononce.processing.handshakepatterns.interactive.IK import IKHandshakePattern
from dissononce.processing.impl.cipherstate import CipherState
from dissononce.processing.impl.handshakestate import HandshakeState
from dissononce.processing.impl.symmetricstate import SymmetricState
from dissononce.processing.modifiers.psk import PSKPatternModifier

from stranger.macs import MAC_BYTES, mac1, sha256, with_macs
from stranger.wire import COOKIE, HEADER_BYTES, INITIATION, RESPONSE, Header, Refused

INITIATION_BYTES, RESPONSE_BYTES, COOKIE_BYTES = 172, 116, 60
MODES = {"sign": 1, "encrypt": 2}
DONE, CLONE = 0, 1
NO_CLUSTER_KEY = bytes(32)

_INITIATION_PAYLOAD = struct.Struct(">IBxxxQQ")
_RESPONSE_PAYLOAD = struct.Struct(">IBBxxQ")


def key_pair(private):
    return X25519DH().generate_keypair(PrivateKey(private))


def noise_state(dh=None):
    return HandshakeState(SymmetricState(CipherState(AESGCMCipher()), SHA256Hash()),
                          dh or X25519DH())


def noise_pattern():
    return PSKPatternModifier(2).modify(IKHandshakePattern())


def prologue_of(cluster):
    return b"netft1" + cluster.encode()


def sender_index_of(datagram):
    return int.from_bytes(datagram[HEADER_BYTES:HEADER_BYTES + 4], "big")


def _cookie_key(maker):
    return AESGCM(sha256(b"netft1 cookie", maker))


def make_cookie_message(own_public, cookie, datagram):
    """The cookie, sealed for the sender of `datagram`."""
    nonce, answered = os.urandom(12), datagram[-2 * MAC_BYTES:-MAC_BYTES]
    return (Header(COOKIE, receiver=sender_index_of(datagram)).encode() + nonce
            + _cookie_key(own_public).encrypt(nonce, cookie, answered))


def open_cookie_message(maker, datagram, sent_mac1):
    nonce, sealed = datagram[HEADER_BYTES:HEADER_BYTES + 12], datagram[HEADER_BYTES + 12:]
    try:
        return _cookie_key(maker).decrypt(nonce, sealed, sent_mac1)
    except InvalidTag as error:
        raise Refused("rx_bad_cookie") from error


def _keys(pair):
    """Split()'s keys: of the initiator's datagrams, of the responder's."""
    return tuple(state._key for state in pair)  # dissononce has no other door to them


class Initiation:
    """Ours: made once, sent many times, answered once."""

    def __init__(self, own, peer_public, cluster, mode, index, timestamp_ns, incarnation):
        self.peer_public, self.index, self.mode = peer_public, index, mode
        self._noise = noise_state()
        self._noise.initialize(noise_pattern(), True, prologue_of(cluster), s=own,
                               rs=PublicKey(peer_public), psks=[NO_CLUSTER_KEY])
        noise = bytearray()
        self._noise.write_message(
            _INITIATION_PAYLOAD.pack(index, mode, timestamp_ns, incarnation), noise)
        self._message = Header(INITIATION).encode() + index.to_bytes(4, "big") + bytes(noise)
        self.mac1 = mac1(peer_public, self._message)

    def datagram(self, cookie=None):
        return with_macs(self._message, self.peer_public, cookie)

    def read_response(self, datagram, cluster_keys):
        """(their index, status, incarnation, (send key, receive key)); tries each cluster key."""
        for cluster_key in cluster_keys:
            noise, payload = copy.deepcopy(self._noise), bytearray()
            noise._psks = [cluster_key]  # the key is mixed in only by this second message
            try:
                pair = noise.read_message(datagram[20:-2 * MAC_BYTES], payload)
            except (DecryptFailedException, ValueError):
                continue
            index, mode, status, incarnation = _RESPONSE_PAYLOAD.unpack(bytes(payload))
            if index != sender_index_of(datagram) or index == 0:
                raise Refused("rx_malformed")
            if mode != self.mode:
                raise Refused("rx_security_mismatch")
            return index, status, incarnation, _keys(pair)
        raise Refused("rx_wrong_cluster_key")


class ReceivedInitiation:
    """Theirs, opened. What it says is believed only as far as its Noise tag goes."""

    def __init__(self, datagram, own, cluster, cluster_key):
        self._noise = noise_state()
        self._noise.initialize(noise_pattern(), False, prologue_of(cluster), s=own,
                               psks=[cluster_key])
        payload = bytearray()
        try:
            self._noise.read_message(datagram[20:-2 * MAC_BYTES], payload)
        except (DecryptFailedException, ValueError) as error:
            raise Refused("rx_bad_seal") from error
        self.sender = self._noise.rs.data
        self.index, self.mode, self.timestamp_ns, self.incarnation = _INITIATION_PAYLOAD.unpack(
            bytes(payload))
        if self.index != sender_index_of(datagram) or self.index == 0:
            raise Refused("rx_malformed")

    def answer(self, index, mode, status, incarnation):
        """(datagram, (send key, receive key))."""
        noise = bytearray()
        pair = self._noise.write_message(
            _RESPONSE_PAYLOAD.pack(index, mode, status, incarnation), noise)
        message = (Header(RESPONSE, receiver=self.index).encode() + index.to_bytes(4, "big")
                   + bytes(noise))
        initiators, responders = _keys(pair)
        return with_macs(message, self.sender), (responders, initiators)
