"""The peers that netft-bench knows, in the order of the table."""
from bench.kronosnet import Kronosnet
from bench.netft import Netft
from bench.peers import Veth, Vxlan
from bench.wireguard import WireguardGo

SPIN = '[worker]\nspin = "20ms"'


def all_peers():
    return [
        Veth(),
        Vxlan(),
        Kronosnet("knet", "kronosnet, clear"),
        Kronosnet("knet-aes", "kronosnet, aes256 and sha256", crypto="aes256"),
        WireguardGo(),
        Netft("netft", "netft at its defaults: encrypted", security="encrypt"),
        Netft("netft-sign", "netft, authenticated and readable", security="sign"),
        Netft("netft-none", "netft, neither", security="none"),
        Netft("netft-spin", "netft, encrypted, its worker awake 20 ms after traffic", extra=SPIN),
        Netft("netft-10ms", "netft, encrypted, heartbeats 10 ms × 3", heartbeat=("10ms", 3)),
        Kronosnet("knet-500ms", "kronosnet, clear, links pinged each 100 ms, dead after 500 ms",
                  timers=(100, 500)),
    ]


# The last three answer a question of their own, and are measured when they are named.
DEFAULT = ("veth", "vxlan", "knet", "knet-aes", "wireguard-go", "netft", "netft-sign", "netft-none")
