"""A real kernel's word: the rules that the oracle renders, loaded into a network namespace, and packets sent for real.

What the oracle says is compared with what gets through:

PYTHONPATH=tests/oracle:tests/fuzz:tests/kernel python -m kernel_lab --minutes 5

It needs Linux, root, `ip`, `iptables-legacy`, `ipset` and `conntrack` (Debian: iproute2, iptables, ipset, conntrack).
Nothing leaves the two namespaces, which are removed.

    wire        a packet query as the bytes of a packet
    questions   which queries can be put to a kernel, and in which state of conntrack their packets will be
    namespaces  commands inside a network namespace
    taps        what is seen of packets
    lab         a node with its interfaces, and the other ends of them; one packet in, and whether it comes out
    running     worlds from seeds
    command     the command line
"""
