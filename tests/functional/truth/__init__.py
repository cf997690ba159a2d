"""The truth meter: what netft says of random states, compared with what really gets through.

A state is a lab to which one to three things were done that hosts and their owners do (grammar). A
witness on each node, which knows nothing of netft, measures from outside what gets through: every
path by plain UDP sockets, the adapter by datagrams and a TCP stream, redundancy by cutting each NIC
in turn. The judge compares that with what `show`, `check` and `why` say on every node. A lie in
either direction is a failure; the seed repeats it:

    tests/functional/truth/meter.py --states 300 --seed 1

Parts
  grammar   what is done to a lab, and how it is undone
  agent     runs on a node: echoes, probes, streams, and listens for what leaves in the clear
  witness   the agents of a lab, asked all at once
  claims    what netft says
  judge     claims against measurements: a list of lies. Pure
  meter     states from seeds; the command line
"""
