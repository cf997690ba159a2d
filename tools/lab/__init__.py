"""The lab: a cluster of network namespaces on this machine, with faults on demand.

Parts
  spec       what a lab looks like (nodes, networks, addresses, settings); names and addresses
  shell      running commands, waiting for an event with a deadline, errors
  binaries   where netftd and its tools are
  topology   namespaces, switches and cables: made from a spec, removed by name
  cluster    keys and cluster.toml
  faults     cut and heal, at the switch
  daemons    netftd on a node: start, stop, kill, wait until it answers
  laboratory the object that joins these; the state directory /run/netft-lab
  probe      one datagram a millisecond, and the longest gap between answers
  wire       what a listener on a node's interfaces can read
  demo       the story
  soak       random faults for a while, and what must hold after them
  cli        the command line of netft-lab
  command_line  what it shares with netft-bench's

    netft-n1         netft-n2         netft-n3        one namespace a node: netftd, netft0
    eth0  eth1       eth0  eth1       eth0  eth1
      |     |          |     |          |     |       veth; n1-net0 is the name at the switch
    --+-----|----------+-----|----------+-----|--  bridge net0 \\ namespace netft-sw
            +----------------+----------------+--  bridge net1 /

A link with delay, jitter, reordering or duplication has lab-relay (tools/relay) between port and
bridge.

All kernel objects live in these namespaces, so deleting them removes everything, whatever state a
crash left them in. Needs root. The Python standard library only.
"""
