"""What the stranger's cryptography is worth, without a network: published vectors, both ends.

Run by /usr/bin/python3 (Debian's python3-dissononce); prints unittest's summary.
"""
import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

from stranger import addresses, frames, handshake, macs, seal, wire  # noqa: E402  (path set first)


class ChosenKeys(handshake.X25519DH):
    """Gives the ephemeral key of a test vector instead of a random one."""

    def __init__(self, private):
        super().__init__()
        self._private = bytes.fromhex(private)

    def generate_keypair(self, privatekey=None):
        return handshake.key_pair(self._private)


def side_of(vector, side, rs=None):
    state = handshake.noise_state(ChosenKeys(vector[f"{side}_ephemeral"]))
    state.initialize(handshake.noise_pattern(), side == "init",
                     bytes.fromhex(vector[f"{side}_prologue"]),
                     s=handshake.key_pair(bytes.fromhex(vector[f"{side}_static"])),
                     rs=rs and handshake.PublicKey(bytes.fromhex(rs)),
                     psks=[bytes.fromhex(key) for key in vector[f"{side}_psks"]])
    return state


def exchange(vector, sender, receiver, message):
    """The message is the vector's, and is understood; gives Split()'s result of both."""
    sent, payload = bytearray(), bytearray()
    ours = sender.write_message(bytes.fromhex(message["payload"]), sent)
    assert bytes(sent).hex() == message["ciphertext"]
    theirs = receiver.read_message(bytes(sent), payload)
    assert bytes(payload).hex() == message["payload"]
    return ours, theirs


def refusal_of(action):
    try:
        action()
    except wire.Refused as refusal:
        return str(refusal)
    return None


class Stranger(unittest.TestCase):
    def test_noise_is_that_of_the_published_vectors(self):
        for vector in json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))["vectors"]:
            assert vector["protocol_name"] == "Noise_IKpsk2_25519_AESGCM_SHA256"
            initiator = side_of(vector, "init", vector["init_remote_static"])
            responder = side_of(vector, "resp")
            first, second, *transport = vector["messages"]
            exchange(vector, initiator, responder, first)
            theirs, ours = exchange(vector, responder, initiator, second)
            for number, message in enumerate(transport):
                by_initiator = number % 2 == 0
                sealed = ours[0 if by_initiator else 1].encrypt_with_ad(
                    b"", bytes.fromhex(message["payload"]))
                assert sealed.hex() == message["ciphertext"], number
                assert theirs[0 if by_initiator else 1].decrypt_with_ad(b"", sealed).hex() == (
                    message["payload"])

    def test_two_ends_understand_each_other(self):
        one, two = handshake.key_pair(bytes([1]) * 32), handshake.key_pair(bytes([2]) * 32)
        initiation = handshake.Initiation(one, two.public.data, "lab", 2, 77, 1234, 5678)
        datagram = initiation.datagram()
        assert len(datagram) == handshake.INITIATION_BYTES
        macs.check_mac1(datagram, two.public.data)
        assert refusal_of(lambda: macs.check_mac1(datagram, one.public.data)) == "rx_bad_mac"
        received = handshake.ReceivedInitiation(datagram, two, "lab", b"k" * 32)
        assert (received.sender, received.index, received.timestamp_ns, received.incarnation) == (
            one.public.data, 77, 1234, 5678)
        response, keys = received.answer(88, 2, handshake.DONE, 99)
        assert len(response) == handshake.RESPONSE_BYTES
        assert refusal_of(lambda: initiation.read_response(response, [bytes(32)])) == (
            "rx_wrong_cluster_key")
        index, status, incarnation, ours = initiation.read_response(response, [bytes(32), b"k" * 32])
        assert (index, status, incarnation) == (88, 0, 99) and ours == keys[::-1]
        assert refusal_of(lambda: handshake.ReceivedInitiation(datagram, two, "bal", b"k" * 32)) == (
            "rx_bad_seal")

    def test_cookie_opens_only_for_the_message_it_answers(self):
        one, two = handshake.key_pair(bytes([1]) * 32), handshake.key_pair(bytes([2]) * 32)
        initiation = handshake.Initiation(one, two.public.data, "lab", 2, 77, 1234, 5678)
        message = handshake.make_cookie_message(two.public.data, b"c" * 16, initiation.datagram())
        assert len(message) == handshake.COOKIE_BYTES
        cookie = handshake.open_cookie_message(two.public.data, message, initiation.mac1)
        assert cookie == b"c" * 16
        assert macs.has_mac2(initiation.datagram(cookie), cookie)
        assert not macs.has_mac2(initiation.datagram(), cookie)
        other = handshake.Initiation(one, two.public.data, "lab", 2, 77, 1234, 5678)
        assert refusal_of(lambda: handshake.open_cookie_message(
            two.public.data, message, other.mac1)) == "rx_bad_cookie"

    def test_seal_holds(self):
        header, key = wire.Header(wire.HEARTBEAT, 3, 4, 5), b"k" * 32
        for mode in ("encrypt", "sign"):
            sealed = seal.seal(key, mode, header, b"payload")
            assert (b"payload" in sealed) == (mode == "sign")
            assert seal.unseal(key, mode, header, sealed) == b"payload"
            for at in range(16, len(sealed)):
                broken = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1:]
                assert refusal_of(lambda: seal.unseal(key, mode, header, broken)) == "rx_bad_seal"

    def test_trains_come_together_in_any_order(self):
        train = bytes(range(256)) * 10
        parts = list(enumerate(frames.cut(train, 700), 41))
        for order in (parts, parts[::-1]):
            assembler = frames.Assembler()
            *others, last = [assembler.take(counter, payload) for counter, payload in order]
            self.assertEqual((others, last), ([None] * 3, train))

    def test_virtual_addresses_never_meet(self):
        found = addresses.assign([bytes([n & 255, n >> 8]) * 16 for n in range(2000)])
        self.assertEqual(len({ipv4 for ipv4, _ in found.values()}), 2000)

    def test_messages_are_read_as_they_were_written(self):
        heartbeat = wire.Heartbeat(3, 0, 1, 5, 7, 8, 100, 200, 300, 400, 500, 600, 700, 800)
        self.assertEqual(len(heartbeat.encode()), 64)
        self.assertEqual(wire.Heartbeat.decode(heartbeat.encode() + bytes(9)), heartbeat)
        card = wire.Card("n1", "fe80::1", "169.254.3.4", b"\2abcde", 1400,
                         [wire.Endpoint("10.0.0.1", interface="eth0"), wire.Endpoint("fd00::1")])
        self.assertEqual(wire.decode_control(wire.encode_control(9, card)), (9, card))
        self.assertEqual(wire.decode_control(wire.encode_control(9)), (9, None))


if __name__ == "__main__":
    unittest.main()
