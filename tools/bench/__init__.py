"""netft-bench: netft and what would be run instead of it, measured side by side on the lab.

Parts
  ground     two or more nodes on the lab's switches, and the programs that run there
  peers      what is measured: how each is brought up, and by which address n2 is reached then
             (kernel: bare veth, VXLAN; kronosnet; wireguard; netft)
  figures    what is measured of each: throughput, round trip, failover, idle cost, scale
  machine    what it is, and how busy others keep it
  processes  processor time, memory and wake-ups of a daemon, from /proc
  micro      figures of programs that measure one part alone (tests/bench), where they are built
  runner     rounds in turn: A B C A B C ..., everything made anew each time
  results    values, medians, ratios
  targets    what netft is to reach, and whether it did
  report     the table and the JSON document (netft/docs/schema/bench.json)
  cli        the command line
  udp_client.cpp, knet_bridge.c   programs that run on the nodes

    n1 --- net0 (bridge) --- n2      every peer is measured over the same namespaces, cables and
    n1 --- net1 (bridge) --- n2      switches; those that know one path only use net0

Ratios are taken within a round and their median is shown: the machine's mood changes from minute to
minute, and less within a round. Needs root. The Python standard library only.
"""
