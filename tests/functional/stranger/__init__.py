"""A second implementation of netft's protocol, in Python: what a stranger makes of protocol.md.

It is written from netft/docs/protocol.md alone, so where it and netftd understand each other, the
document says enough. The Noise framework is python3-dissononce, AES-GCM python3-cryptography.

Parts
  wire       header, heartbeat, card, acknowledgement, data datagram: bytes <-> values
  macs       mac1 and mac2 of handshake messages
  handshake  initiation, response, cookie: the Noise part
  seal       sealed datagrams and the window of counters received
  frames     an ICMP echo in an Ethernet frame with its virtio header; trains
  route      one route: the three-way start of RFC 5880
  peer       sessions with one peer, its card, its routes
  node       the program: sockets, time, events as JSON lines on stdout, commands on stdin
  addresses  virtual addresses, derived from the public keys
  driver     runs the program on a node of a lab; for the tests
  selftest   its cryptography against published vectors

  member     a node with true keys and no good will: random misbehaviour, legal by its looks

  attacker   not a node at all: what somebody on the switch can capture, change and send
"""
