"""What the functional tests share: the registry of tests, the runner, sessions, checks.

A functional test runs real programs on a lab of network namespaces (tools/lab). Its topology is
drawn on top of its file. It waits for events with deadlines; where a figure of time is the very
thing that is tested, the measuring program measures its own stalls as well.
"""
